"""Whether a picture's file is whole. Decoders differ: OpenCV 4 gives half a JPEG as a picture with rows of whatever was
in memory, OpenCV 5 refuses it where it decodes from memory and fills it with grey where it reads the file."""

import re

JPEG_START, PNG_START, PNG_END = b"\xff\xd8", b"\x89PNG", b"IEND"
START, END, TEMPORARY = 0xD8, 0xD9, 0x01
# A marker within compressed data: not a stuffed FF 00, not a restart marker, not a fill byte.
NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")


def cut_off(data: bytes) -> str | None:
    """ "JPEG" or "PNG" for such a file that ends before its end marker; None for a whole one, or one of another kind.

    Segments are passed over by their length, so the end marker of an embedded thumbnail is not taken for the picture's.
    What follows the end marker does not matter: cameras pad their frames.
    """
    if data.startswith(PNG_START):
        return None if PNG_END in data else "PNG"
    if not data.startswith(JPEG_START):
        return None
    place = len(JPEG_START)
    while (found := NEXT_MARKER.search(data, place)) is not None:
        marker, place = found.group()[1], found.end()
        if marker == END:
            return None
        if marker not in (START, TEMPORARY):  # these two have no length
            place += int.from_bytes(data[place : place + 2], "big")
    return "JPEG"
