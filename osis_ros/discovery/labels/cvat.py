"""CVAT's own format ("CVAT for images 1.1"), with masks, and the labels that its task needs."""

from xml.etree import ElementTree

import numpy as np

from osis_ros.discovery.labels.label_set import Label, LabelSet


def cvat_xml(labels: LabelSet) -> str:
    """annotations.xml: an image element for each picture, in which each object is a mask.

    A mask's `rle` are run lengths row by row within its box, alternately of outside and inside, outside first.
    """
    root = ElementTree.Element("annotations")
    ElementTree.SubElement(root, "version").text = "1.1"
    task = ElementTree.SubElement(ElementTree.SubElement(root, "meta"), "task")
    ElementTree.SubElement(task, "size").text = str(len(labels.pictures))
    ElementTree.SubElement(task, "mode").text = "annotation"
    listed = ElementTree.SubElement(task, "labels")
    for name in labels.names:
        entry = ElementTree.SubElement(listed, "label")
        ElementTree.SubElement(entry, "name").text = name
        ElementTree.SubElement(entry, "attributes")
    for index, picture in enumerate(labels.pictures):
        size = {"width": str(picture.width), "height": str(picture.height)}
        image = ElementTree.SubElement(root, "image", {"id": str(index), "name": picture.file, **size})
        for label in picture.labels:
            ElementTree.SubElement(image, "mask", _mask(label))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(root, "unicode") + "\n"


def cvat_labels(labels: LabelSet) -> list[dict]:
    """What the tab "Raw" of a task's label editor takes."""
    return [{"name": name, "type": "any", "attributes": []} for name in labels.names]


def _mask(label: Label) -> dict[str, str]:
    left, top, width, height = label.box
    return {
        "label": label.name, "source": "semi-auto", "occluded": "0", "rle": ", ".join(map(str, _runs(label.mask))),
        "left": str(left), "top": str(top), "width": str(width), "height": str(height), "z_order": "0",
    }  # fmt: skip


def _runs(mask: np.ndarray) -> list[int]:
    flat = mask.ravel()
    changes = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    runs = np.diff(changes, prepend=0, append=len(flat)).tolist()
    return [0, *runs] if flat[0] else runs
