"""Reading COCO-format files: every form of mask, and one sentence for what does not fit."""

import copy
import gzip
import json

import numpy as np
import pytest
from rectangles import KNOWN, annotation, content, data, detection, rectangle, write

from osis_ros.coco.annotations import EvaluationError, read_detections, read_ground_truth
from osis_ros.coco.rle import _compress as encode_runs
from osis_ros.coco.rle import decode, encode
from osis_ros.coco.segmentation import first_broken
from osis_ros.errors import DatasetError
from osis_ros.evaluation.metrics.open_set import score_open_set
from osis_ros.evaluation.metrics.split import open_set_split

CUP, BOWL, TOY, TOOL, UNKNOWN = 1, 3, 7, 9, 1000
A = (0, 0, 20, 20)
# Runs 5000, 6000, -2000, 1000: they fill the image, and yet there is no such mask.
NEGATIVE = encode_runs(np.array([5000, 6000, -2000, 1000]))


def test_polygons_and_both_run_length_forms_are_the_same_mask(tmp_path):
    """x 10..30, y 5..15 of a 100 × 100 image: run lengths go down the columns."""
    column = [10, 90]
    runs = [10 * 100 + 5, *([10, 90] * 19), 10, 100 * 100 - 29 * 100 - 15]
    assert column[0] + column[1] == 100
    forms = [
        [[10, 5, 30, 5, 30, 15, 10, 15]],
        {"size": [100, 100], "counts": runs},
        rectangle(10, 5, 20, 10),
    ]
    truth = content([{"image_id": 1, "category_id": CUP, "segmentation": form} for form in forms])
    objects = read_ground_truth(write(tmp_path, "g.json", truth)).objects
    assert objects.area.tolist() == [200, 200, 200]
    ground_truth, found = data(tmp_path, [annotation(1, CUP, (10, 5, 20, 10))], [
        {"image_id": 1, "category_id": CUP, "segmentation": form, "score": 0.5} for form in forms
    ])  # fmt: skip
    report = score_open_set(ground_truth, found, open_set_split(ground_truth, KNOWN))
    assert report["known"]["AR100"] == pytest.approx(100)


def test_the_files_area_decides_the_size_of_an_object(tmp_path):
    truth = content([annotation(1, CUP, A, area=5000.0), annotation(1, CUP, A)])
    assert read_ground_truth(write(tmp_path, "g.json", truth)).objects.area.tolist() == [5000, 400]


def test_an_object_without_pixels_is_an_object_that_nobody_finds(tmp_path):
    truth = [annotation(1, CUP, A), {"image_id": 1, "category_id": CUP, "segmentation": [[1, 1, 2, 2]]},
             {"image_id": 1, "category_id": CUP, "segmentation": []}, annotation(1, CUP, (0, 0, 0, 0))]  # fmt: skip
    ground_truth, found = data(tmp_path, truth, [detection(1, CUP, A, 0.9), detection(1, CUP, (5, 5, 0, 0), 0.8)])
    report = score_open_set(ground_truth, found, open_set_split(ground_truth, KNOWN))
    assert report["known"]["AR100"] == pytest.approx(25)
    assert "3 annotations have no pixels" in ground_truth.notes[0]


@pytest.mark.parametrize("without", [{}, {"segmentation": None}, {"segmentation": []}])
def test_a_box_without_a_mask_is_read_where_boxes_are_wanted(tmp_path, without):
    box = {"image_id": 1, "category_id": CUP, "bbox": [10, 20, 30.0, 5], "id": 9, **without}
    path = write(tmp_path, "g.json", content([annotation(1, CUP, A, bbox=[0, 0, 1, 1]), box]))
    objects = read_ground_truth(path, boxes=True).objects
    assert objects.box_only.tolist() == [False, True]
    assert objects.pixels.tolist() == [400, 150]
    rows, columns = np.nonzero(decode(objects.rles[1]))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (20, 24, 10, 39)
    assert objects.take(np.array([1])).box_only.tolist() == [True]
    if without.get("segmentation") == []:  # as ever: an object that nobody finds
        assert read_ground_truth(path).objects.pixels.tolist() == [400, 0]
    else:
        with pytest.raises(DatasetError, match=r"annotation 9.*: segmentation is missing"):
            read_ground_truth(path)


@pytest.mark.parametrize("bbox", [[1, 2, 3], [1, 2, 3, "a"], [0, 0, -1, 5], 7, [0, 0, float("inf"), 1], "1234"])
def test_a_box_that_is_none_is_named(tmp_path, bbox):
    path = write(tmp_path, "g.json", content([{"id": 9, "image_id": 1, "category_id": CUP, "bbox": bbox}]))
    with pytest.raises(DatasetError, match=r"annotation 9 \(image 1\): bbox is .*, expected \[x, y, width, height\]"):
        read_ground_truth(path, boxes=True)


def test_a_given_area_of_zero_does_not_make_an_object_empty(tmp_path):
    ground_truth = read_ground_truth(write(tmp_path, "g.json", content([annotation(1, CUP, A, area=0)])))
    assert ground_truth.notes == []
    assert ground_truth.objects.pixels.tolist() == [400]


def test_an_annotation_repeated_whole_counts_once_and_a_reused_id_counts_twice(tmp_path):
    same = annotation(1, CUP, A, id=5)
    truth = content([same, copy.deepcopy(same), annotation(1, CUP, (40, 0, 20, 20), id=5)])
    ground_truth = read_ground_truth(write(tmp_path, "g.json", truth))
    assert len(ground_truth.objects) == 2
    assert "1 annotations are repeated whole" in ground_truth.notes[0]
    assert "1 annotation ids are used for different objects" in ground_truth.notes[1]


def test_the_size_of_an_image_may_come_from_its_masks(tmp_path):
    truth = content([annotation(1, CUP, A)])
    del truth["images"][0]["height"], truth["images"][0]["width"]
    image = read_ground_truth(write(tmp_path, "g.json", truth)).images[0]
    assert (image.height, image.width) == (100, 100)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda t: t.pop("categories"), "no list 'categories'"),
        (lambda t: t["images"].append({"id": 1, "file_name": "other.png"}), "image id 1 is used for two different"),
        (lambda t: t["images"][0].update(id="one"), "id is 'one', expected a whole number"),
        (lambda t: t["categories"].append({"id": 1, "name": "other"}), "category id 1 is used for two different"),
        (lambda t: t["categories"][0].update(open_set="maybe"), "open_set is 'maybe', expected known, unknown or"),
        (lambda t: t["annotations"][0].update(image_id=9), "annotation 1: image_id 9 is not among the ground"),
        (lambda t: t["annotations"][0].update(category_id=2), "annotation 1: category_id 2 is not among"),
        (lambda t: t["annotations"][0].pop("segmentation"), "annotation 1 (image 1): segmentation is missing"),
        (lambda t: t["annotations"][0].update(segmentation=[[1, 2, 3]]), "a polygon is not a list of x, y"),
        (lambda t: t["annotations"][0].update(segmentation=[["a"] * 6]), "a polygon is not a list of x, y"),
        (lambda t: t["annotations"][0]["segmentation"].update(size=[50, 100]), "its mask's size is [50, 100], the"),
        (lambda t: t["annotations"][0]["segmentation"].update(counts=[5, 5]), "add up to 10, the image has 10000"),
        (lambda t: t["annotations"][0]["segmentation"].update(counts="zz"), "1: its run-length string is not"),
        (lambda t: t["annotations"][0]["segmentation"].update(counts="oo"), "1: its run-length string is not"),
        (lambda t: t["annotations"][0]["segmentation"].update(counts="55"), "its run-length string covers 10 of 10000"),
        (lambda t: t["annotations"][0]["segmentation"].update(counts=""), "its run-length string covers 0 of 10000"),
        (lambda t: t["annotations"][0]["segmentation"].update(counts=5.0), "counts is 5.0, expected a string or"),
        (lambda t: t["images"][0].update(height="x"), "image 1: height is 'x', expected a whole number"),
        (lambda t: t["images"][0].update(width=-5), "image 1 is -5x100 pixels"),
        (lambda t: t.update(known_ids=7), "known_ids is 7, expected a list of category ids"),
        (lambda t: t["annotations"][0].update(image_id=1e300), "image_id is 1e+300, expected a whole number"),
        (lambda t: t["annotations"][0].update(segmentation=[[0, 0, 1e18, 0, 5, 5]]), "a polygon reaches further than"),
        (lambda t: t.update(ground_truth=[1]), "its ground_truth is a list, expected a JSON object"),
        (lambda t: (t["images"][0].pop("height"), t["annotations"][0]["segmentation"].update(size=7)), "size is "),
        (lambda t: t["annotations"].append(5), "annotation 1 is 5, expected an object"),
        (lambda t: t["annotations"][0].update(area=-1), "area is -1, expected"),
        (lambda t: t["annotations"][0].update(iscrowd="0"), "annotation 1: iscrowd is '0', expected 0 or 1"),
        (lambda t: t["images"][0].update(file_name=["a"]), "image 1: file_name is ['a'], expected a text"),
        (lambda t: t["categories"][0].update(name=True), "category 1: name is True, expected a text"),
        (lambda t: t["annotations"][0]["segmentation"].update(counts=NEGATIVE), "1: its run-length string is not"),
    ],
)  # fmt: skip
def test_broken_ground_truth_is_one_sentence(tmp_path, change, sentence):
    truth = content([annotation(1, CUP, A)])
    change(truth)
    path = write(tmp_path, "truth.json", truth)
    with pytest.raises(DatasetError) as error:
        read_ground_truth(path)
    assert sentence in str(error.value)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"image_id": 77}, "detection 0: image_id 77 is not among the ground truth's 1 images"),
        ({"category_id": 55}, "detection 0: category_id 55 is not among the ground truth's categories nor the id for"),
        ({"score": None}, "score is None, expected a finite number"),
        ({"score": 10**400}, "expected a finite number"),
        ({"score": float("nan")}, "score is nan, expected a finite number"),
        ({"segmentation": {"size": [480, 640], "counts": "52"}}, "its mask's size is [480, 640], the image's is [100"),
    ],
)
def test_broken_detections_are_one_sentence(tmp_path, change, sentence):
    ground_truth = read_ground_truth(write(tmp_path, "g.json", content([annotation(1, CUP, A)])))
    path = write(tmp_path, "d.json", [{**detection(1, CUP, A, 0.5), **change}])
    with pytest.raises(DatasetError) as error:
        read_detections(path, ground_truth)
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (b"{", "not a JSON file"),
        (b'{"images": "\xe9"}', "byte 13 is not UTF-8; save the file as UTF-8"),
        (b"\x1f\x8b\x08broken", "not a JSON"),
        (gzip.compress(b"{}" * 500, mtime=0)[:-9] + b"\xff" * 9, "not a JSON"),
        (b"[" * 100_000, "not a JSON"),
        (b"[]", "is a list"),
    ],
)
def test_a_file_that_is_no_ground_truth_is_one_sentence(tmp_path, raw, sentence):
    path = tmp_path / "g.json"
    path.write_bytes(raw)
    with pytest.raises(DatasetError, match=sentence):
        read_ground_truth(path)
    with pytest.raises(DatasetError, match="no such file"):
        read_ground_truth(tmp_path / "absent.json")


def split_of(folder, known, open_set=None, model_classes=(), **extra):
    tree = {**content([annotation(1, CUP, A)], open_set=open_set), **extra}
    return open_set_split(read_ground_truth(write(folder, "g.json", tree)), known, model_classes)


def test_what_is_known_comes_from_the_option_then_the_file_then_the_model(tmp_path):
    marks = {BOWL: "known", TOOL: "ignore"}
    assert split_of(tmp_path, ("toy", "1"), marks, known_ids=[9]).known == (1, 7)
    assert split_of(tmp_path, None, marks, known_ids=[9]).known == (9,)
    assert split_of(tmp_path, None, marks, model_classes=("cup",)).known == (3,)
    assert split_of(tmp_path, None, marks).ignored == {9}
    assert split_of(tmp_path, ("tool",), marks).ignored == frozenset()
    assert split_of(tmp_path, None, None, model_classes=("tool", "dragon")).known == (9,)


def test_names_that_do_not_exist_or_are_ambiguous_are_refused(tmp_path):
    with pytest.raises(DatasetError, match="no category is called 'dragon'; there are cup, bowl, toy, tool"):
        split_of(tmp_path, ("dragon",))
    with pytest.raises(EvaluationError, match="nothing says which classes are known"):
        split_of(tmp_path, None)
    twice = [{"id": 1, "name": "cup"}, {"id": 2, "name": "cup"}]
    with pytest.raises(DatasetError, match="2 categories are called 'cup'"):
        split_of(tmp_path, ("cup",), categories=twice)
    assert split_of(tmp_path, ("1", 2), categories=twice).names == {1: "cup (1)", 2: "cup (2)"}


@pytest.mark.parametrize("form", ["sizes with a point", "byte order mark", "gzip", "UTF-16"])
def test_a_file_is_read_however_its_numbers_and_bytes_are_written(tmp_path, form):
    tree = content([annotation(1, CUP, A)])
    if form == "sizes with a point":
        tree["images"][0] |= {"id": 1.0, "height": 100.0, "width": 100.0}
    text = json.dumps(tree)
    raw = {"byte order mark": text.encode("utf-8-sig"), "gzip": gzip.compress(text.encode()),
           "UTF-16": text.encode("utf-16")}.get(form, text.encode())  # fmt: skip
    (tmp_path / "g.json").write_bytes(raw)
    truth = read_ground_truth(tmp_path / "g.json")
    assert (truth.images[0].height, len(truth.objects)) == (100, 1)


def test_names_that_several_categories_or_images_share_are_noted(tmp_path):
    tree = content([annotation(1, CUP, A)], images=2)
    tree["categories"][1]["name"] = "cup"
    tree["images"][1]["file_name"] = "1.png"
    notes = read_ground_truth(write(tmp_path, "g.json", tree)).notes
    assert notes == ["2 categories are called cup (ids 1, 3); training takes them for one class",
                     "1 files are named by several images, the first is 1.png"]  # fmt: skip


def test_an_id_that_means_unknown_and_an_ignored_category_is_refused(tmp_path):
    tree = content([annotation(1, CUP, A)])
    tree["categories"].append({"id": UNKNOWN, "name": "stuff", "open_set": "ignore"})
    truth = read_ground_truth(write(tmp_path, "g.json", tree))
    path = write(tmp_path, "d.json", [detection(1, UNKNOWN, A, 0.5)])
    with pytest.raises(DatasetError, match=r"category 1000 \(stuff\) is marked ignore.* say with --unknown-id"):
        read_detections(path, truth)
    assert len(read_detections(path, truth, unknown_id=2000)[0]) == 1


def test_every_category_of_real_coco_is_read(real_data):
    """coco_mini: polygons, crowds as uncompressed run lengths; 404 annotations of which 5 are crowds."""
    ground_truth = read_ground_truth(real_data / "coco_mini" / "instances_val.json")
    tree = json.loads((real_data / "coco_mini" / "instances_val.json").read_text())
    assert len(ground_truth.images) == len(tree["images"]) == 56
    assert (len(ground_truth.objects), int(ground_truth.objects.crowd.sum())) == (404, 5)
    split = open_set_split(ground_truth)
    assert (len(split.known), len(split.ignored)) == (20, 48)
    perfect = ground_truth.objects.take(~ground_truth.objects.crowd)
    assert score_open_set(ground_truth, perfect, split)["known"]["AP"] == pytest.approx(100)
    assert np.all(perfect.score == 1)


def test_run_lengths_of_many_masks_are_checked_in_one_go():
    """Against the decoder: sums of random masks' runs are their images' pixels, also around a broken string."""
    generator = np.random.default_rng(0)
    rles = []
    for _ in range(200):
        mask = generator.random((generator.integers(1, 40), generator.integers(1, 40))) < generator.random()
        rles.append(encode(mask))
    assert first_broken(rles) == (None, "")
    rles[120] = {**rles[120], "counts": rles[120]["counts"] + "1"}  # one run more than the image has pixels for
    assert first_broken(rles)[0] == 120
    rles[120] = {**rles[120], "counts": rles[120]["counts"] + "o"}  # a number that does not end
    assert first_broken(rles) == (120, "its run-length string is not COCO's")
