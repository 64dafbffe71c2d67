"""COCO RLE: against faster-coco-eval's own coder and against strings worked out by hand."""

import numpy as np
import pytest
from faster_coco_eval.core import mask as coco_mask
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from osis_ros.coco.rle import decode, encode, encode_instances
from osis_ros.instances import Instances


def theirs(mask: np.ndarray) -> str:
    counts = coco_mask.encode(np.asfortranarray(mask, np.uint8))["counts"]
    return counts.decode() if isinstance(counts, bytes) else counts


def test_one_pixel_in_the_middle_of_3x3_is_runs_4_1_4():
    mask = np.zeros((3, 3), bool)
    mask[1, 1] = True
    assert encode(mask) == {"size": [3, 3], "counts": "414"}


def test_a_full_mask_starts_with_a_run_of_no_zeros():
    # 6 pixels: runs 0, 6 -> characters '0', '6'
    assert encode(np.ones((2, 3), bool))["counts"] == "06"


def test_an_empty_mask_is_one_run():
    # 40 = 8 + 1·32: '8' + 32 -> chr(48 + 8 + 32) = 'X', then 1 -> '1'
    assert encode(np.zeros((5, 8), bool))["counts"] == "X1"


@settings(max_examples=200, deadline=None)
@given(arrays(bool, array_shapes(min_dims=2, max_dims=2, max_side=40)))
def test_any_mask_is_coded_as_the_reference_coder_does(mask):
    rle = encode(mask)
    assert rle["counts"] == theirs(mask)
    assert (decode(rle) == mask).all()


def test_a_large_mask_with_long_runs_is_coded_as_the_reference_coder_does():
    rows, columns = np.mgrid[:3000, :4000]
    mask = (columns - 2000) ** 2 + (rows - 1500) ** 2 < 1400**2
    rle = encode(mask)
    assert rle["counts"] == theirs(mask)
    assert (coco_mask.decode({"size": rle["size"], "counts": rle["counts"].encode()}).astype(bool) == mask).all()


@settings(max_examples=100, deadline=None)
@given(st.data(), st.integers(1, 12), st.integers(1, 12))
def test_a_crop_is_coded_like_the_whole_image(data, height, width):
    rows, columns = data.draw(st.integers(0, height)), data.draw(st.integers(0, width))
    x, y = data.draw(st.integers(0, width - columns)), data.draw(st.integers(0, height - rows))
    crop = data.draw(arrays(bool, (rows, columns)))
    whole = np.zeros((height, width), bool)
    whole[y : y + rows, x : x + columns] = crop
    assert encode(crop, (x, y), (height, width)) == encode(whole)


def test_instances_are_coded_on_the_whole_image():
    mask = np.array([[True, False], [True, True]])
    instances = Instances(
        boxes=[[2, 1, 4, 3]], scores=[0.9], class_ids=[0], distances=[0.1], embeddings=np.zeros((1, 0)),
        rois=[[2, 1, 2, 2]], masks=(mask,), height=4, width=5, class_names=("cup",),
    )  # fmt: skip
    (rle,) = encode_instances(instances)
    assert (decode(rle) == instances.full_mask(0)).all()
    assert rle["counts"] == theirs(instances.full_mask(0))


def test_uncompressed_runs_are_read():
    assert decode({"size": [2, 2], "counts": [1, 2, 1]}).tolist() == [[False, True], [True, False]]


def test_runs_that_do_not_fill_the_image_are_refused():
    with pytest.raises(ValueError, match="sum to 5, the 3x3 image has 9 pixels"):
        decode({"size": [3, 3], "counts": [4, 1]})
    with pytest.raises(ValueError, match="a run of length -2, expected 0 or more"):
        decode({"size": [3, 3], "counts": [-2, 11]})
    with pytest.raises(ValueError, match="not a string"):
        decode({"size": [3, 3], "counts": "é~".encode("latin-1")})


@pytest.mark.parametrize(("x", "y"), [(3, 0), (0, 3), (-1, 0), (0, -1)])
def test_a_crop_that_leaves_the_image_is_refused(x, y):
    with pytest.raises(ValueError, match=f"a 3x2 mask at x {x}, y {y} leaves the 5x4 image"):
        encode(np.ones((2, 3), bool), (x, y), (4, 5))
