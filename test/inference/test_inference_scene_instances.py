"""Labels of pixels become instances: one for a class, one for a group."""

import numpy as np
import pytest

from osis_ros.inference.label_image import label_image
from osis_ros.inference.letterbox import Letterbox
from osis_ros.inference.scene_instances import scene_instances

NAMES = ("mug", "table")
UNKNOWN = len(NAMES)


def found(height: int = 80, width: int = 160) -> dict[str, np.ndarray]:
    """Table; two mugs; a band of unknown pixels across the image. Directions lead away from the middle column."""
    labels = np.full((height, width), 1, np.int32)
    labels[0:8, 0:16] = labels[0:8, 80:96] = 0
    labels[40:56] = UNKNOWN
    scores = np.where(labels == 0, 0.9, np.where(labels == 1, 0.5, 0.7)).astype(np.float32)
    field = np.zeros((2, height // 4, width // 4), np.float32)
    field[1, :, : width // 8], field[1, :, width // 8 :] = -1, 1
    return {"labels": labels, "scores": scores, "distances": 1 - scores, "field": field}


def test_a_class_is_one_instance_and_each_unknown_group_is_one():
    result = scene_instances(found(), Letterbox.fit(80, 160, 80, 160), NAMES, 0)
    assert [result.class_name(i) for i in range(len(result))] == ["mug", "unknown", "unknown", "table"]
    assert result.scores.tolist() == pytest.approx([0.9, 0.7, 0.7, 0.5])
    assert result.distances.tolist() == pytest.approx([0.1, 0.3, 0.3, 0.5])
    assert result.boxes[:3].tolist() == [[0, 0, 96, 8], [0, 40, 80, 56], [80, 40, 160, 56]]
    assert [mask.sum() for mask in result.masks] == [256, 1280, 1280, 80 * 160 - 256 - 2560]
    labels = label_image(result)
    assert (labels[2, 2], labels[2, 90], labels[50, 79], labels[50, 80], labels[79, 0]) == (1, 1, 2, 3, 4)


def test_segments_below_the_score_are_left_out():
    result = scene_instances(found(), Letterbox.fit(80, 160, 80, 160), NAMES, 0.6)
    assert [result.class_name(i) for i in range(len(result))] == ["mug", "unknown", "unknown"]


def test_labels_follow_the_image_out_of_its_padding():
    """An image of 40 x 40 pixels fills the left half of the input, twice enlarged."""
    result = scene_instances(found(), Letterbox.fit(40, 40, 80, 160), NAMES, 0)
    assert (result.height, result.width) == (40, 40)
    assert result.boxes.tolist() == [[0, 0, 8, 4], [0, 20, 40, 28], [0, 0, 40, 40]]


def test_only_known_classes_is_no_group():
    known = {**found(), "labels": np.zeros((80, 160), np.int32)}
    result = scene_instances(known, Letterbox.fit(80, 160, 80, 160), NAMES, 0)
    assert (len(result), result.full_mask(0).all()) == (1, True)
