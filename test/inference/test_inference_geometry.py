"""Letterbox, mask pasting and label image, with numbers worked out by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osis_ros.inference.label_image import label_image
from osis_ros.inference.letterbox import Letterbox
from osis_ros.inference.paste import paste_masks, whole_pixels
from osis_ros.instances import Instances

GREY = (127, 128, 129)


def test_641x479_shrinks_to_640x478():
    # the width decides: 640/641; 479 · 640/641 = 478.25 rows
    box = Letterbox.fit(479, 641, 480, 640)
    assert (box.inner_width, box.inner_height) == (640, 478)
    image = box.apply(np.full((479, 641, 3), 200, np.uint8), 480, 640, GREY)
    assert image.shape == (480, 640, 3)
    assert (image[:478] == 200).all()
    assert (image[478:] == GREY).all()


def test_boxes_of_641x479_go_back_by_its_own_factors():
    box = Letterbox.fit(479, 641, 480, 640)
    back = box.boxes_to_image(np.array([[0, 0, 640, 478], [320, 239, 330, 480]], np.float32))
    # 320 · 641/640 = 320.5, 239 · 479/478 = 239.5, 330 · 641/640 = 330.515625, 480 · 479/478 = 481.0042
    np.testing.assert_allclose(back, [[0, 0, 641, 479], [320.5, 239.5, 330.515625, 481.0042]], rtol=1e-6)
    np.testing.assert_allclose(box.clip(back)[1, 3], 479)


def test_an_image_that_fits_is_not_copied():
    image = np.zeros((480, 640, 3), np.uint8)
    assert Letterbox.fit(480, 640, 480, 640).apply(image, 480, 640, GREY) is image


def test_4000x3000_fills_the_input():
    box = Letterbox.fit(3000, 4000, 480, 640)
    assert (box.inner_width, box.inner_height) == (640, 480)


def test_shrinking_averages_all_pixels_so_that_thin_things_do_not_vanish():
    """Every fourth column is white: shrunk to a quarter, each pixel is the mean of sixteen, 255 / 4. Interpolating
    between the two middle columns would give 0."""
    image = np.zeros((4 * 96, 4 * 128, 3), np.uint8)
    image[:, ::4] = 255
    shrunk = Letterbox.fit(*image.shape[:2], 96, 128).apply(image, 96, 128, (0, 0, 0))
    assert (shrunk == 64).all()


def test_enlarging_interpolates_between_pixels():
    """Two columns, 0 and 200, to eight: halfway between their centres lies 100, a quarter of the way 50 · ½ = 25."""
    image = np.zeros((32, 2, 3), np.uint8)
    image[:, 1] = 200
    enlarged = Letterbox.fit(32, 2, 128, 8).apply(image, 128, 8, (0, 0, 0))
    assert enlarged[64, :, 0].tolist() == [0, 0, 25, 75, 125, 175, 200, 200]


def test_a_portrait_is_padded_on_the_right():
    # 640x480 upright into 480 rows: scale 0.75, 360 columns
    box = Letterbox.fit(640, 480, 480, 640)
    assert (box.inner_width, box.inner_height) == (360, 480)
    image = box.apply(np.full((640, 480, 3), 9, np.uint8), 480, 640, GREY)
    assert (image[:, :360] == 9).all()
    assert (image[:, 360:] == GREY).all()


@pytest.mark.parametrize(
    ("height", "width", "inner"), [(1, 1, (480, 480)), (1, 8000, (640, 1)), (8000, 1, (1, 480)), (2, 3, (640, 427))]
)
def test_extreme_sizes_keep_at_least_a_pixel(height, width, inner):
    box = Letterbox.fit(height, width, 480, 640)
    assert (box.inner_width, box.inner_height) == inner
    assert box.apply(np.zeros((height, width, 3), np.uint8), 480, 640, GREY).shape == (480, 640, 3)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 8000), st.integers(1, 8000))
def test_the_aspect_ratio_changes_by_rounding_to_whole_pixels_alone(height, width):
    box = Letterbox.fit(height, width, 480, 640)
    scale = min(640 / width, 480 / height)
    assert 1 <= box.inner_width <= 640
    assert 1 <= box.inner_height <= 480
    assert abs(box.inner_width - width * scale) <= max(0.5, 1 - width * scale) + 1e-9
    assert abs(box.inner_height - height * scale) <= max(0.5, 1 - height * scale) + 1e-9


def test_the_place_of_a_thing_survives_the_way_there_and_back():
    image = np.zeros((479, 641, 3), np.uint8)
    image[100:200, 300:500] = 255
    box = Letterbox.fit(479, 641, 480, 640)
    bright = box.apply(image, 480, 640, (0, 0, 0))[..., 0] > 127
    rows, columns = np.flatnonzero(bright.any(1)), np.flatnonzero(bright.any(0))
    found = np.array([[columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]], np.float32)
    np.testing.assert_allclose(box.boxes_to_image(found), [[300, 100, 500, 200]], atol=1)


def paste_one(mask, box, height=32, width=32):
    rois, (pasted,) = paste_masks(np.asarray([mask], np.float32), np.array([box], np.float32), height, width)
    return rois[0].tolist(), pasted


def test_a_full_mask_covers_the_pixels_whose_centres_lie_in_the_box():
    # columns 10..20 have centres 10.5..20.5; rows 4..7 have 4.5..7.5
    roi, pasted = paste_one(np.ones((28, 28)), [10.4, 4, 20.6, 8])
    assert roi == [10, 4, 11, 4]
    assert pasted.all()
    roi, pasted = paste_one(np.ones((28, 28)), [10.6, 4, 20.4, 8])
    assert roi == [10, 4, 11, 4]
    assert pasted[:, 1:-1].all()
    assert not pasted[:, [0, -1]].any()


def test_a_mask_of_two_columns_is_cut_half_way():
    # four pixels over two cells: u = -0.25, 0.25, 0.75, 1.25, values 0.75, 0.75, 0.25, 0; the outer rows weigh 0.75:
    # 0.5625, 0.5625, 0.1875, 0
    _, pasted = paste_one([[1, 0], [1, 0]], [0, 0, 4, 4])
    assert pasted.tolist() == [[True, True, False, False]] * 4


def test_exactly_one_half_counts_as_inside():
    _, pasted = paste_one(np.full((28, 28), 0.5), [4, 4, 8, 8])
    assert pasted[1:-1, 1:-1].all()


def test_a_box_that_reaches_beyond_the_image_keeps_its_mask_in_place():
    left_half = np.zeros((28, 28), np.float32)
    left_half[:, :14] = 1
    roi, pasted = paste_one(left_half, [-8, 0, 8, 8], 8, 16)  # the half over columns -8..0 lies outside
    assert roi == [0, 0, 8, 8]
    assert not pasted.any()
    roi, pasted = paste_one(left_half[:, ::-1], [-8, 0, 8, 8], 8, 16)
    assert pasted[1:-1, :7].all()


@pytest.mark.parametrize(
    "box",
    [
        [40, 40, 50, 50], [-9, -9, -1, -1], [40, 5, 50, 9], [5, 40, 9, 50],  # outside, or beside, or below the image
        [5, 5, 5, 9], [5, 5, 9, 5], [5.2, 5, 5.2, 9], [5, 5.2, 9, 5.2], [7, 7, 3, 3],  # no area
    ],
)  # fmt: skip
def test_a_box_without_pixels_gives_an_empty_mask(box):
    (_, _, width, height), pasted = paste_one(np.ones((28, 28)), box)
    assert pasted.shape == (height, width)
    assert not pasted.any()


def test_pasted_masks_are_read_only():
    for box in ([4, 4, 8, 8], [5, 5, 5, 9]):
        _, pasted = paste_one(np.ones((28, 28)), box)
        with pytest.raises(ValueError, match="read-only"):
            pasted[...] = True


def test_every_mask_wants_a_box():
    with pytest.raises(ValueError, match="zip"):
        paste_masks(np.zeros((2, 28, 28), np.float32), np.zeros((1, 4), np.float32), 10, 10)


def test_no_boxes_no_masks():
    rois, masks = paste_masks(np.zeros((0, 28, 28), np.float32), np.zeros((0, 4), np.float32), 10, 10)
    assert rois.shape == (0, 4)
    assert masks == ()


def test_pasting_equals_sampling_the_mask_at_pixel_centres():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 60, (40, 2, 2))
    boxes = np.concatenate((corners.min(1), corners.max(1) + 1), 1).astype(np.float32)
    probabilities = rng.random((40, 28, 28), np.float32)
    rois, masks = paste_masks(probabilities, boxes, 64, 64)
    for mask, (x, y, width, height), box, probability in zip(masks, rois, boxes, probabilities, strict=True):
        u = (np.arange(x, x + width) + 0.5 - box[0]) / (box[2] - box[0]) * 2 - 1
        v = (np.arange(y, y + height) + 0.5 - box[1]) / (box[3] - box[1]) * 2 - 1
        grid = torch.from_numpy(np.stack(np.meshgrid(u, v), -1)[None].astype(np.float32))
        sampled = torch.nn.functional.grid_sample(
            torch.from_numpy(probability)[None, None], grid, align_corners=False
        ).numpy()[0, 0]
        clear = np.abs(sampled - 0.5) > 0.02  # OpenCV 4 looks up at 1/32 of a cell
        assert (mask == (sampled >= 0.5))[clear].all()


def test_the_roi_holds_every_pixel_that_the_box_touches():
    boxes = np.array([[0.9, 1.1, 2.1, 3], [-4, 2, 30.5, 9]], np.float32)
    assert whole_pixels(boxes, 8, 16).tolist() == [[0, 1, 3, 2], [0, 2, 16, 6]]


def overlapping(scores):
    return Instances(
        boxes=[[0, 0, 2, 2], [1, 1, 3, 3]], scores=scores, class_ids=[0, 1], distances=[0, 0],
        embeddings=np.zeros((2, 0)), rois=[[0, 0, 2, 2], [1, 1, 2, 2]], masks=(np.ones((2, 2), bool),) * 2,
        height=3, width=4, class_names=("cup",),
    )  # fmt: skip


def test_where_masks_overlap_the_better_score_is_in_the_label_image():
    image = label_image(overlapping([0.9, 0.8]))
    assert image.dtype == np.uint16
    assert image.tolist() == [[1, 1, 0, 0], [1, 1, 2, 0], [0, 2, 2, 0]]
    assert label_image(overlapping([0.7, 0.8])).tolist() == [[1, 1, 0, 0], [1, 2, 2, 0], [0, 2, 2, 0]]


def one_instance(number):
    """Two of three pixels in the first row of a 5x2 image, from column 2 on."""
    return Instances(
        boxes=[[2, 0, 5, 1]], scores=[0.9], class_ids=[0], distances=[0], embeddings=np.zeros((1, 0)),
        rois=[[2, 0, 3, 1]], masks=(np.array([[True, False, True]]),), height=2, width=5, class_names=("cup",),
        ids=[number],
    )  # fmt: skip


def test_the_label_image_has_an_id_where_its_mask_is_and_nowhere_else():
    assert label_image(one_instance(7)).tolist() == [[0, 0, 7, 0, 7], [0, 0, 0, 0, 0]]


def test_ids_reach_as_far_as_16_bits():
    assert label_image(one_instance(65535)).max() == 65535
    with pytest.raises(ValueError, match="ids up to 65535, here is 65536"):
        label_image(one_instance(65536))


def test_an_image_without_instances_is_all_background():
    assert not label_image(Instances.empty(5, 7, ("cup",))).any()
