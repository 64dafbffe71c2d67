"""The new classes as names of a gallery, by which a node or `osis segment --gallery` names them without training."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from osis_ros.coco.pictures import read_picture
from osis_ros.discovery.labels.label_set import LabelSet
from osis_ros.discovery.record import DiscoveryRecord, InstanceRecord
from osis_ros.instances import Instances
from osis_ros.teaching.appearance import appearances
from osis_ros.teaching.errors import TeachError
from osis_ros.teaching.gallery import Gallery, Model
from osis_ros.teaching.view import View, view_of


class TaughtNames(NamedTuple):
    """A gallery, and for each name that it could not take the reason, one sentence."""

    gallery: Gallery
    left_out: dict[str, str]


def taught_names(record: DiscoveryRecord, embeddings: np.ndarray, labels: LabelSet, images: Path) -> TaughtNames:
    """Teach each new class with its views on the saved pictures. What else is on them is what it must be told from.

    Args:
        embeddings: [N, D] float32 of the record's instances.
        images: folder of the pictures.
    Raises:
        ImageError, DatasetError: a picture that cannot be read, or of another size.
    """
    views: dict[str, list[View]] = {}
    for picture in labels.pictures:
        rgb = read_picture(images / picture.file, picture.height, picture.width)
        rows = [label.row for label in picture.labels]
        instances = _instances(record, [label.instance for label in picture.labels], embeddings[rows])
        vectors = appearances(rgb, instances)
        for index, label in enumerate(picture.labels):
            views.setdefault(label.name, []).append(view_of(rgb, instances, index, vectors[index], picture.file))
    gallery = Gallery(model=Model(record.model, record.model_sha256), class_names=record.class_names)
    left_out = {}
    for name in labels.new:
        others = [replace(view, label=other) for other, group in views.items() if other != name for view in group]
        try:
            gallery = gallery.with_views(name, views[name], others)
        except TeachError as err:
            left_out[name] = str(err)
    return TaughtNames(gallery, left_out)


def _instances(record: DiscoveryRecord, found: list[InstanceRecord], embeddings: np.ndarray) -> Instances:
    """The instances of one picture as the model found them."""
    picture = record.pictures[found[0].picture]
    rois = np.array([instance.roi for instance in found])
    masks = [record.mask(one)[y : y + height, x : x + width]
             for one, (x, y, width, height) in zip(found, rois.tolist(), strict=True)]  # fmt: skip
    class_of = {name: number for number, name in enumerate(record.class_names)}
    return Instances(
        boxes=np.concatenate([rois[:, :2], rois[:, :2] + rois[:, 2:]], axis=1), scores=[one.score for one in found],
        class_ids=[class_of.get(one.class_name, len(class_of)) for one in found],
        distances=[one.distance for one in found], embeddings=embeddings, rois=rois, masks=tuple(masks),
        height=picture.height, width=picture.width, class_names=record.class_names,
    )  # fmt: skip
