"""What an output topic is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rclpy.qos import QoSProfile

from osis_ros.nodes.support.qos import RESULTS
from osis_ros.pipeline.setting import Setting


@dataclass(frozen=True, kw_only=True)
class Output:
    """A topic of results. A message is made only if it is wanted.

    Attributes:
        topic: below the node's name.
        message_type: None where its package is not installed; there is then no such topic.
        make: a message from a frame (the segmenter's `Frame`, the localizer's `PlacedFrame`) and the values of all
            parameters; None where the frame has nothing to say here.
        wanted: whether to make one, from the values of all parameters and the number of subscribers.
        settings: the parameters of this output.
    """

    topic: str
    message_type: type | None
    make: Callable[[Any, Mapping[str, object]], object]
    wanted: Callable[[Mapping[str, object], int], bool]
    settings: tuple[Setting, ...] = ()
    profile: QoSProfile = field(default_factory=lambda: RESULTS)
