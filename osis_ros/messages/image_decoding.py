"""sensor_msgs Image and CompressedImage of any camera to RGB."""

from dataclasses import dataclass

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from osis_ros.errors import ImageError
from osis_ros.files.cut_off import cut_off
from osis_ros.messages.colour import colour_converter
from osis_ros.messages.image_layout import check_sides, samples


@dataclass(frozen=True)
class Layout:
    """The memory layout of an encoding.

    Attributes:
        depth: bits of a sample, 8 or 16.
        channels: samples of a pixel.
        colours: name of the 8-bit encoding with these colours; every release of both libraries knows it.
        halved: directions in which colour has half the resolution; the image size must be even there.
    """

    depth: int
    channels: int
    colours: str
    halved: str = ""


# An OpenCV type name (16UC1, 8UC3) says nothing of colours; by OpenCV's and cv_bridge's custom it is grey or BGR(A).
LAYOUTS = {
    **{f"{name}{depth}": Layout(depth, channels, f"{name}8")
       for name, channels in (("rgb", 3), ("bgr", 3), ("rgba", 4), ("bgra", 4), ("mono", 1)) for depth in (8, 16)},
    **{f"{depth}UC{channels}": Layout(depth, channels, f"{name}8")
       for name, channels in (("mono", 1), ("bgr", 3), ("bgra", 4)) for depth in (8, 16)},
    **{f"bayer_{pattern}{depth}": Layout(depth, 1, f"bayer_{pattern}8", "both")
       for pattern in ("rggb", "bggr", "gbrg", "grbg") for depth in (8, 16)},
    **{name: Layout(8, 2, "yuv422", "width") for name in ("yuv422", "uyvy")},
    **{name: Layout(8, 2, "yuv422_yuy2", "width") for name in ("yuv422_yuy2", "yuyv")},
    **{name: Layout(8, 1, name, "both") for name in ("nv12", "nv21")},
}  # fmt: skip
PLANAR = {"nv12": cv2.COLOR_YUV2RGB_NV12, "nv21": cv2.COLOR_YUV2RGB_NV21}


def rgb_from_message(message: Image | CompressedImage) -> np.ndarray:
    """The picture that a camera sent, raw or compressed: uint8 [height, width, 3] RGB.

    Raises:
        ImageError: as `image_to_rgb` and `compressed_to_rgb`.
    """
    return image_to_rgb(message) if isinstance(message, Image) else compressed_to_rgb(message)


def image_to_rgb(message: Image) -> np.ndarray:
    """Decode an Image of any encoding in `LAYOUTS`.

    Args:
        message: its rows may be padded (`step`) and its 16-bit samples big-endian. 16-bit samples are scaled to 8
            over the full range 0..65535.
    Returns:
        uint8 [height, width, 3] RGB. For rgb8 it is a view of the message's data.
    Raises:
        ImageError: unknown encoding, impossible or contradictory sizes, missing data.
    """
    layout = LAYOUTS.get(message.encoding)
    if layout is None:
        raise ImageError(f"encoding '{message.encoding}' is not supported, expected one of {', '.join(LAYOUTS)}")
    _check_sizes(message.width, message.height, layout, message.encoding)
    rows = message.height * 3 // 2 if layout.colours in PLANAR else message.height
    return _to_rgb(samples(message, np.uint8 if layout.depth == 8 else np.uint16, layout.channels, rows), layout)


def _to_rgb(values: np.ndarray, layout: Layout) -> np.ndarray:
    if values.dtype == np.uint16:  # first of all, so that the rest has half the bytes to do
        values = cv2.convertScaleAbs(values, alpha=255 / 65535)
    if layout.colours in PLANAR:  # rosbags-image and older releases of cv_bridge misread their height
        return cv2.cvtColor(np.ascontiguousarray(values), PLANAR[layout.colours])
    if layout.colours == "rgb8":
        return values
    return colour_converter().to_rgb(values, layout.colours)


def _check_sizes(width: int, height: int, layout: Layout, encoding: str) -> None:
    check_sides(width, height)
    if (layout.halved and width % 2) or (layout.halved == "both" and height % 2):
        raise ImageError(f"image is {width}x{height}, expected even sizes for encoding {encoding}")
    if layout.colours.startswith("bayer_") and min(width, height) < 4:  # OpenCV makes it black
        raise ImageError(f"image is {width}x{height}, expected 4x4 or more for encoding {encoding}")


def compressed_to_rgb(message: CompressedImage) -> np.ndarray:
    """Decode a CompressedImage: JPEG, PNG or whatever else OpenCV reads.

    Args:
        message: `format` as drivers write it ("jpeg", "png") or as image_transport does ("rgb8; jpeg compressed
            bgr8"). The codec is taken from the data. From the format comes only what was compressed: colours and their
            order, or the mosaic of a Bayer camera ("bayer_rggb8; png compressed "), which is converted to colour here.
    Returns:
        uint8 [height, width, 3] RGB.
    Raises:
        ImageError: no data, data cut off or of no known codec, depth images of the compressedDepth transport.
    """
    form = message.format.lower()
    if "compresseddepth" in form:
        raise ImageError(f"format '{message.format}' is a depth image, expected a colour or grey one (jpeg, png)")
    if not len(message.data):
        raise ImageError("data is empty, expected a JPEG or PNG file")
    data = bytes(message.data)
    if kind := cut_off(data):
        raise ImageError(f"{kind} of {len(data)} bytes has no end marker, expected a whole file: it was cut off")
    source, _, target = form.partition("compressed")
    coded = target.strip() or source.partition(";")[0].strip()
    mosaic = LAYOUTS.get(coded) if coded.startswith("bayer_") else None
    if coded.startswith("bayer_") and mosaic is None:
        raise ImageError(f"format '{message.format}' names no Bayer pattern that is known, such as bayer_rggb8")
    flags = cv2.IMREAD_UNCHANGED if mosaic else cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as err:
        raise ImageError(f"{len(data)} bytes of format '{message.format}' cannot be decoded: {err.err}") from err
    if bgr is None:
        raise ImageError(f"{len(data)} bytes of format '{message.format}' are no picture, expected JPEG or PNG")
    check_sides(*bgr.shape[1::-1])
    if mosaic:
        if bgr.ndim != 2:
            raise ImageError(f"format '{message.format}' says a Bayer mosaic, but the data has {bgr.shape[2]} colours")
        _check_sizes(*bgr.shape[::-1], mosaic, coded)
        return _to_rgb(bgr, mosaic)
    # image_transport names the order in which it handed colours to a coder that takes them for BGR
    return bgr if coded.startswith("rgb") and target else cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
