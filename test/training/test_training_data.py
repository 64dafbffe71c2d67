"""COCO-format files become samples, and the stream of samples is reproducible."""

import json
from itertools import islice

import cv2
import numpy as np
import pytest
import torch
from torchvision.transforms import v2

from osis_ros.training.augment import train_transform
from osis_ros.training.config import Augment, ConfigError, Source
from osis_ros.training.data import NO_CLASS, Samples, Stream, collate, decode_masks, read_source

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


@pytest.mark.parametrize(
    ("objects", "extra", "message"),
    [
        ([], {}, "no image with an object"),
        ([(0, 3, SQUARE, 0)], {"drop_images": ("fork",)}, "no class 'fork' to drop"),
        ([(0, 3, SQUARE, 0)], {"rename": {"fork": "cup"}}, "no class 'fork' to rename"),
        ([(0, 3, SQUARE, 0)], {"rename": {"wrench": "mug"}}, "'mug', a new name in `rename`, is none of the model's"),
    ],
)
def test_a_source_that_cannot_teach_says_so(write_source, objects, extra, message):
    source, root = write_source(objects, **extra)
    with pytest.raises(ConfigError, match=message):
        read_source(source, root, ("cup",))


@pytest.mark.parametrize(
    ("part", "entry", "message"),
    [
        ("annotations", {"image_id": [0]}, r"a\.json: entry 0 of 'annotations': image_id is \[0\]"),
        ("annotations", {"segmentation": None}, r"a\.json: an annotation of image 0 has no segmentation"),
        ("images", {"height": None}, r"a\.json: image 0 is 10xNone pixels"),
    ],
)
def test_an_entry_that_does_not_fit_is_named(write_source, part, entry, message):
    source, root = write_source([(0, 3, SQUARE, 0)])
    tree = json.loads((root / "a.json").read_text())
    tree[part][0] |= entry
    (root / "a.json").write_text(json.dumps(tree))
    with pytest.raises(ConfigError, match=message):
        read_source(source, root, ("cup",))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"b\.json: cannot be read"):
        read_source(Source(annotations="b.json", images="."), tmp_path, ("cup",))


def test_polygon_and_both_rles_decode_to_the_same_mask(write_source):
    counts = [17, 3, 5, 3, 5, 3, 5, 3, 36]  # column-major runs of the square on 8 rows x 10 columns
    uncompressed = {"size": [8, 10], "counts": counts}
    source, root = write_source([(0, 3, SQUARE, 0), (0, 3, uncompressed, 0)])
    masks = decode_masks(read_source(source, root, ("cup",))[0])
    expected = np.zeros((8, 10), np.uint8)
    expected[1:4, 2:6] = 1
    np.testing.assert_array_equal(masks, [expected, expected])


@pytest.mark.parametrize(
    "segmentation",
    [
        [["a"] * 6], [2, 1, 6, 1, 6, 4], {}, {"size": [8, 10], "counts": [81]},
        {"size": [4, 20], "counts": [80]}, {"size": [8, 10], "counts": "no runs"},
    ],
)  # fmt: skip
def test_a_segmentation_that_cannot_be_decoded_names_the_image(write_source, segmentation):
    source, root = write_source([(0, 3, SQUARE, 0), (0, 3, segmentation, 0)])
    with pytest.raises(
        ConfigError, match=r"0\.png: the segmentation of its object 2 of 2 is no polygon or RLE of 10x8"
    ):
        decode_masks(read_source(source, root, ("cup",))[0])


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

    samples = Samples(records, v2.Identity(), pasters={1: paste})
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
