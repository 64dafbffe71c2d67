"""From a discovery and its names.csv to labels, in the folder labels/ of the discovery."""

import json
from dataclasses import dataclass
from pathlib import Path

from osis_ros.discovery.errors import DiscoveryError
from osis_ros.discovery.labels.coco import DESCRIPTION, coco
from osis_ros.discovery.labels.cvat import cvat_labels, cvat_xml
from osis_ros.discovery.labels.label_set import LabelSet, label_set
from osis_ros.discovery.labels.label_studio import label_studio_configuration, label_studio_tasks
from osis_ros.discovery.labels.labelme import labelme
from osis_ros.discovery.labels.taught_gallery import taught_names
from osis_ros.discovery.labels.training import training_configuration
from osis_ros.discovery.names_file import NAMES_FILE, read_names
from osis_ros.discovery.record import PICTURES_FOLDER, DiscoveryRecord, read_embeddings, read_record
from osis_ros.files.result_folder import Mark
from osis_ros.files.written_folder import written_folder
from osis_ros.teaching.gallery_folder import write_name

LABELS_FOLDER = "labels"
COCO_FILE, GALLERY_FOLDER = "coco.json", "gallery"
MARK, COMMAND = Mark(COCO_FILE, DESCRIPTION), "osis discover apply"


@dataclass(frozen=True)
class Applied:
    """What was written: the folder, the new classes, how many objects on how many pictures, and for each class that
    the gallery could not take the reason, one sentence."""

    folder: Path
    new: tuple[str, ...]
    objects: int
    pictures: int
    not_taught: dict[str, str]


def apply(folder: Path) -> Applied:
    """Write the labels of a discovery whose clusters were named, in every format.

    Raises:
        DiscoveryError: no discovery, a names.csv with bad rows (NamesError), or nothing left to label.
        RunFolderError: labels that somebody has changed since.
        OSError: the labels cannot be written.
    """
    record = read_record(folder)
    naming = read_names(folder / NAMES_FILE, record.clusters)
    for picture in record.pictures:
        if not (folder / PICTURES_FOLDER / picture.file).is_file():
            raise DiscoveryError(f"{folder / PICTURES_FOLDER / picture.file} is missing; run osis discover again")
    labels = label_set(record, naming)
    if not labels.new:
        raise DiscoveryError(f"{folder / NAMES_FILE} names no new class: every cluster is dropped, a known class or "
                             "unknown")  # fmt: skip
    taught = taught_names(record, read_embeddings(folder, record), labels, folder / PICTURES_FOLDER)
    with written_folder(folder / LABELS_FOLDER, MARK, COMMAND) as draft:
        _write(labels, record, draft)
        for name in taught.gallery.names:
            write_name(draft / GALLERY_FOLDER, taught.gallery, name)
    return Applied(folder / LABELS_FOLDER, labels.new, labels.count, len(labels.pictures), taught.left_out)


def _write(labels: LabelSet, record: DiscoveryRecord, folder: Path) -> None:
    _write_json(folder / COCO_FILE, coco(labels, as_polygons=False))
    _write_json(folder / "coco_polygons.json", coco(labels, as_polygons=True))
    (folder / "cvat.xml").write_text(cvat_xml(labels), "utf-8")
    _write_json(folder / "cvat_labels.json", cvat_labels(labels))
    _write_json(folder / "label_studio.json", label_studio_tasks(labels, record.model))
    (folder / "label_studio.xml").write_text(label_studio_configuration(labels), "utf-8")
    (folder / "labelme").mkdir()
    for picture in labels.pictures:
        file = (folder / "labelme" / picture.file).with_suffix(".json")
        _write_json(file, labelme(picture, f"../../{PICTURES_FOLDER}"))
    text = training_configuration(labels, record.class_names, f"{LABELS_FOLDER}/{COCO_FILE}", PICTURES_FOLDER)
    (folder / "train.yaml").write_text(text, "utf-8")


def _write_json(file: Path, content: object) -> None:
    file.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", "utf-8")
