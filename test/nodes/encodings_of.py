"""One picture in every encoding that cameras send, written out by the encodings' definitions and no library."""

import sys
from array import array

import numpy as np
from sensor_msgs.msg import Image
from std_msgs.msg import Header

BAYER = {"rggb": "RGGB", "bggr": "BGGR", "gbrg": "GBRG", "grbg": "GRBG"}  # left to right, then the row below

# BT.601, studio range, in the usual 8-bit integers: white 235 128 128, black 16 128 128, red 82 90 240.
YUV = {(255, 255, 255): (235, 128, 128), (0, 0, 0): (16, 128, 128), (255, 0, 0): (82, 90, 240)}


def samples(rgb: np.ndarray, encoding: str) -> np.ndarray:
    """The encoding's samples of a picture: [rows, width] or [rows, width, channels], uint8 or uint16."""
    red, green, blue = (rgb[:, :, i] for i in range(3))
    opaque = np.full_like(red, 255)
    planes = {"rgb": (red, green, blue), "bgr": (blue, green, red), "rgba": (red, green, blue, opaque),
              "bgra": (blue, green, red, opaque)}  # fmt: skip
    name = {"8UC3": "bgr8", "8UC4": "bgra8", "8UC1": "mono8", "16UC1": "mono16"}.get(encoding, encoding)
    wide = name.endswith("16")
    kind = name.removesuffix("16").removesuffix("8")
    if kind in planes:
        out = np.stack(planes[kind], axis=2)
    elif kind == "mono":
        assert (red == green).all(), "a grey picture is wanted"
        assert (green == blue).all(), "a grey picture is wanted"
        out = red
    elif kind.startswith("bayer_"):
        pattern = BAYER[kind.removeprefix("bayer_")]
        out = np.empty_like(red)
        for i, colour in enumerate(pattern):
            out[i // 2 :: 2, i % 2 :: 2] = rgb[i // 2 :: 2, i % 2 :: 2, "RGB".index(colour)]
    else:
        out = _yuv(rgb, kind)
    return out.astype(np.uint16) * 257 if wide else out


def _yuv(rgb: np.ndarray, encoding: str) -> np.ndarray:
    y, u, v = (np.array([[YUV[tuple(p)][i] for p in row] for row in rgb.tolist()], np.uint8) for i in range(3))
    u2, v2 = u[:, ::2], v[:, ::2]
    out = np.empty((*y.shape, 2), np.uint8)
    if encoding in ("yuv422", "uyvy"):
        out[:, :, 1], out[:, ::2, 0], out[:, 1::2, 0] = y, u2, v2
        return out
    if encoding in ("yuv422_yuy2", "yuyv"):
        out[:, :, 0], out[:, ::2, 1], out[:, 1::2, 1] = y, u2, v2
        return out
    first, second = (u2, v2) if encoding == "nv12" else (v2, u2)
    chroma = np.stack([first[::2], second[::2]], axis=2).reshape(len(y) // 2, -1)
    return np.concatenate([y, chroma])


def encoded(
    rgb: np.ndarray, encoding: str, header: Header | None = None, padding: int = 0, big_endian: bool | None = None
) -> Image:
    """An Image of the picture; `padding` bytes of noise follow each row, None is the machine's byte order."""
    values = samples(rgb, encoding)
    swap = big_endian is not None and big_endian != (sys.byteorder == "big")
    rows = (values.byteswap() if swap else values).reshape(len(values), -1)
    rows = np.ascontiguousarray(rows).view(np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (len(rows), padding), np.uint8)
    message = Image(header=header or Header(), height=rgb.shape[0], width=rgb.shape[1], encoding=encoding)
    message.is_bigendian = int(sys.byteorder == "big" if big_endian is None else big_endian)
    message.step = rows.shape[1] + padding
    message.data = array("B", np.concatenate([rows, noise], axis=1).tobytes())
    return message


COLOUR = ("rgb8", "bgr8", "rgba8", "bgra8", "8UC3", "8UC4", "rgb16", "bgr16", "rgba16", "bgra16",
          "yuv422", "uyvy", "yuv422_yuy2", "yuyv", "nv12", "nv21",
          *(f"bayer_{pattern}{depth}" for pattern in BAYER for depth in (8, 16)))  # fmt: skip
GREY = ("mono8", "mono16", "8UC1", "16UC1")
WIDE = tuple(name for name in (*COLOUR, *GREY) if "16" in name)
