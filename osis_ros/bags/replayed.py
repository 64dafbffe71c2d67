"""The folder that a replay wrote, read again."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from osis_ros.bags.reader import RecordedBag, decoded
from osis_ros.bags.results import ANEW, OVERLAY, node_topic
from osis_ros.errors import OsisError
from osis_ros.evaluation.reports.replay_run import SETUP
from osis_ros.instances import Instances
from osis_ros.messages.instances import instances_from_message
from osis_ros.messages.stamps import stamp_of
from osis_ros.nodes.outputs.instances import INSTANCES

ADDED = ("bundle_sha256",)  # entries of the setup that the replays of earlier releases lack
FRAMES, SUMMARY = "frames.jsonl", "summary.json"


class ReplayedError(OsisError):
    """A folder that is not a whole replay; the message is one sentence for the user."""


class Answer(NamedTuple):
    """What was found in an image: when the image was recorded and its stamp, both ns, and its instances."""

    time: int
    stamp: int
    instances: Instances


class ReplayedRun:
    """A folder of `osis replay`; use it in a `with` statement.

    Attributes:
        folder: of the run.
        setup: what ran on what, the entries of `SETUP`; None where an earlier release did not record one.
        figures: by name; None where the recording does not allow one.

    Args:
        camera: one of several, by its name; None where there is one only.
    Raises:
        OsisError: no folder of a replay that came to its end, no such camera, or a bag that cannot be read.
    """

    def __init__(self, folder: Path, camera: str | None = None) -> None:
        self.folder = folder
        try:
            fields = json.loads((folder / SUMMARY).read_text("utf-8"))
            cameras = list(fields.get("cameras", ()))
            if (camera in cameras) if cameras else not camera:
                fields = fields["cameras"][camera] if cameras else fields
                self.setup = {name: fields["run"].get(name) if name in ADDED else fields["run"][name] for name in SETUP}
                self.figures: dict[str, float | None] = dict(fields["figures"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise ReplayedError(
                f"{folder} has no {SUMMARY} of a replay that came to its end, expected a folder of `osis replay`"
            ) from None
        if not hasattr(self, "setup"):
            there = f"the cameras {', '.join(cameras)}: name one with" if cameras else "one camera only: leave out"
            raise ReplayedError(f"{folder} has {there} --camera")
        self._bag = RecordedBag(folder)
        self._instances, self._overlay = result_topics(self._bag, camera or "")

    def __enter__(self) -> "ReplayedRun":
        self._bag.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._bag.__exit__(*error)

    @property
    def count(self) -> int:
        """How many images there are."""
        return self._bag.count(self._instances)

    def answers(self) -> Iterator[Answer]:
        """What was found, in the order of recording."""
        for raw in self._bag.read([self._instances]):
            message = decoded(raw)
            yield Answer(raw.time, stamp_of(message), instances_from_message(message))

    def overlays(self, numbers: set[int]) -> dict[int, bytes]:
        """JPEG files of the overlays of some images, by their number from 0, in the order of recording."""
        return overlays(self._bag, self._overlay, numbers)


def result_topics(bag: RecordedBag, camera: str) -> tuple[str, str]:
    """The topics of a camera's instances and overlays in a bag of results."""
    topics = [node_topic(name, camera) for name in (INSTANCES.topic, OVERLAY)]
    return tuple(ANEW + topic for topic in topics) if bag.holds_any([ANEW + topics[1]]) else tuple(topics)


def overlays(bag: RecordedBag, topic: str, numbers: set[int]) -> dict[int, bytes]:
    """JPEG files of some messages of a topic of overlays, by their number from 0, in the order of recording."""
    found = {}
    for number, raw in enumerate(bag.read([topic])):
        if number in numbers:
            found[number] = bytes(decoded(raw).data)
        if len(found) == len(numbers):
            break
    return found
