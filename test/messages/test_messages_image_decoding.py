"""Messages to RGB: every encoding, padded rows, either byte order; and a sentence for what is wrong."""

import re

import cv2
import numpy as np
import pytest
from encodings_of import COLOUR, GREY, WIDE, encoded, samples
from sensor_msgs.msg import CompressedImage, Image

from osis_ros.errors import ImageError
from osis_ros.messages.image_decoding import compressed_to_rgb, image_to_rgb
from osis_ros.messages.images import byte_array, image_to_message, rgb_to_jpeg_message

RED, WHITE, BLACK = (255, 0, 0), (255, 255, 255), (0, 0, 0)


def halves(left: tuple[int, int, int], right: tuple[int, int, int]) -> np.ndarray:
    """16 × 8 pixels, one colour left and one right."""
    rgb = np.empty((8, 16, 3), np.uint8)
    rgb[:, :8], rgb[:, 8:] = left, right
    return rgb


def away_from_edges(rgb: np.ndarray) -> np.ndarray:
    """Without the columns in which a Bayer pattern or halved colour mixes the two halves."""
    return np.concatenate([rgb[2:6, 2:6], rgb[2:6, 10:14]], axis=1).astype(int)


@pytest.mark.parametrize("padding", [0, 6])
@pytest.mark.parametrize("encoding", COLOUR)
def test_colour_encodings(encoding: str, padding: int):
    rgb = halves(RED, WHITE)
    decoded = image_to_rgb(encoded(rgb, encoding, padding=padding))
    assert decoded.dtype == np.uint8
    assert decoded.shape == rgb.shape
    tolerance = 3 if "yuv" in encoding or encoding[:2] == "nv" or encoding[-3:] == "yvy" or encoding == "yuyv" else 0
    assert np.abs(away_from_edges(decoded) - away_from_edges(rgb)).max() <= tolerance


@pytest.mark.parametrize("padding", [0, 1, 6])
@pytest.mark.parametrize("encoding", GREY)
def test_grey_encodings_give_three_equal_channels(encoding: str, padding: int):
    rgb = halves((7, 7, 7), (200, 200, 200))
    np.testing.assert_array_equal(image_to_rgb(encoded(rgb, encoding, padding=padding)), rgb)


@pytest.mark.parametrize("padding", [0, 3])  # an odd step leaves every other row between two samples
@pytest.mark.parametrize("big_endian", [False, True])
@pytest.mark.parametrize("encoding", WIDE)
def test_16_bit_samples_of_either_byte_order(encoding: str, big_endian: bool, padding: int):
    rgb = halves((1, 1, 1), (200, 200, 200))
    decoded = image_to_rgb(encoded(rgb, encoding, big_endian=big_endian, padding=padding))
    np.testing.assert_array_equal(away_from_edges(decoded), away_from_edges(rgb))


def test_8_bit_samples_have_no_byte_order():
    rgb = halves(RED, WHITE)
    np.testing.assert_array_equal(image_to_rgb(encoded(rgb, "bgr8", big_endian=True)), rgb)


def test_rgb8_is_not_copied():
    message = encoded(halves(RED, WHITE), "rgb8", padding=4)
    decoded = image_to_rgb(message)
    message.data[0] = 9
    assert decoded[0, 0, 0] == 9


def test_the_last_rows_padding_may_be_missing():
    message = encoded(halves(RED, WHITE), "rgb8", padding=10)
    message.data = message.data[:-10]
    np.testing.assert_array_equal(image_to_rgb(message), halves(RED, WHITE))


def test_the_largest_side_is_decoded():
    message = Image(height=1, width=16384, encoding="mono8", step=16384, data=byte_array(bytes(16384)))
    assert image_to_rgb(message).shape == (1, 16384, 3)
    message = Image(height=16384, width=1, encoding="mono8", step=1, data=byte_array(bytes(16384)))
    assert image_to_rgb(message).shape == (16384, 1, 3)


def altered(encoding: str = "rgb8", **fields: object) -> Image:
    message = encoded(halves(RED, WHITE), "rgb8" if encoding not in COLOUR else encoding)
    message.encoding = encoding
    for name, value in fields.items():
        setattr(message, name, value)
    return message


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        (altered("32FC1"), "encoding '32FC1' is not supported, expected one of rgb8"),
        (altered(""), "encoding '' is not supported"),
        (altered(width=0), "image is 0x8, expected each side in 1..16384"),
        (altered(height=0), "image is 16x0"),
        (altered(height=4_000_000_000), "image is 16x4000000000"),
        (altered(step=47), "step is 47, expected at least 48 bytes for 16 pixels of rgb8"),
        (altered(step=0), "step is 0"),
        (altered(height=9), "data holds 384 bytes, expected 432 for 16x9 rgb8 with step 48"),
        (altered(step=60), "data holds 384 bytes, expected 480 for 16x8 rgb8 with step 60"),
        (altered(data=b""), "data holds 0 bytes, expected 384"),
        (altered("yuv422", width=15), "image is 15x8, expected even sizes for encoding yuv422"),
        (altered("nv12", height=7), "image is 16x7, expected even sizes for encoding nv12"),
        (altered("nv12", data=bytes(16 * 8)), "data holds 128 bytes, expected 192 for 16x8 nv12"),
        (altered("bayer_rggb8", height=7), "expected even sizes"),
        (altered("bayer_rggb8", height=2), "image is 16x2, expected 4x4 or more for encoding bayer_rggb8"),
        (altered("bayer_gbrg16", width=2), "image is 2x8, expected 4x4 or more for encoding bayer_gbrg16"),
    ],
)
def test_a_wrong_image_is_refused_in_one_sentence(message: Image, sentence: str):
    with pytest.raises(ImageError, match=re.escape(sentence)) as caught:
        image_to_rgb(message)
    assert "\n" not in str(caught.value)


def file_of(rgb: np.ndarray, suffix: str) -> bytes:
    return cv2.imencode(suffix, rgb[:, :, ::-1])[1].tobytes()


@pytest.mark.parametrize(
    "form", ["png", "bgr8; png compressed bgr8", "rgb8; png compressed bgr8", "rgb8; png", "PNG", ""]
)
def test_png_is_exact(form: str):
    rgb = halves(RED, (1, 2, 3))
    message = CompressedImage(format=form, data=byte_array(file_of(rgb, ".png")))
    np.testing.assert_array_equal(compressed_to_rgb(message), rgb)


def test_colours_coded_in_rgb_order_are_not_swapped():
    swapped = halves(RED, (1, 2, 3))[:, :, ::-1]
    message = CompressedImage(format="rgb8; png compressed rgb8", data=byte_array(file_of(swapped, ".png")))
    np.testing.assert_array_equal(compressed_to_rgb(message), halves(RED, (1, 2, 3)))


@pytest.mark.parametrize("form", ["jpeg", "jpg", "rgb8; jpeg compressed bgr8"])
def test_jpeg_is_near(form: str):
    rgb = halves(RED, WHITE)
    message = CompressedImage(format=form, data=byte_array(file_of(rgb, ".jpg")))
    assert np.abs(away_from_edges(compressed_to_rgb(message)) - away_from_edges(rgb)).max() < 8


def test_grey_and_16_bit_png_come_out_as_8_bit_rgb():
    grey = np.arange(0, 256, 2, np.uint8).reshape(8, 16)
    for values in (grey, grey.astype(np.uint16) * 257):
        data = cv2.imencode(".png", values)[1].tobytes()
        decoded = compressed_to_rgb(CompressedImage(format="mono16; png compressed ", data=byte_array(data)))
        np.testing.assert_array_equal(decoded, np.repeat(grey[:, :, None], 3, axis=2))


@pytest.mark.parametrize("encoding", [name for name in COLOUR if name.startswith("bayer_")])
@pytest.mark.parametrize("form", ["{}; png compressed ", "{}; png compressed {}", "{}"])
def test_the_mosaic_of_a_bayer_camera_as_png_is_that_of_a_raw_image(form: str, encoding: str):
    rgb = np.kron(np.random.default_rng(2).integers(0, 256, (2, 4, 3), np.uint8), np.ones((4, 4, 1), np.uint8))
    data = cv2.imencode(".png", samples(rgb, encoding))[1].tobytes()
    message = CompressedImage(format=form.format(encoding, encoding), data=byte_array(data))
    np.testing.assert_array_equal(compressed_to_rgb(message), image_to_rgb(encoded(rgb, encoding)))


def test_a_bayer_mosaic_as_jpeg_has_its_colours_and_one_that_was_undone_before_keeps_them():
    rgb = halves(RED, WHITE)
    data = cv2.imencode(".jpg", samples(rgb, "bayer_gbrg8"), [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()
    message = CompressedImage(format="bayer_gbrg8; jpeg compressed bayer_gbrg8", data=byte_array(data))
    assert np.abs(away_from_edges(compressed_to_rgb(message)) - away_from_edges(rgb)).max() < 16
    message = CompressedImage(format="bayer_gbrg8; jpeg compressed bgr8", data=byte_array(file_of(rgb, ".jpg")))
    assert np.abs(away_from_edges(compressed_to_rgb(message)) - away_from_edges(rgb)).max() < 8


def test_the_end_of_a_preview_within_a_jpeg_is_not_that_of_the_file():
    data = file_of(halves(RED, WHITE), ".jpg")
    preview = b"\xff\xe1" + (2 + len(data)).to_bytes(2, "big") + data
    whole = data[:2] + preview + data[2:]
    assert compressed_to_rgb(CompressedImage(format="jpeg", data=byte_array(whole))).shape == (8, 16, 3)
    with pytest.raises(ImageError, match="has no end marker"):
        compressed_to_rgb(CompressedImage(format="jpeg", data=byte_array(whole[:-30])))


def test_jpeg_with_padding_behind_its_end_is_whole():
    data = file_of(halves(RED, WHITE), ".jpg") + bytes(200)
    assert compressed_to_rgb(CompressedImage(format="jpeg", data=byte_array(data))).shape == (8, 16, 3)


@pytest.mark.parametrize(
    ("form", "data", "sentence"),
    [
        ("jpeg", b"", "data is empty, expected a JPEG or PNG file"),
        ("jpeg", b"\xff\xd8" + bytes(50), "JPEG of 52 bytes has no end marker, expected a whole file: it was cut off"),
        ("png", file_of(halves(RED, WHITE), ".png")[:40], "PNG of 40 bytes has no end marker, expected a whole file"),
        ("bayer_rggb12; png compressed ", file_of(halves(RED, WHITE), ".png"), "names no Bayer pattern that is known"),
        ("bayer_rggb8; png compressed ", file_of(halves(RED, WHITE), ".png"), "but the data has 3 colours"),
        (
            "bayer_rggb8; png compressed ",
            cv2.imencode(".png", np.zeros((7, 8), np.uint8))[1].tobytes(),
            "image is 8x7, expected even sizes for encoding bayer_rggb8",
        ),
        ("jpeg", b"no picture at all", "17 bytes of format 'jpeg' are no picture, expected JPEG or PNG"),
        ("png", file_of(np.zeros((1, 16385, 3), np.uint8), ".png"), "image is 16385x1, expected each side in 1..16384"),
        ("16UC1; compressedDepth png", b"x", "is a depth image, expected a colour or grey one"),
    ],
)
def test_wrong_compressed_data_is_refused_in_one_sentence(form: str, data: bytes, sentence: str):
    with pytest.raises(ImageError, match=re.escape(sentence)):
        compressed_to_rgb(CompressedImage(format=form, data=byte_array(data)))


def test_what_we_encode_we_decode():
    rgb = halves(RED, (10, 20, 30))
    message = image_to_message(rgb, "rgb8", encoded(rgb, "rgb8").header)
    assert (message.step, message.height, message.width) == (48, 8, 16)
    np.testing.assert_array_equal(image_to_rgb(message), rgb)
    assert (
        np.abs(
            away_from_edges(compressed_to_rgb(rgb_to_jpeg_message(rgb, message.header))) - away_from_edges(rgb)
        ).max()
        < 8
    )
    depth = np.array([[0, 1000, 65535]], np.uint16)
    assert image_to_message(depth, "16UC1", message.header).data.tobytes() == depth.tobytes()
    with pytest.raises(ValueError, match="is no 16UC1 image"):
        image_to_message(rgb, "16UC1", message.header)
