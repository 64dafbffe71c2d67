"""How often a taught name is right, counted by hand."""

import numpy as np

from osis_ros.evaluation.metrics.naming import NameScore, instance_of_object, score_name
from osis_ros.instances import Instances


def image(*places: int, tracks: list[int] | None = None, names: list[str] | None = None) -> Instances:
    """Squares of 10 pixels at x and y 0, in an image of 100x10."""
    rois = np.array([(x, 0, 10, 10) for x in places]).reshape(-1, 4)
    return Instances(
        boxes=np.concatenate([rois[:, :2], rois[:, :2] + rois[:, 2:]], axis=1), scores=np.ones(len(rois)),
        class_ids=np.zeros(len(rois), int), distances=np.zeros(len(rois)), embeddings=np.zeros((len(rois), 0)),
        rois=rois, masks=tuple(np.ones((10, 10), bool) for _ in places), height=10, width=100, class_names=(),
        track_ids=tracks, taught_names=names, taught_scores=None if names is None else np.ones(len(rois)),
    )  # fmt: skip


def test_an_instance_is_the_object_if_half_of_both_together_is_shared():
    truth = image(0, 50, tracks=[7, 3])
    assert instance_of_object(truth, image(80, 52), 3) == 1  # IoU 8/12
    assert instance_of_object(truth, image(80, 55), 3) is None  # IoU 5/15
    assert instance_of_object(truth, image(50), 4) is None
    assert instance_of_object(truth, image(), 3) is None
    assert instance_of_object(image(50), image(50), 3) is None  # nothing is tracked


def test_a_name_is_right_missing_or_false():
    truth = image(0, 50, tracks=[7, 3])
    pairs = [
        (truth, image(0, 51, names=["", "mug"])),
        (truth, image(0, 50, names=["mug", "mug"])),
        (truth, image(0, 50, names=["mug", "cup"])),
        (truth, image(0)),
        (image(0, tracks=[7]), image(0, names=["mug"])),
    ]
    assert score_name("mug", 3, pairs) == NameScore(visible=4, found=3, named=2, false_names=3)
