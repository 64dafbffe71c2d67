"""True masks from label images and COCO files, on pictures of a few pixels."""

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("faster_coco_eval", reason="COCO files are read with faster-coco-eval")
from osis_ros.errors import OsisError
from osis_ros.evaluation.jobs.truth_files import CocoTruth, TruthError, label_truth, read_label_classes, with_classes

MODEL = ("mug", "bowl")
LABELS = np.array([[0, 1, 1, 0], [2, 0, 0, 2], [2, 9, 0, 0]], np.uint16)


def summed_up(truth) -> list[tuple[str, list[int], int]]:
    return [(truth.class_name(row), truth.rois[row].tolist(), int(mask.sum())) for row, mask in enumerate(truth.masks)]


def test_each_listed_value_of_a_label_image_is_an_object():
    truth = label_truth(LABELS, {1: "bowl", 2: "teddy bear", 3: "mug"}, MODEL)
    assert summed_up(truth) == [("bowl", [1, 0, 2, 1], 2), ("unknown", [0, 1, 4, 2], 3)]
    assert (truth.height, truth.width, truth.class_names) == (3, 4, MODEL)


def test_or_each_connected_area_of_it():
    truth = label_truth(LABELS, {2: "mug"}, MODEL, areas=True)
    assert summed_up(truth) == [("mug", [3, 1, 1, 1], 1), ("mug", [0, 1, 1, 2], 2)] or summed_up(truth) == [
        ("mug", [0, 1, 1, 2], 2), ("mug", [3, 1, 1, 1], 1),
    ]  # fmt: skip


def test_an_image_without_objects_has_none():
    assert len(label_truth(np.zeros((3, 4), np.int32), {1: "mug"}, MODEL)) == 0


def test_classes_are_a_mapping_or_a_list_that_begins_with_1(tmp_path: Path):
    path = tmp_path / "classes.yaml"
    path.write_text("1: mug\n7: unknown\n")
    assert read_label_classes(path) == {1: "mug", 7: "unknown"}
    path.write_text("[mug, bowl]")
    assert read_label_classes(path) == {1: "mug", 2: "bowl"}
    for text, sentence in (("", "holds no classes"), ("mug: 1", "holds 'mug: 1', expected a line `value: name`"),
                           ("1: [", "is no YAML file")):  # fmt: skip
        path.write_text(text)
        with pytest.raises(TruthError, match=sentence):
            read_label_classes(path)
    with pytest.raises(TruthError, match="cannot be read: No such file"):
        read_label_classes(tmp_path / "gone.yaml")


def test_classes_that_the_model_does_not_know_are_unknown_and_others_keep_their_name():
    truth = with_classes(label_truth(LABELS, {1: "bowl", 2: "spoon"}, ("spoon", "bowl")), MODEL)
    assert [truth.class_name(row) for row in range(2)] == ["bowl", "unknown"]
    assert truth.class_names == MODEL


def coco(folder: Path, *names: str) -> Path:
    """A file in which image n has a 2x1 mug at row n, and a crowd."""
    path = folder / "truth.json"
    square = [[0, 0, 2, 0, 2, 1, 0, 1]]
    path.write_text(json.dumps({
        "images": [{"id": n, "file_name": name, "height": 6, "width": 8} for n, name in enumerate(names, 1)],
        "categories": [{"id": 1, "name": "mug"}, {"id": 2, "name": "spoon"}],
        "annotations": [
            *({"id": 10 + n, "image_id": n, "category_id": 1, "bbox": [0, n, 2, 1], "area": 2, "iscrowd": 0,
               "segmentation": [[x if i % 2 == 0 else x + n for i, x in enumerate(square[0])]]}
              for n in range(1, len(names) + 1)),
            {"id": 99, "image_id": 1, "category_id": 2, "bbox": [0, 0, 8, 6], "area": 48, "iscrowd": 1,
             "segmentation": {"size": [6, 8], "counts": [0, 48]}},
        ],
    }))  # fmt: skip
    return path


@pytest.mark.parametrize(
    ("names", "stamp", "number"),
    [
        (("1700000000000000001.png", "left/1700000000000000002.png"), 1_700_000_000_000_000_002, 77),
        (("12.000000001.jpg", "cam_12_000000002.jpg"), 12_000_000_002, 77),
        (("frame0000.png", "v2/frame0004.png"), 77, 4),
    ],
)
def test_an_image_is_found_by_its_stamp_or_by_its_number(
    tmp_path: Path, names: tuple[str, ...], stamp: int, number: int
):
    truth = CocoTruth(coco(tmp_path, *names), MODEL)
    assert summed_up(truth.of(stamp, number, (6, 8))) == [("mug", [0, 2, 2, 1], 2)]
    assert truth.of(5, 55, (6, 8)) is None
    assert (len(truth), len(truth.used)) == (2, 1)


def test_a_crowd_is_left_out_and_another_size_refused(tmp_path: Path):
    truth = CocoTruth(coco(tmp_path, "0.png"), MODEL)
    assert summed_up(truth.of(0, 0, (6, 8))) == [("mug", [0, 1, 2, 1], 2)]
    with pytest.raises(TruthError, match=r"0\.png is of 8x6 pixels, the image in the bag of 16x12"):
        truth.of(0, 0, (12, 16))


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (("table.png",), "the file name 'table.png' holds no number, so its image in the bag is not known"),
        (("12.000000001.jpg", "7.jpg"), "the file name '7.jpg' holds no stamp"),
        (("a/3.png", "b/3.png"), "'a/3.png' and 'b/3.png' are the same image, 3"),
    ],
)
def test_names_that_do_not_tell_the_image_are_one_sentence(tmp_path: Path, names: tuple[str, ...], sentence: str):
    with pytest.raises(OsisError) as caught:
        CocoTruth(coco(tmp_path, *names), MODEL)
    assert sentence in str(caught.value)
