"""Whether a JPEG file is whole. Decoders differ: OpenCV 4 gives a cut one as a picture with rows of whatever was in
memory, OpenCV 5 refuses it where it decodes from memory and fills it with grey where it reads the file."""

import re

START, END, SCAN = 0xD8, 0xD9, 0xDA
# A marker within compressed data: not a stuffed FF 00, not a restart marker, not a fill byte.
NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def is_cut_jpeg(data: bytes) -> bool:
    """True for a JPEG that ends before its end-of-image marker; False for a whole one, and for any other kind of file.

    Segments are passed over by their length, so the end marker of an embedded thumbnail is not taken for the picture's.
    What follows the end marker does not matter: cameras pad their frames.

    Args:
        data: the file's content, with at least its first two bytes.
    """
    if data[:2] != b"\xff\xd8":
        return False
    place = 2
    while (found := NEXT_MARKER.search(data, place)) is not None:
        marker, place = found.group()[1], found.end()
        if marker == END:
            return False
        if marker not in (START, 0x01):  # these two have no length
            place += int.from_bytes(data[place : place + 2], "big")
    return True
