"""Label Studio's format: a task for each picture with the labels as a prediction, and the labelling configuration."""

from xml.etree import ElementTree

from osis_ros.discovery.labels.label_set import Label, LabelledPicture, LabelSet

FROM, TO = "label", "image"  # names of the controls in the configuration
FOLDER = "images"  # of the pictures, below Label Studio's document root


def label_studio_tasks(labels: LabelSet, model: str) -> list[dict]:
    """The tasks. Outlines are polygons in percent of the picture's size; one label of several parts gives several.

    Args:
        model: the name of what made the labels.
    """
    return [
        {
            "id": picture.number,
            "data": {"image": f"/data/local-files/?d={FOLDER}/{picture.file}"},
            "predictions": [{
                "model_version": model,
                "score": round(sum(label.instance.score for label in picture.labels) / len(picture.labels), 5),
                "result": [part for label in picture.labels for part in _results(picture, label)],
            }],
        }
        for picture in labels.pictures
    ]  # fmt: skip


def label_studio_configuration(labels: LabelSet) -> str:
    """The labelling configuration, XML, that such tasks need."""
    view = ElementTree.Element("View")
    ElementTree.SubElement(view, "Image", {"name": TO, "value": "$image", "zoom": "true"})
    choices = ElementTree.SubElement(view, "PolygonLabels", {"name": FROM, "toName": TO, "opacity": "0.4"})
    for name in labels.names:
        ElementTree.SubElement(choices, "Label", {"value": name})
    ElementTree.indent(view)
    return ElementTree.tostring(view, "unicode") + "\n"


def _results(picture: LabelledPicture, label: Label) -> list[dict]:
    size = (picture.width, picture.height)
    return [
        {
            "id": f"{label.number}_{part}",
            "from_name": FROM,
            "to_name": TO,
            "type": "polygonlabels",
            "original_width": picture.width,
            "original_height": picture.height,
            "image_rotation": 0,
            "score": label.instance.score,
            "value": {
                "points": (100 * outline / size).clip(0, 100).round(4).tolist(),
                "closed": True,
                "polygonlabels": [label.name],
            },
        }
        for part, outline in enumerate(label.polygons)
    ]
