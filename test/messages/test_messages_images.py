"""Arrays as images: there and back, exactly."""

import numpy as np
import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from osis_ros.errors import ImageError
from osis_ros.messages.images import ENCODINGS, byte_array, image_from_message, image_to_message


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_array_comes_back_as_it_was(encoding: str):
    dtype, channels = ENCODINGS[encoding]
    shape = (3, 5) if channels == 1 else (3, 5, channels)
    values = np.random.default_rng(1).integers(0, 60000, shape).astype(dtype)
    message = image_to_message(values, encoding, Header(frame_id="eye"))
    assert (message.height, message.width, message.encoding, message.header.frame_id) == (3, 5, encoding, "eye")
    assert message.step == 5 * channels * np.dtype(dtype).itemsize
    again = image_from_message(message)
    assert again.dtype == dtype
    np.testing.assert_array_equal(again, values)


def test_a_label_image_of_the_other_byte_order_and_with_padded_rows():
    ids = np.array([[0, 1, 258], [65535, 2, 0]], ">u2").view(np.uint8).reshape(2, 6)
    rows = np.concatenate([ids, np.full((2, 5), 7, np.uint8)], axis=1)
    message = Image(height=2, width=3, encoding="16UC1", is_bigendian=1, step=11, data=byte_array(rows))
    assert image_from_message(message).tolist() == [[0, 1, 258], [65535, 2, 0]]


def test_a_slice_of_an_array_is_sent_as_it_looks():
    values = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)[::2, 1:4, ::-1]
    np.testing.assert_array_equal(image_from_message(image_to_message(values, "bgr8", Header())), values)


def test_other_encodings_and_arrays_are_one_sentence():
    with pytest.raises(ImageError, match="encoding 'yuyv' is not supported, expected one of rgb8, bgr8, mono8"):
        image_from_message(Image(encoding="yuyv"))
    with pytest.raises(ImageError, match=r"image is 0x0, expected each side in 1\.\.16384"):
        image_from_message(Image(encoding="rgb8"))
    for values in (np.zeros((2, 2), np.uint8), np.zeros((2, 2, 3), np.uint16), np.zeros((2, 2, 1), np.uint16)):
        with pytest.raises(ValueError, match="is no 16UC1 image"):
            image_to_message(values, "16UC1", Header())
