"""What the beginning of a serialised message says: its header, and a picture's size and encoding. No pixel is read.

The layout is CDR (OMG DDSI-RTPS, version 1): 4 bytes that tell the byte order, then the fields in their order, each
aligned to its own size.
"""

import struct
from dataclasses import dataclass

IMAGE, COMPRESSED_IMAGE = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
CAMERA_INFO, INSTANCES = "sensor_msgs/msg/CameraInfo", "osis_ros/msg/InstanceArray"
STAMPED = (IMAGE, COMPRESSED_IMAGE, CAMERA_INFO, INSTANCES, "sensor_msgs/msg/PointCloud2")
SIZED = (IMAGE, CAMERA_INFO, INSTANCES)  # whose next fields are height and width


@dataclass(frozen=True)
class MessageHeader:
    """The beginning of a message.

    Attributes:
        stamp: ns.
        frame_id: of the header.
        height, width: of the picture, 0 where the message does not say.
        encoding: an Image's encoding, a CompressedImage's format, else empty.
        rest: bytes after the header, where it is not a picture's: a CameraInfo's calibration.
    """

    stamp: int
    frame_id: str
    height: int
    width: int
    encoding: str
    rest: bytes


def message_header(data: bytes, message_type: str) -> MessageHeader | None:
    """The header of a message of a type in `STAMPED`; None where the bytes are no such message.

    Args:
        data: the message's first bytes, with the 4 that tell the byte order.
    """
    reader = _Reader(data)
    try:
        sec, nanosec, frame_id = reader.number("i"), reader.number("I"), reader.text()
        height, width = (reader.number("I"), reader.number("I")) if message_type in SIZED else (0, 0)
        encoding = reader.text() if message_type in (IMAGE, COMPRESSED_IMAGE) else ""
    except (struct.error, ValueError):
        return None
    rest = data[reader.place :] if message_type == CAMERA_INFO else b""
    return MessageHeader(sec * 1_000_000_000 + nanosec, frame_id, height, width, encoding, rest)


class _Reader:
    START = 4  # alignment counts from behind the bytes that tell the byte order

    def __init__(self, data: bytes) -> None:
        self._data, self.place = data, self.START
        self._order = "<" if data[1:2] == b"\x01" else ">"

    def number(self, kind: str) -> int:
        """A 32-bit number, of kind `i` or `I`."""
        self.place += -(self.place - self.START) % 4
        (value,) = struct.unpack_from(self._order + kind, self._data, self.place)
        self.place += 4
        return value

    def text(self) -> str:
        length = self.number("I")
        end = self.place + length
        if end > len(self._data):
            raise ValueError("the text goes on beyond the data")
        text = self._data[self.place : end]
        self.place = end
        return text.rstrip(b"\0").decode("utf-8")
