"""A contact sheet of a data set, to see at a glance what it holds."""

import json
from pathlib import Path

import cv2
import numpy as np

from osis_ros.coco.rle import decode
from osis_ros.files.atomic import write_whole
from osis_ros.inference.image_file import read_image

SUFFIXES = (".png", ".jpg", ".jpeg")
_MARK = b"osis preview"  # behind the picture's end, which readers of pictures pass over
_COLUMNS, _ROWS, _WIDTH = 4, 4, 400  # of the sheet, and px of one picture
_KNOWN_COLOUR, _UNKNOWN_COLOUR = (80, 220, 80), (60, 60, 255)  # BGR outlines


def is_preview(file: Path) -> bool:
    """Whether an earlier `write_preview` drew a file."""
    return file.read_bytes().endswith(_MARK)


def write_preview(folder: Path, file: Path) -> None:
    """Draw the first images of OUT/SPLIT side by side, known objects outlined in green, unknown ones in red.

    Args:
        folder: OUT/SPLIT, complete.
        file: of one of the `SUFFIXES`; replaced whole or not at all.
    Raises:
        OSError: the file cannot be written.
    """
    truth = json.loads((folder / "instances.json").read_text())
    unknown = {c["id"] for c in truth["categories"] if c["open_set"] == "unknown"}
    images = truth["images"][: _COLUMNS * _ROWS]
    pictures = {i["id"]: read_image(folder / "images" / i["file_name"])[..., ::-1].copy() for i in images}
    for annotation in truth["annotations"]:
        if annotation["image_id"] in pictures:
            mask = decode(annotation["segmentation"]).astype(np.uint8)
            outline, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
            colour = _UNKNOWN_COLOUR if annotation["category_id"] in unknown else _KNOWN_COLOUR
            cv2.drawContours(pictures[annotation["image_id"]], outline, -1, colour, 2)
    height = round(_WIDTH * images[0]["height"] / images[0]["width"])
    small = [cv2.resize(picture, (_WIDTH, height), interpolation=cv2.INTER_AREA) for picture in pictures.values()]
    small += [np.zeros_like(small[0])] * (-len(small) % _COLUMNS)
    rows = [np.concatenate(small[i : i + _COLUMNS], 1) for i in range(0, len(small), _COLUMNS)]
    _, data = cv2.imencode(file.suffix, np.concatenate(rows))
    write_whole(file, data.tobytes() + _MARK)
