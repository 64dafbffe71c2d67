"""`Instances` to this package's messages, and back."""

from array import array
from collections.abc import Iterable
from itertools import chain

import numpy as np
from sensor_msgs.msg import RegionOfInterest
from std_msgs.msg import Header

from osis_ros.instances import UNKNOWN_NAME, Instances
from osis_ros.messages.errors import MessageError
from osis_ros.msg import Instance, InstanceArray

# Fields and their columns, which may be missing. The first of a group tells whether the group is set.
OPTIONAL = (
    {"track_state": "track_states", "track_id": "track_ids"},
    {"taught_name": "taught_names", "taught_score": "taught_scores"},
    {"guess": "guesses", "guess_score": "guess_scores"},
)


def instances_to_message(instances: Instances, header: Header, model: str, embeddings: bool = False) -> InstanceArray:
    """The InstanceArray message of the instances of one image.

    Args:
        header: the image's own.
        model: the model's name.
        embeddings: whether each instance carries its embedding.
    """
    message = InstanceArray(header=header, height=instances.height, width=instances.width, model=model)
    fields = {name: f"{name}s" for name in ("id", "class_id", "score", "distance")}
    fields |= dict(chain.from_iterable(group.items() for group in OPTIONAL))
    columns = {name: getattr(instances, column) for name, column in fields.items()}
    columns = {name: values.tolist() for name, values in columns.items() if values is not None}
    columns |= {"unknown": instances.unknown.tolist(), "class_name": map(instances.class_name, range(len(instances)))}
    columns |= {"roi": map(_region, instances.rois.tolist()), "mask": map(_mask, instances.masks)}
    if embeddings:
        columns["embedding"] = [array("f", embedding.tobytes()) for embedding in instances.embeddings]
    message.instances = [Instance(**dict(zip(columns, row))) for row in zip(*columns.values())]
    return message


def _region(roi: list[int]) -> RegionOfInterest:
    x, y, width, height = roi
    return RegionOfInterest(x_offset=x, y_offset=y, width=width, height=height)


def _mask(mask: np.ndarray) -> array:
    """255 inside the mask, 0 outside, row by row; written in place, because masks are most of a message."""
    data = array("B", (0,)) * mask.size
    np.multiply(mask.ravel().view(np.uint8), 255, out=np.frombuffer(data, np.uint8))
    return data


def mask_from_message(instance: Instance) -> np.ndarray:
    """The mask of a received instance: bool [roi height, roi width].

    Raises:
        MessageError: the mask has another number of pixels than its region of interest.
    """
    width, height = instance.roi.width, instance.roi.height
    mask = np.asarray(instance.mask, np.uint8)
    if mask.size != width * height:
        raise MessageError(
            f"instance {instance.id}: mask holds {mask.size} bytes, expected {width * height} for its roi of "
            f"{width}x{height} pixels"
        )
    return mask.reshape(height, width) > 0


def instances_from_message(message: InstanceArray, class_names: Iterable[str] | None = None) -> Instances:
    """A received message as `Instances`; boxes are the regions that the masks cover.

    Args:
        class_names: the K known classes in id order, as in LabelInfo (`label_info_from_message`). If None, the classes
            are the names in the message, in alphabetical order, and class ids are renumbered in that order.
    Raises:
        MessageError: an id that is 0 or occurs twice, a roi outside the image, a mask that does not fit its roi,
            embeddings of different lengths, a score that is not a number, or a class id that contradicts `class_names`.
    """
    found = message.instances
    if class_names is None:
        class_names = sorted({i.class_name for i in found if not i.unknown})
        numbers = {name: number for number, name in enumerate(class_names)}
        class_ids = [len(numbers) if i.unknown else numbers[i.class_name] for i in found]
    else:
        class_names = tuple(class_names)
        class_ids = [_class_id(i, class_names) for i in found]
    _check_ids([i.id for i in found])
    for instance in found:
        _check_roi(instance, message.width, message.height)
        if not np.isfinite(instance.score):
            raise MessageError(f"instance {instance.id}: score is {instance.score}, expected a number in 0..1")
    rois = np.array([(i.roi.x_offset, i.roi.y_offset, i.roi.width, i.roi.height) for i in found], np.int32)
    rois = rois.reshape(-1, 4)
    return Instances(
        boxes=np.concatenate([rois[:, :2], rois[:, :2] + rois[:, 2:]], axis=1),
        ids=np.array([i.id for i in found], np.int64),
        scores=np.array([i.score for i in found]),
        class_ids=np.array(class_ids, np.int64),
        distances=np.array([i.distance for i in found]),
        embeddings=_embeddings(found),
        rois=rois,
        masks=tuple(mask_from_message(i) for i in found),
        height=message.height,
        width=message.width,
        class_names=tuple(class_names),
        **_optional_columns(found),
    )


def _optional_columns(found: list[Instance]) -> dict[str, list]:
    columns = {}
    for group in OPTIONAL:
        if any(getattr(instance, next(iter(group))) for instance in found):
            columns |= {column: [getattr(instance, name) for instance in found] for name, column in group.items()}
    return columns


def _class_id(instance: Instance, class_names: tuple[str, ...]) -> int:
    number, name = instance.class_id, instance.class_name
    expected = (*class_names, UNKNOWN_NAME)[number] if number <= len(class_names) else None
    if instance.unknown != (number == len(class_names)) or (name != expected and not instance.unknown):
        kind = "unknown" if instance.unknown else f"'{name}'"
        means = f"is '{expected}'" if number < len(class_names) else "is unknown" if expected else "does not exist"
        raise MessageError(
            f"instance {instance.id} is {kind} with class_id {number}, which {means} among the {len(class_names)} "
            "class names given; are they of the model that sent the message?"
        )
    return number


def _check_ids(ids: list[int]) -> None:
    if 0 in ids:
        raise MessageError(f"instances[{ids.index(0)}] has id 0, which is the background; expected 1 or more")
    if len(set(ids)) < len(ids):
        raise MessageError(f"two instances have the id {max(ids, key=ids.count)}, expected each id once")


def _check_roi(instance: Instance, width: int, height: int) -> None:
    roi = instance.roi
    if roi.x_offset + roi.width > width or roi.y_offset + roi.height > height:
        raise MessageError(
            f"instance {instance.id}: roi of {roi.width}x{roi.height} pixels at x {roi.x_offset}, y {roi.y_offset} "
            f"leaves the image of {width}x{height}"
        )


def _embeddings(found: list[Instance]) -> np.ndarray:
    lengths = sorted({len(i.embedding) for i in found})
    if len(lengths) > 1:
        raise MessageError(f"embeddings have {lengths[0]} and {lengths[-1]} numbers, expected one length for all")
    return np.array([i.embedding for i in found], np.float32).reshape(len(found), lengths[0] if lengths else 0)
