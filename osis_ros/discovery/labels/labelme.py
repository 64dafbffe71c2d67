"""labelme's format: a JSON file for each picture, with polygons."""

from osis_ros.discovery.labels.label_set import LabelledPicture

VERSION = "5.5.0"  # of labelme, whose form this is; newer ones read it


def labelme(picture: LabelledPicture, folder: str) -> dict:
    """The content of one file. The parts of one object share a `group_id`.

    Args:
        folder: of the pictures, relative to that of this file.
    """
    return {
        "version": VERSION,
        "flags": {},
        "shapes": [
            {
                "label": label.name,
                "points": outline.tolist(),
                "group_id": label.number,
                "description": f"score {label.instance.score:g}",
                "shape_type": "polygon",
                "flags": {},
                "mask": None,
            }
            for label in picture.labels
            for outline in label.polygons
        ],
        "imagePath": f"{folder}/{picture.file}",
        "imageData": None,
        "imageHeight": picture.height,
        "imageWidth": picture.width,
    }
