"""Labels in every format, read back by the rules of the tool that they are for."""

import json
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
from label_readers import Labels, painted, read_cvat, read_label_studio, read_labelme

pytest.importorskip("faster_coco_eval", reason="COCO's files are read with faster-coco-eval")
import faster_coco_eval.core.mask as rle_api
from faster_coco_eval import COCO

from osis_ros.coco.annotations import read_ground_truth
from osis_ros.coco.rle import encode
from osis_ros.discovery.labels.coco import coco
from osis_ros.discovery.labels.cvat import cvat_labels, cvat_xml
from osis_ros.discovery.labels.label_set import LabelSet, label_set
from osis_ros.discovery.labels.label_studio import label_studio_configuration, label_studio_tasks
from osis_ros.discovery.labels.labelme import labelme
from osis_ros.discovery.labels.polygons import polygons
from osis_ros.discovery.record import DiscoveryRecord, InstanceRecord, PictureRecord

HEIGHT, WIDTH = 60, 80


def disc(x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    return (columns - x) ** 2 + (rows - y) ** 2 <= radius**2


SHAPES = {
    "disc": disc(20, 20, 12),
    "at the border": disc(78, 58, 14),
    "two parts": disc(50, 15, 8) | disc(70, 15, 6),
    "ring": disc(30, 40, 12) & ~disc(30, 40, 6),
    "line": np.pad(np.ones((1, 30), bool), ((5, 54), (25, 25))),
    "pixel": np.pad(np.ones((1, 1), bool), ((30, 29), (0, 79))),
}


def record(*things: tuple[str, int | None, str | None], clusters: int = 3) -> DiscoveryRecord:
    """Of (shape, cluster, known class), two on a picture."""
    instances = []
    for number, (shape, cluster, known) in enumerate(things):
        mask = SHAPES[shape]
        instances.append(InstanceRecord(
            picture=number // 2, thing=number + 1, class_name=known, cluster=cluster, medoid=True, score=0.5,
            distance=0.2, roi=(0, 0, WIDTH, HEIGHT), counts=encode(mask)["counts"],
        ))  # fmt: skip
    pictures = tuple(
        PictureRecord(file=f"{number:06d}.jpg", height=HEIGHT, width=WIDTH, source="a test")
        for number in range((len(things) + 1) // 2)
    )
    return DiscoveryRecord(
        model="m", model_sha256="0" * 64, class_names=("cup", "red & <green>"), parameters={}, clusters=clusters,
        pictures=pictures, instances=tuple(instances),
    )  # fmt: skip


THINGS = (("disc", 1, None), ("at the border", 2, None), ("two parts", 1, None), ("ring", None, "red & <green>"),
          ("line", 0, None), ("pixel", 3, None))  # fmt: skip
NAMING: Mapping[int, str | None] = {1: "Löffel", 2: None, 3: "Löffel"}
EXPECTED = {
    "000000.jpg": [("Löffel", "disc")],
    "000001.jpg": [("Löffel", "two parts"), ("red & <green>", "ring")],
    "000002.jpg": [("unknown", "line"), ("Löffel", "pixel")],
}


@pytest.fixture(scope="module")
def labels() -> LabelSet:
    return label_set(record(*THINGS), NAMING)


def check(found: Labels, exact: bool) -> None:
    """The classes, and the masks themselves; or, drawn with polygons, masks that are nearly the same."""
    assert {file: [name for name, _ in entries] for file, entries in found.items()} == {
        file: [name for name, _ in entries] for file, entries in EXPECTED.items()
    }
    for file, entries in EXPECTED.items():
        for (_, shape), (_, mask) in zip(entries, found[file], strict=True):
            wanted = disc(30, 40, 12) if shape == "ring" and not exact else SHAPES[shape]  # polygons fill holes
            shared = (mask & wanted).sum() / (mask | wanted).sum()
            assert shared == 1 if exact else shared > 0.95, (shape, shared)


def test_dropped_things_have_no_label_and_equal_names_are_one_class(labels: LabelSet):
    assert labels.names == ("Löffel", "red & <green>", "unknown")
    assert labels.new == ("Löffel",)
    assert [label.number for picture in labels.pictures for label in picture.labels] == [1, 2, 3, 4, 5]


def test_a_cluster_may_be_named_like_a_known_class_or_unknown():
    found = label_set(record(*THINGS), {1: "cup", 2: "unknown", 3: "cup"})
    assert found.names == ("cup", "red & <green>", "unknown")
    assert found.new == ()
    assert [label.name for label in found.pictures[0].labels] == ["cup", "unknown"]


def test_a_picture_without_labels_is_left_out():
    found = label_set(record(("disc", 1, None), ("ring", 1, None), ("disc", 2, None)), {1: None, 2: "mug", 3: "pan"})
    assert [picture.file for picture in found.pictures] == ["000001.jpg"]
    assert [picture.number for picture in found.pictures] == [2]


@pytest.mark.parametrize("as_polygons", [False, True])
def test_coco_is_read_as_its_own_tools_read_it(labels: LabelSet, as_polygons: bool, tmp_path: Path):
    tree = coco(labels, as_polygons)
    file = tmp_path / "coco.json"
    file.write_text(json.dumps(tree))
    read = COCO(str(file))
    names = {entry["id"]: entry["name"] for entry in read.loadCats(read.getCatIds())}
    assert names == {1: "Löffel", 2: "red & <green>", 3: "unknown"}
    assert sorted(read.getAnnIds()) == [1, 2, 3, 4, 5]
    found: Labels = {}
    for image in read.loadImgs(read.getImgIds()):
        entries = read.loadAnns(read.getAnnIds(imgIds=[image["id"]]))
        masks = [read.annToMask(entry).astype(bool) for entry in entries]
        found[image["file_name"]] = [(names[e["category_id"]], mask) for e, mask in zip(entries, masks)]
    check(found, exact=not as_polygons)
    assert read_ground_truth(file).notes == []  # our own reader, too, which says what is odd
    for entry in tree["annotations"]:
        assert entry["iscrowd"] == 0
        assert entry["attributes"]["cluster"] in (0, 1, 3)
    by_shape = {entry["id"]: entry for entry in tree["annotations"]}
    assert (by_shape[4]["bbox"], by_shape[4]["area"]) == ([25, 5, 30, 1], 30)  # the line
    if not as_polygons:
        boxes = rle_api.toBbox([by_shape[number]["segmentation"] for number in range(1, 6)])
        assert boxes.tolist() == [by_shape[number]["bbox"] for number in range(1, 6)]


def test_cvat_reads_its_masks(labels: LabelSet, tmp_path: Path):
    (tmp_path / "annotations.xml").write_text(cvat_xml(labels), "utf-8")
    check(read_cvat(tmp_path / "annotations.xml"), exact=True)
    assert [entry["name"] for entry in cvat_labels(labels)] == list(labels.names)


def test_label_studio_reads_its_polygons(labels: LabelSet, tmp_path: Path):
    (tmp_path / "tasks.json").write_text(json.dumps(label_studio_tasks(labels, "m")))
    (tmp_path / "label.xml").write_text(label_studio_configuration(labels), "utf-8")
    check(read_label_studio(tmp_path / "tasks.json", tmp_path / "label.xml"), exact=False)


def test_labelme_reads_its_polygons(labels: LabelSet, tmp_path: Path):
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    for picture in labels.pictures:
        cv2.imwrite(str(tmp_path / "images" / picture.file), np.zeros((HEIGHT, WIDTH, 3), np.uint8))
        file = (tmp_path / "labels" / picture.file).with_suffix(".json")
        file.write_text(json.dumps(labelme(picture, "../images")))
    check(read_labelme(tmp_path / "labels"), exact=False)


def test_specks_are_no_parts_and_few_corners_hold_an_outline():
    speckled = SHAPES["disc"].copy()
    speckled[50, 70] = True
    (outline,) = polygons(speckled)
    assert len(outline) < 40  # of about 75 pixels along the edge
    (square,) = polygons(np.ones((10, 20), bool), (5, 7))
    assert np.abs(painted([square], HEIGHT, WIDTH)[7:17, 5:25].mean() - 1) < 1e-9
    assert painted([square], HEIGHT, WIDTH).sum() == 200
