"""COCO's format, with run-length encodings for tools that know masks, and with polygons for the others."""

from osis_ros.coco.rle import encode
from osis_ros.discovery.labels.label_set import Label, LabelledPicture, LabelSet

DESCRIPTION = "osis discover apply"  # by which a later run knows that it may replace the labels


def coco(labels: LabelSet, as_polygons: bool) -> dict:
    """The content of a COCO annotation file; all ids begin at 1, as CVAT wants them.

    Args:
        as_polygons: `segmentation` is a list of polygons, in which holes are lost; else compressed run lengths.
    """
    ids = {name: number for number, name in enumerate(labels.names, 1)}
    return {
        "info": {"description": DESCRIPTION},
        "licenses": [],
        "images": [
            {"id": picture.number, "file_name": picture.file, "height": picture.height, "width": picture.width}
            for picture in labels.pictures
        ],
        "categories": [{"id": number, "name": name, "supercategory": ""} for name, number in ids.items()],
        "annotations": [
            _annotation(picture, label, ids[label.name], as_polygons)
            for picture in labels.pictures
            for label in picture.labels
        ],
    }


def _annotation(picture: LabelledPicture, label: Label, category: int, as_polygons: bool) -> dict:
    x, y, width, height = label.box
    whole = encode(label.mask, (x, y), (picture.height, picture.width))
    return {
        "id": label.number,
        "image_id": picture.number,
        "category_id": category,
        "iscrowd": 0,
        "bbox": [x, y, width, height],
        "area": int(label.mask.sum()),
        "segmentation": [outline.ravel().tolist() for outline in label.polygons] if as_polygons else whole,
        "attributes": {
            "score": label.instance.score,
            "thing": label.instance.thing,
            "cluster": label.instance.cluster or 0,
        },
    }
