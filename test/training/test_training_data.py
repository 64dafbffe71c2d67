"""COCO-format files become samples, and the stream of samples is reproducible."""

import gzip
import json
from itertools import islice

import cv2
import numpy as np
import pytest
import torch
from jpeg_files import jpeg
from torchvision.transforms import v2

from osis_ros.errors import DatasetError, ImageError
from osis_ros.training.augment import train_transform
from osis_ros.training.config import Augment, ConfigError, Source
from osis_ros.training.data import NO_CLASS, Samples, Stream, collate, decode_masks, read_pixels, read_source
from osis_ros.training.datasets.check import check

SQUARE = [[2, 1, 6, 1, 6, 4, 2, 4]]  # columns 2..5, rows 1..3


@pytest.fixture
def write_source(tmp_path):
    """Writes a 10 x 8 image and annotations of the given (class, segmentation, crowd) objects; gives the source."""

    def write(objects, images=1, **source):
        for i in range(images):
            cv2.imwrite(str(tmp_path / f"{i}.png"), np.full((8, 10, 3), (10, 20, 30), np.uint8))
        tree = {
            "categories": [{"id": 3, "name": "cup"}, {"id": 7, "name": "wrench"}],
            "images": [{"id": i, "file_name": f"{i}.png", "height": 8, "width": 10} for i in range(images)],
            "annotations": [
                {"id": n, "image_id": i, "category_id": c, "segmentation": s, "iscrowd": crowd}
                for n, (i, c, s, crowd) in enumerate(objects)
            ],
        }
        (tmp_path / "a.json").write_text(json.dumps(tree))
        return Source(annotations="a.json", images=".", **source), tmp_path

    return write


def test_a_known_name_gets_its_label_and_any_other_object_none(write_source):
    source, root = write_source([(0, 3, SQUARE, 0), (0, 7, SQUARE, 0)])
    (record,) = read_source(source, root, ("bowl", "cup"))
    assert record.labels == (1, NO_CLASS)


def test_a_source_without_classes_teaches_objects_only(write_source):
    source, root = write_source([(0, 3, SQUARE, 0)], classes="none")
    assert read_source(source, root, ("cup",))[0].labels == (NO_CLASS,)


def test_a_renamed_class_teaches_the_class_of_its_new_name(write_source):
    source, root = write_source([(0, 3, SQUARE, 0), (0, 7, SQUARE, 0)], rename={"cup": "mug"})
    assert read_source(source, root, ("bowl", "mug"))[0].labels == (1, NO_CLASS)


def test_crowds_dropped_names_and_images_without_objects_are_left_out(write_source):
    objects = [(0, 3, SQUARE, 1), (1, 7, SQUARE, 0), (2, 3, SQUARE, 0)]
    source, root = write_source(objects, images=4, drop_annotations=("wrench",))
    assert [r.path.name for r in read_source(source, root, ("cup",))] == ["2.png"]


def test_an_image_with_a_dropped_name_goes_with_all_its_objects(write_source):
    source, root = write_source([(0, 3, SQUARE, 0), (0, 7, SQUARE, 0), (1, 3, SQUARE, 0)], 2, drop_images=("wrench",))
    assert [r.path.name for r in read_source(source, root, ("cup",))] == ["1.png"]


TRIANGLE = [[2, 1, 8, 1, 2, 7]]
IN_TRIANGLE_AND_SQUARE = [(0, 3, TRIANGLE, 0), (0, 7, TRIANGLE, 0)]


def filled(masks: np.ndarray) -> list[bool]:
    """Whether each mask is a whole rectangle."""
    return [bool(m[np.ix_(m.any(1), m.any(0))].all()) for m in masks]


@pytest.mark.parametrize(
    ("boxes_only", "hidden"), [((), []), (("wrench",), [1]), (("cup", "wrench"), [0, 1]), ("all", [0, 1])]
)
def test_classes_of_which_masks_are_hidden_have_their_boxes(write_source, boxes_only, hidden):
    source, root = write_source(IN_TRIANGLE_AND_SQUARE, boxes_only=boxes_only)
    records = read_source(source, root, ("cup",))
    assert records[0].box_only == set(hidden)
    assert filled(decode_masks(records[0])) == [n in hidden for n in (0, 1)]
    target = Samples(records, v2.Identity())[0, 0][1]
    outlined = [n for n in (0, 1) if n not in hidden]
    assert target["labels"].tolist() == [(0, -1)[n] for n in (*outlined, *hidden)]
    assert target["has_mask"].tolist() == [True] * len(outlined) + [False] * len(hidden)
    assert target["boxes"][0].equal(target["boxes"][1])
    assert filled(target["masks"].numpy()) == (~target["has_mask"]).tolist()


def test_a_box_without_a_mask_teaches_beside_outlined_objects(write_source):
    source, root = write_source([(0, 3, SQUARE, 0), (0, 7, None, 0), (1, 7, [], 0)], images=2)
    tree = json.loads((root / "a.json").read_text())
    for annotation in tree["annotations"][1:]:
        annotation["bbox"] = [3, 4, 5, 2]
    (root / "a.json").write_text(json.dumps(tree))
    samples = Samples(read_source(source, root, ("cup",)), v2.Identity())
    first, second = samples[0, 0][1], samples[1, 0][1]
    assert first["boxes"].tolist() == [[2, 1, 6, 4], [3, 4, 8, 6]]
    assert first["has_mask"].tolist() == [True, False]
    assert (second["boxes"].tolist(), second["has_mask"].tolist()) == ([[3, 4, 8, 6]], [False])
    assert "2 annotations have a box and no mask" in check(root / "a.json").facts[-1]


def test_a_box_goes_with_the_picture_and_ends_where_the_crop_does(write_source):
    source, root = write_source([(0, 3, TRIANGLE, 0)], boxes_only="all")
    augment = Augment(mode="jitter", size=(32, 32), scale=(1.0, 4.0))
    samples = Samples(read_source(source, root, ("cup",)), train_transform(augment))
    for draw in range(6):
        target = samples[0, draw][1]
        for box, mask in zip(target["boxes"].int(), target["masks"], strict=True):
            inside = mask[box[1] : box[3], box[0] : box[2]].float()
            assert inside.mean() > 0.9  # resizing rounds the corners
            assert inside.sum() == mask.sum()


def test_only_outlined_objects_get_other_surfaces_and_what_is_pasted_covers_boxes(write_source):
    source, root = write_source(IN_TRIANGLE_AND_SQUARE, boxes_only=("cup",))
    given = []

    def paste(pixels, masks, labels, random):
        given.append((len(masks), labels))
        added = np.zeros_like(masks[:1])
        added[0, :, 5:] = 1
        return pixels, np.concatenate((masks, added)), (*labels, 0)

    target = Samples(read_source(source, root, ("cup",)), v2.Identity(), pasters={0: (paste,)})[0, 0][1]
    assert given == [(1, (-1,))]
    assert target["labels"].tolist() == [-1, 0, 0]
    assert target["has_mask"].tolist() == [True, True, False]
    assert target["boxes"][2].tolist() == [2, 1, 5, 6]


@pytest.mark.parametrize(
    ("objects", "extra", "message"),
    [
        ([(0, 3, SQUARE, 0)], {"drop_images": ("fork",)}, "no class 'fork' to drop"),
        ([(0, 3, SQUARE, 0)], {"boxes_only": ("fork",)}, "no class 'fork' to hide masks of"),
        ([(0, 3, SQUARE, 0)], {"rename": {"fork": "cup"}}, "no class 'fork' to rename"),
        ([(0, 3, SQUARE, 0)], {"rename": {"wrench": "mug"}}, "'mug', a new name in `rename`, is none of the model's"),
    ],
)
def test_a_source_whose_configuration_does_not_fit_says_so(write_source, objects, extra, message):
    source, root = write_source(objects, **extra)
    with pytest.raises(ConfigError, match=message):
        read_source(source, root, ("cup",))


def test_a_source_without_objects_or_without_a_file_says_so(write_source):
    source, root = write_source([])
    with pytest.raises(DatasetError, match="no image with an object"):
        read_source(source, root, ("cup",))
    with pytest.raises(DatasetError, match=r"b\.json: no such file"):
        read_source(Source(annotations="b.json", images="."), root, ("cup",))


CHANGES = {
    "an image that is no number": lambda t: t["annotations"][0].update(image_id=[0]),
    "no segmentation": lambda t: t["annotations"][0].update(segmentation=None),
    "letters": lambda t: t["annotations"][0].update(segmentation=[["a"] * 6]),
    "a bare polygon": lambda t: t["annotations"][0].update(segmentation=[2, 1, 6, 1, 6, 4]),
    "too many pixels": lambda t: t["annotations"][0].update(segmentation={"size": [8, 10], "counts": [81]}),
    "another size": lambda t: t["annotations"][0].update(segmentation={"size": [4, 20], "counts": [80]}),
    "no runs": lambda t: t["annotations"][0].update(segmentation={"size": [8, 10], "counts": "no runs"}),
    "polygons without a size": lambda t: t["images"][0].update(height=None),
    "sizes with a point": lambda t: t["images"][0].update(height=8.0, width=10.0),
    "one id for two images": lambda t: t["images"].append({"id": 0, "file_name": "1.png", "height": 8, "width": 10}),
    "an image that is not there": lambda t: t["annotations"][0].update(image_id=9),
    "a picture that is not there": lambda t: t["images"][0].update(file_name="9.png"),
    "a picture of another size": lambda t: (t["images"][0].update(height=9), t["annotations"][0].update(SIZED)),
    "a name that is none": lambda t: t["categories"][0].update(name=["cup"]),
    "nothing": lambda t: None,
}
SIZED = {"segmentation": {"size": [9, 10], "counts": [0, 90]}}


@pytest.mark.parametrize("change", CHANGES)
def test_the_check_finds_what_training_would_refuse_and_nothing_else(write_source, change):
    source, root = write_source([(0, 3, SQUARE, 0)])
    tree = json.loads((root / "a.json").read_text())
    CHANGES[change](tree)
    (root / "a.json").write_text(json.dumps(tree))
    problems = check(root / "a.json").problems
    try:
        samples = Samples(read_source(source, root, ("cup",)), v2.Identity())
        refused = [samples[number, 0] for number in range(len(samples))] and None
    except DatasetError as error:
        refused = str(error)
    assert bool(problems) == bool(refused) == (change not in ("nothing", "sizes with a point"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gzip"])
def test_a_file_is_trained_on_however_its_bytes_are_written(write_source, encoding):
    source, root = write_source([(0, 3, SQUARE, 0)])
    text = (root / "a.json").read_text()
    (root / "a.json").write_bytes(gzip.compress(text.encode()) if encoding == "gzip" else text.encode(encoding))
    assert len(read_source(source, root, ("cup",))) == 1


def turned(write_source, orientation, size):
    """A picture of 10 x 8 whose file says how it is to be turned, and annotations of the given size."""
    source, root = write_source([(0, 3, SQUARE, 0)])
    tree = json.loads((root / "a.json").read_text())
    picture = np.zeros((8, 10, 3), np.uint8)
    picture[:4] = 200
    (root / "0.jpg").write_bytes(jpeg(picture, orientation))
    tree["images"][0] |= {"file_name": "0.jpg", "height": size[0], "width": size[1]}
    (root / "a.json").write_text(json.dumps(tree))
    return read_source(source, root, ("cup",))[0]


def test_a_picture_is_turned_upright_as_its_masks_are(write_source):
    assert read_pixels(turned(write_source, 3, (8, 10)))[[0, -1], 0, 0] == pytest.approx([0, 200], abs=5)
    assert read_pixels(turned(write_source, 6, (10, 8))).shape == (10, 8, 3)


def test_masks_drawn_on_the_picture_as_stored_are_told_from_another_size(write_source):
    record = turned(write_source, 6, (8, 10))
    with pytest.raises(DatasetError, match=r"0\.jpg is 8x10 pixels once its EXIF .* on the picture as stored; remove"):
        read_pixels(record)
    with pytest.raises(DatasetError, match=r"0\.jpg is 8x10 pixels, its annotations say 12x12$"):
        read_pixels(turned(write_source, 6, (12, 12)))


def test_a_picture_that_was_cut_off_is_refused_and_the_check_finds_it(write_source):
    source, root = write_source([(i, 3, SQUARE, 0) for i in range(30)], images=30)
    tree = json.loads((root / "a.json").read_text())
    whole = jpeg(np.zeros((8, 10, 3), np.uint8))
    (root / "17.jpg").write_bytes(whole[:-30])
    tree["images"][17]["file_name"] = "17.jpg"
    (root / "a.json").write_text(json.dumps(tree))
    with pytest.raises(ImageError, match=r"17\.jpg is a JPEG of \d+ bytes that was cut off"):
        read_pixels(read_source(source, root, ("cup",))[17])
    (problem,) = check(root / "a.json").problems
    assert "17.jpg is a JPEG" in problem


def test_polygon_and_both_rles_decode_to_the_same_mask(write_source):
    counts = [17, 3, 5, 3, 5, 3, 5, 3, 36]  # column-major runs of the square on 8 rows x 10 columns
    uncompressed = {"size": [8, 10], "counts": counts}
    source, root = write_source([(0, 3, SQUARE, 0), (0, 3, uncompressed, 0)])
    masks = decode_masks(read_source(source, root, ("cup",))[0])
    expected = np.zeros((8, 10), np.uint8)
    expected[1:4, 2:6] = 1
    np.testing.assert_array_equal(masks, [expected, expected])


def test_polygons_of_fewer_than_three_points_hold_no_pixel(write_source):
    """Two points are no box, though COCO's own library takes them for one."""
    shapes = ([], [[2, 1]], [[1, 1, 5, 5]], [*SQUARE, [1, 1, 9, 7]])
    source, root = write_source([(0, 3, shape, 0) for shape in shapes])
    masks = decode_masks(read_source(source, root, ("cup",))[0])
    assert masks.sum((1, 2)).tolist() == [0, 0, 0, 12]


def test_a_sample_has_rgb_pixels_and_boxes_that_end_behind_the_last_pixel(write_source):
    source, root = write_source([(0, 3, SQUARE, 0)])
    image, target = Samples(read_source(source, root, ("cup",)), v2.Identity())[0, 0]
    assert image[:, 0, 0].tolist() == [30, 20, 10]
    assert target["boxes"].tolist() == [[2, 1, 6, 4]]
    assert target["masks"].shape == (1, 8, 10)
    assert target["labels"].tolist() == [0]


def test_a_sample_depends_on_its_index_alone(write_source):
    source, root = write_source([(0, 3, SQUARE, 0)])
    augment = Augment(mode="jitter", size=(32, 32), scale=(1.0, 4.0), photometric=True)
    samples = Samples(read_source(source, root, ("cup",)), train_transform(augment))
    first = samples[0, 5][0]
    torch.rand(3)  # the caller's generator must not matter …
    before = torch.get_rng_state()
    assert torch.equal(samples[0, 5][0], first)
    assert torch.equal(torch.get_rng_state(), before)  # … nor be disturbed
    assert not torch.equal(samples[0, 6][0], first)


def test_a_paster_adds_objects_to_the_records_it_is_given_for(write_source):
    source, root = write_source([(0, 3, SQUARE, 0)])
    records = 2 * read_source(source, root, ("cup",))

    def paste(pixels, masks, labels, random):
        added = np.zeros_like(masks[:1])
        added[0, 6:8, 8:10] = 1
        return np.full_like(pixels, random.integers(256)), np.concatenate((masks, added)), (*labels, -1)

    samples = Samples(records, v2.Identity(), pasters={1: (paste,)})
    assert len(samples[0, 5][1]["labels"]) == 1
    image, target = samples[1, 5]
    assert target["labels"].tolist() == [0, -1]
    assert target["boxes"].tolist() == [[2, 1, 6, 4], [8, 6, 10, 8]]
    assert torch.equal(image, samples[1, 5][0])
    assert not torch.equal(image, samples[1, 6][0])


def test_what_is_padded_to_the_crops_size_belongs_to_no_object(write_source):
    source, root = write_source([(0, 3, SQUARE, 0)])
    augment = Augment(mode="jitter", size=(64, 160), scale=(0.5, 0.5))
    samples = Samples(read_source(source, root, ("cup",)), train_transform(augment))
    for draw in range(4):
        masks = samples[0, draw][1]["masks"]
        assert masks.max() == 1
        assert 150 < masks.sum() < 250  # 12 pixels, 4 times larger on either side


def test_an_object_cropped_below_the_limit_is_left_out(write_source):
    source, root = write_source([(0, 3, SQUARE, 0)])
    records = read_source(source, root, ("cup",))
    assert len(Samples(records, v2.Identity(), min_pixels=12)[0, 0][1]["labels"]) == 1
    assert len(Samples(records, v2.Identity(), min_pixels=13)[0, 0][1]["labels"]) == 0


def test_collate_pads_to_a_multiple_of_32():
    def sample(height, width):
        target = {"boxes": torch.zeros(1, 4), "labels": torch.zeros(1), "masks": torch.ones(1, height, width)}
        return torch.ones(3, height, width, dtype=torch.uint8), target

    images, sizes, targets = collate([sample(40, 20), sample(30, 33)])
    assert images.shape == (2, 3, 64, 64)
    assert sizes == [(40, 20), (30, 33)]
    assert [int(t["masks"].sum()) for t in targets] == [800, 990]
    assert int(images[1].sum()) == 3 * 990


def test_a_resumed_stream_goes_on_where_it_stopped():
    whole = list(islice(Stream([5, 3], [2, 1], seed=1), 40))
    assert list(islice(Stream([5, 3], [2, 1], seed=1, start=17), 23)) == whole[17:]


def test_two_processes_share_one_stream_without_overlap():
    whole = list(islice(Stream([5, 3], [2, 1], seed=1), 20))
    halves = [list(islice(Stream([5, 3], [2, 1], seed=1, rank=r, world=2), 10)) for r in (0, 1)]
    assert sorted(halves[0] + halves[1], key=lambda s: s[1]) == whole


def test_sources_are_drawn_by_weight_and_walked_in_full_passes():
    numbers = [number for number, _ in islice(Stream([10, 4], [3, 1], seed=0), 4000)]
    second = [n for n in numbers if n >= 10]
    assert 900 < len(second) < 1100
    assert sorted(second[:4]) == [10, 11, 12, 13]
