"""`Instances` to this package's messages, and back."""

from array import array
from collections.abc import Iterable

import numpy as np
from sensor_msgs.msg import RegionOfInterest
from std_msgs.msg import Header

from osis_ros.instances import Instances
from osis_ros.messages.images import byte_array
from osis_ros.msg import Instance, InstanceArray


def instance_array(instances: Instances, header: Header, model: str, embeddings: bool = False) -> InstanceArray:
    """The message of what was found in the image with this header.

    Args:
        header: the image's own.
        model: the model's name.
        embeddings: whether each instance carries its embedding.
    """
    message = InstanceArray(header=header, height=instances.height, width=instances.width, model=model)
    message.instances = [_instance(instances, index, embeddings) for index in range(len(instances))]
    return message


def _instance(instances: Instances, index: int, embedding: bool) -> Instance:
    x, y, width, height = instances.rois[index].tolist()
    message = Instance(
        id=int(instances.ids[index]),
        class_id=int(instances.class_ids[index]),
        class_name=instances.class_name(index),
        unknown=bool(instances.unknown[index]),
        score=float(instances.scores[index]),
        distance=float(instances.distances[index]),
        roi=RegionOfInterest(x_offset=x, y_offset=y, width=width, height=height),
    )
    message.mask = byte_array(instances.masks[index].view(np.uint8) * np.uint8(255))
    if embedding:
        message.embedding = array("f", instances.embeddings[index].tobytes())
    return message


def mask_of(instance: Instance) -> np.ndarray:
    """The mask of a received instance: bool [roi height, roi width]."""
    return np.frombuffer(instance.mask, np.uint8).reshape(instance.roi.height, instance.roi.width) > 0


def instances_of(message: InstanceArray, class_names: Iterable[str]) -> Instances:
    """A received message as `Instances`; boxes are the regions that the masks cover.

    Args:
        class_names: the K known classes in id order.
    """
    found = message.instances
    rois = np.array([(i.roi.x_offset, i.roi.y_offset, i.roi.width, i.roi.height) for i in found], np.int32)
    rois = rois.reshape(-1, 4)
    embeddings = [np.frombuffer(i.embedding, np.float32) for i in found]
    return Instances(
        boxes=np.concatenate([rois[:, :2], rois[:, :2] + rois[:, 2:]], axis=1),
        ids=np.array([i.id for i in found], np.int64),
        scores=np.array([i.score for i in found]),
        class_ids=np.array([i.class_id for i in found], np.int64),
        distances=np.array([i.distance for i in found]),
        embeddings=np.stack(embeddings) if embeddings else np.zeros((0, 0)),
        rois=rois,
        masks=tuple(mask_of(i) for i in found),
        height=message.height,
        width=message.width,
        class_names=tuple(class_names),
    )
