"""A picture that was cut off is told from a whole one, whatever decodes it."""

import cv2
import numpy as np
import pytest
from jpeg_files import jpeg

from osis_ros.files.cut_off import cut_off

PICTURE = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
FORMS = {
    "baseline": [],
    "progressive": [cv2.IMWRITE_JPEG_PROGRESSIVE, 1],
    "restart markers": [cv2.IMWRITE_JPEG_RST_INTERVAL, 2],
}


@pytest.mark.parametrize("form", FORMS)
def test_every_cut_of_a_jpeg_is_noticed_and_no_whole_one_is_refused(form):
    whole = cv2.imencode(".jpg", PICTURE, FORMS[form])[1].tobytes()
    assert cut_off(whole) is None
    assert all(cut_off(whole[:length]) == "JPEG" for length in range(2, len(whole)))


def test_the_end_of_a_thumbnail_is_not_the_pictures():
    whole = jpeg(PICTURE, thumbnail=jpeg(PICTURE[:16, :16]))
    assert cut_off(whole) is None
    assert cut_off(whole[:-1]) == "JPEG"
    assert cut_off(whole[: len(whole) // 2]) == "JPEG"


def test_padding_behind_the_end_does_not_matter_and_fill_bytes_neither():
    whole = jpeg(PICTURE)
    assert cut_off(whole + bytes(1000)) is None
    assert cut_off(whole[:2] + b"\xff\xff" + whole[2:]) is None


def test_a_png_without_its_end_is_noticed():
    whole = cv2.imencode(".png", PICTURE)[1].tobytes()
    assert cut_off(whole) is None
    assert cut_off(whole[: len(whole) // 2]) == "PNG"


def test_other_kinds_of_files_are_none():
    assert cut_off(cv2.imencode(".bmp", PICTURE)[1].tobytes()[:200]) is None
    assert cut_off(b"") is None
