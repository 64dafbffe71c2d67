"""What `Instances` promises: nobody changes it, and parts add columns without touching any call."""

from dataclasses import dataclass

import numpy as np
import pytest

from osis_ros.columns import absent, column
from osis_ros.instances import Instances


def fields(**changes: object) -> dict:
    """Three objects on an 8x6 image."""
    return {
        "boxes": np.array([[0, 0, 2, 2], [2, 2, 4, 3], [5, 1, 6, 4]], np.float32), "scores": np.array([0.9, 0.8, 0.7]),
        "class_ids": np.array([0, 2, 1]), "distances": np.zeros(3), "embeddings": np.eye(3, 4),
        "rois": np.array([[0, 0, 2, 2], [2, 2, 2, 1], [5, 1, 1, 3]], np.int32),
        "masks": (np.ones((2, 2), bool), np.ones((1, 2), bool), np.ones((3, 1), bool)),
        "height": 6, "width": 8, "class_names": ("cup", "can"), **changes,
    }  # fmt: skip


def test_a_later_write_of_the_caller_does_not_show():
    given = fields()
    rows = np.concatenate([given["boxes"], given["boxes"]])
    view = rows[:3]
    view.flags.writeable = False  # a read-only view of what the caller may still write to
    instances = Instances(**fields(boxes=view, scores=given["scores"], masks=given["masks"]))
    rows[:] = 99
    given["scores"][:] = 0
    given["masks"][0][:] = False
    assert instances.boxes[0].tolist() == [0, 0, 2, 2]
    assert instances.scores.tolist() == pytest.approx([0.9, 0.8, 0.7])
    assert instances.masks[0].all()


def test_nothing_in_it_can_be_written():
    instances = Instances(**fields())
    for array in (instances.boxes, instances.ids, instances.masks[1]):
        with pytest.raises(ValueError, match="read-only"):
            array[:] = 0


def test_a_mask_that_only_the_result_holds_is_not_copied():
    mask = np.ones((2, 2), bool)
    mask.flags.writeable = False
    assert Instances(**fields(masks=(mask, *fields()["masks"][1:]))).masks[0] is mask


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"class_ids": [0.9, 1, 2]}, r"Instances.class_ids must hold whole numbers, got \[0.9, 1.0, 2.0\]"),
        ({"class_ids": [0, 1, 3]}, r"class_ids must be in 0..2"),
        ({"class_ids": [-1, 1, 2]}, r"class_ids must be in 0..2"),
        ({"scores": [1.0, 0.5]}, "Instances.scores has 2 rows, boxes has 3"),
        ({"boxes": np.zeros((3, 5))}, r"Instances.boxes is \[3, 5\], expected \[N, 4\]"),
        ({"embeddings": np.zeros(3)}, r"Instances.embeddings is \[3\], expected \[N, D\]"),
        ({"ids": [1, 1, 2]}, "ids must be 1 or more, each once"),
        ({"ids": [0, 1, 2]}, "ids must be 1 or more, each once"),
        ({"masks": (np.ones((2, 2), bool),)}, "Instances.masks has 1 entries, boxes has 3"),
        ({"masks": (np.ones((2, 3), bool),) * 3}, "mask 0 is bool"),
        ({"width": 5}, "roi 2 leaves the 5x6 image"),
    ],
)
def test_what_does_not_fit_is_refused(changes, complaint):
    with pytest.raises(ValueError, match=complaint):
        Instances(**fields(**changes))


def test_instances_are_numbered_from_one():
    assert Instances(**fields()).ids.tolist() == [1, 2, 3]


def test_taking_some_keeps_their_ids_and_masks():
    taken = Instances(**fields()).take([2, 0])
    assert taken.ids.tolist() == [3, 1]
    assert [mask.shape for mask in taken.masks] == [(3, 1), (2, 2)]
    assert taken.class_name(0) == "can"
    assert taken.take(taken.unknown).ids.tolist() == []
    assert taken.take([]).ids.tolist() == []
    assert Instances(**fields()).take([False, True, True]).ids.tolist() == [2, 3]


def test_a_new_column_needs_no_change_of_calls():
    @dataclass(frozen=True, eq=False, kw_only=True)
    class Tracked(Instances):
        track_ids: np.ndarray | None = column(np.int64, default=absent)
        positions: np.ndarray | None = column(np.float32, 3, default=absent)

    plain = Tracked(**fields())
    assert plain.track_ids is None
    assert plain.take([1]).positions is None
    tracked = plain.replaced(track_ids=[7, 8, 9], positions=np.arange(9).reshape(3, 3))
    assert tracked.take([2]).track_ids.tolist() == [9]
    assert tracked.take([2]).positions.tolist() == [[6, 7, 8]]
    with pytest.raises(ValueError, match=r"Tracked.positions is \[3, 2\], expected \[N, 3\]"):
        plain.replaced(positions=np.zeros((3, 2)))
