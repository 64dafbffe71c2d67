"""How far two results agree, worked out by hand on rectangles."""

import numpy as np
import pytest

pytest.importorskip("scipy", reason="instances are paired with scipy")
from osis_ros.evaluation.metrics.agreement import NOTHING, Agreement, frame_agreement
from osis_ros.instances import Instances

A, B, C = (0, 0, 40, 40), (100, 0, 40, 40), (200, 0, 40, 40)


def found(*objects: tuple[tuple[int, int, int, int], str], names: tuple[str, ...] = ("mug", "bowl")) -> Instances:
    """Rectangles (x y width height) with their class names."""
    rois = [roi for roi, _ in objects]
    return Instances(
        boxes=[[x, y, x + w, y + h] for x, y, w, h in rois] or np.zeros((0, 4)), scores=[0.9] * len(rois),
        class_ids=[len(names) if name == "unknown" else names.index(name) for _, name in objects],
        distances=[0.1] * len(rois), embeddings=np.zeros((len(rois), 0)), rois=rois or np.zeros((0, 4)),
        masks=tuple(np.ones((h, w), bool) for _, _, w, h in rois), height=60, width=300, class_names=names,
    )  # fmt: skip


def test_the_same_result_agrees_fully_and_so_do_two_empty_ones():
    assert frame_agreement(found((A, "mug")), found((A, "mug"))).quality == 1
    assert frame_agreement(found(), found()).quality == 1


def test_each_kind_of_disagreement_is_told_apart():
    one = found((A, "mug"), (B, "bowl"), (C, "mug"), ((60, 30, 10, 10), "mug"))
    other = found((A, "mug"), (B, "unknown"), (C, "mug"), ((150, 0, 10, 10), "bowl"))
    agreement = frame_agreement(one, other)
    assert agreement.pairs.tolist() == [[0, 0], [1, 1], [2, 2]]
    assert (agreement.same.tolist(), agreement.differ) == ([True, False, True], 1)
    assert (agreement.only_a.tolist(), agreement.only_b.tolist()) == ([3], [3])
    assert agreement.quality == pytest.approx(2 / (3 + 2 / 2))


def test_masks_that_overlap_by_less_than_half_are_two_objects():
    assert frame_agreement(found((A, "mug")), found(((14, 0, 40, 40), "mug"))).quality == 0  # 26 of 54 columns
    # 30 of 50 columns are shared.
    assert frame_agreement(found((A, "mug")), found(((10, 0, 40, 40), "mug"))).quality == pytest.approx(0.6)


def test_classes_are_compared_by_name_whatever_their_numbers():
    other = found((A, "mug"), names=("bowl", "mug"))
    assert frame_agreement(found((A, "mug")), other).quality == 1


def test_the_matrix_counts_each_object_of_each_image_once():
    agreement = Agreement()
    one = found((A, "mug"), (B, "bowl"), (C, "mug"))
    other = found((A, "mug"), (B, "unknown"), ((150, 0, 10, 10), "bowl"), ((170, 0, 10, 10), "bowl"))
    for _ in range(2):
        agreement.saw(one, other, frame_agreement(one, other))
    assert agreement.matrix == {("mug", "mug"): 2, ("bowl", "unknown"): 2, ("mug", NOTHING): 2, (NOTHING, "bowl"): 4}
    assert agreement.figures() == {
        "images": 2, "agreement": pytest.approx(2 / 7), "same": 2, "class_differs": 2, "only_a": 2, "only_b": 4,
        "mask_iou": 1.0,
    }  # fmt: skip
