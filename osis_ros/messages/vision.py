"""`Instances` to vision_msgs, for tools that read those, and back. Import it only where vision_msgs is installed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from std_msgs.msg import Header
from vision_msgs.msg import (
    BoundingBox2D,
    Detection2D,
    Detection2DArray,
    LabelInfo,
    ObjectHypothesis,
    ObjectHypothesisWithPose,
    VisionClass,
)

from osis_ros.instances import UNKNOWN_NAME, Instances
from osis_ros.messages.errors import MessageError

FIRST_TAUGHT, FIRST_GUESS, LAST_ID = 1 << 15, 3 << 14, (1 << 16) - 1  # in LabelInfo; so many classes has no model


@dataclass(frozen=True, eq=False, kw_only=True)
class Detections:
    """The N instances of a Detection2DArray, without masks (these are in the InstanceArray of the same stamp).

    Attributes:
        boxes: [N, 4] float32, x0 y0 x1 y1 in pixels.
        scores: [N] float32.
        class_names: N names, `unknown` for an unknown object.
        ids: [N] int64, those of the InstanceArray.
    """

    boxes: np.ndarray
    scores: np.ndarray
    class_names: tuple[str, ...]
    ids: np.ndarray


def detections_to_message(instances: Instances, header: Header) -> Detection2DArray:
    """Boxes, class names (`unknown` for an unknown object) and scores; `id` is the instance's id in decimal."""
    detections = [_detection(instances, index, header) for index in range(len(instances))]
    return Detection2DArray(header=header, detections=detections)


def _detection(instances: Instances, index: int, header: Header) -> Detection2D:
    x0, y0, x1, y1 = instances.boxes[index].tolist()
    box = BoundingBox2D(size_x=x1 - x0, size_y=y1 - y0)
    box.center.position.x, box.center.position.y = (x0 + x1) / 2, (y0 + y1) / 2
    hypothesis = ObjectHypothesis(class_id=instances.class_name(index), score=float(instances.scores[index]))
    results = [ObjectHypothesisWithPose(hypothesis=hypothesis)]
    return Detection2D(header=header, results=results, bbox=box, id=str(instances.ids[index]))


def detections_from_message(message: Detection2DArray) -> Detections:
    """The boxes of a received message.

    Raises:
        MessageError: a detection without a hypothesis, with an id that is not a number or occurs twice.
    """
    best, ids = [], []
    for index, detection in enumerate(message.detections):
        if not detection.results:
            raise MessageError(f"detection {index} has no result, expected its class and score")
        if not (detection.id.isascii() and detection.id.isdecimal()):
            raise MessageError(f"detection {index} has the id '{detection.id}', expected a number")
        best.append(max((result.hypothesis for result in detection.results), key=lambda one: one.score))
        ids.append(int(detection.id))
    if len(set(ids)) < len(ids):
        raise MessageError(f"two detections have the id {max(ids, key=ids.count)}, expected each id once")
    centre = [(d.bbox.center.position.x, d.bbox.center.position.y) for d in message.detections]
    half = [(d.bbox.size_x / 2, d.bbox.size_y / 2) for d in message.detections]
    centre, half = (np.array(pairs, float).reshape(-1, 2) for pairs in (centre, half))
    return Detections(
        boxes=np.concatenate([centre - half, centre + half], axis=1).astype(np.float32),
        scores=np.array([one.score for one in best], np.float32),
        class_names=tuple(one.class_id for one in best),
        ids=np.array(ids, np.int64),
    )


def label_info_to_message(
    class_names: Sequence[str],
    score_threshold: float,
    header: Header,
    taught: Sequence[str] = (),
    guesses: Sequence[str] = (),
) -> LabelInfo:
    """The names of the class ids: 0..K-1 known, K unknown. `threshold` is the lowest score that is published.

    Args:
        taught: taught names, which are no classes. They are listed with ids from `FIRST_TAUGHT` on.
        guesses: names that a guess may be. They are listed with a question mark, as in the overlay, from `FIRST_GUESS`
            on, as far as ids go.
    """
    classes = [VisionClass(class_id=i, class_name=name) for i, name in enumerate((*class_names, UNKNOWN_NAME))]
    classes += [VisionClass(class_id=i, class_name=name) for i, name in enumerate(taught, FIRST_TAUGHT)]
    possible = guesses[: LAST_ID - FIRST_GUESS + 1]
    classes += [VisionClass(class_id=i, class_name=f"{name}?") for i, name in enumerate(possible, FIRST_GUESS)]
    return LabelInfo(header=header, class_map=classes, threshold=score_threshold)


def label_info_from_message(message: LabelInfo) -> tuple[tuple[str, ...], float]:
    """The K known classes' names in id order, as `instances_from_message` takes them, and the score threshold.

    Raises:
        MessageError: ids that are not 0..K, or a last name that is not `unknown`.
    """
    classes = [entry for entry in message.class_map if entry.class_id < FIRST_TAUGHT]
    names = {entry.class_id: entry.class_name for entry in classes}
    if sorted(names) != list(range(len(classes))):
        numbers = ", ".join(str(entry.class_id) for entry in classes)
        raise MessageError(f"class_map has the ids {numbers}, expected 0 to K, each once")
    if not names or names[len(names) - 1] != UNKNOWN_NAME:
        last = f"'{names[len(names) - 1]}'" if names else "nothing"
        raise MessageError(f"class_map ends with {last}, expected '{UNKNOWN_NAME}' as the last class")
    return tuple(names[number] for number in range(len(names) - 1)), message.threshold
