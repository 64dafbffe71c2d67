"""`osis data check`: is a copy of a data set whole, and what is missing?"""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console

from osis_ros.coco.annotations import GroundTruth, read_ground_truth
from osis_ros.coco.pictures import read_picture
from osis_ros.errors import DatasetError, OsisError
from osis_ros.progress import track
from osis_ros.training.class_names import COCO_KNOWN
from osis_ros.training.datasets.coco import ANNOTATIONS, FOLDERS, IMAGES
from osis_ros.training.datasets.graspnet import EXPECTED_SCENES, FRAMES, SCENES, scene_sets
from osis_ros.training.datasets.graspnet_scenes import convert_frame, scene_folder, scene_objects

NAMED = 5  # pictures that cannot be used and are named one by one; of more, the number


@dataclass
class Findings:
    """What there is, and what is wrong with it, in sentences."""

    facts: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def check(path: Path, images: Path | None = None, camera: str = "realsense") -> Findings:
    """Check a copy of COCO 2017 or GraspNet-1Billion by its folder, or any COCO-format JSON file with its images.

    Args:
        images: for a JSON file, the folder that file names start at; the file's own folder when None.
        camera: for GraspNet, which camera's frames.
    Raises:
        DatasetError: there is nothing at `path` that could be checked.
    """
    if path.is_file():
        return check_annotations(path, images or path.parent)
    if (path / "scenes").is_dir():
        return check_graspnet(path, camera)
    if any((path / ANNOTATIONS.format(folder)).is_file() for folder in FOLDERS):
        return check_coco(path)
    raise DatasetError(f"{path}: neither a COCO-format JSON file, nor a folder with {ANNOTATIONS.format(FOLDERS[0])} "
                       "(COCO 2017) or scenes/scene_0000 (GraspNet-1Billion)")  # fmt: skip


def check_annotations(path: Path, folder: Path) -> Findings:
    """Every field and mask of a COCO-format file as training and evaluation read it, and every picture, decoded."""
    findings = Findings()
    truth = _read(path, findings)
    if truth is not None:
        _check_pictures(truth, folder, findings)
    return findings


def _read(path: Path, findings: Findings) -> GroundTruth | None:
    try:
        truth = read_ground_truth(path, boxes=True)
    except DatasetError as err:
        findings.problems.append(str(err))
        return None
    objects = truth.objects
    marks = Counter(c.open_set or "not marked" for c in truth.categories)
    classes = ", ".join(f"{count} {mark}" for mark, count in marks.items())
    crowds = int(objects.crowd.sum())
    findings.facts.append(f"{path.name}: {len(truth.images)} images, {len(objects)} annotations ({crowds} crowds), "
                          f"{len(truth.categories)} classes ({classes})")  # fmt: skip
    findings.facts += truth.notes
    if count := int(objects.box_only.sum()):
        findings.facts.append(f"{count} annotations have a box and no mask; training learns no mask from them, and "
                              "evaluation cannot use them")  # fmt: skip
    with_object = np.unique(objects.image[~objects.crowd])
    if len(with_object) < len(truth.images):
        findings.facts.append(f"{len(truth.images) - len(with_object)} images have no object")
    unused = [c.name for c in truth.categories if c.id not in set(objects.category.tolist())]
    if unused:
        findings.facts.append(f"no object of {_listed(unused)}")
    return truth


def _check_pictures(truth: GroundTruth, folder: Path, findings: Findings) -> None:
    paths = [folder / image.file_name for image in truth.images]
    missing = [image.file_name for image, path in zip(truth.images, paths, strict=True) if not path.is_file()]
    if missing:
        findings.problems.append(f"{len(missing)} of {len(paths)} images are missing in {folder}, "
                                 f"the first is {missing[0] or 'one without a file_name'}")  # fmt: skip
    there = [(path, i.height, i.width) for path, i in zip(paths, truth.images, strict=True) if path.is_file()]
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # OpenCV decodes outside Python's lock
        faults = track(
            pool.map(_fault_of, *zip(*there, strict=True)),
            "pictures",
            len(there),
            console=Console(stderr=True, markup=False, emoji=False),
        )
        wrong = [fault for fault in faults if fault] if there else []
    findings.problems += wrong[:NAMED]
    if len(wrong) > NAMED:
        findings.problems.append(f"{len(wrong) - NAMED} more pictures cannot be used")


def _fault_of(path: Path, height: int, width: int) -> str | None:
    """Why a picture cannot be used, or None."""
    try:
        read_picture(path, height, width)
    except OsisError as err:
        return str(err)
    return None


def check_coco(root: Path) -> Findings:
    """COCO 2017: both annotation files, the 20 known classes in them, every image."""
    findings = Findings()
    for folder in FOLDERS:
        path = root / ANNOTATIONS.format(folder)
        if not path.is_file():
            findings.problems.append(f"{path} is missing")
            continue
        truth = _read(path, findings)
        if truth is None:
            continue
        _check_pictures(truth, root / folder, findings)
        if len(truth.images) != IMAGES[folder]:
            findings.problems.append(f"{path.name} has {len(truth.images)} images, COCO's has {IMAGES[folder]}")
        try:
            for name in COCO_KNOWN:
                truth.category_id(name)
        except DatasetError as err:
            findings.problems.append(str(err))
    return findings


def check_graspnet(root: Path, camera: str = "realsense") -> Findings:
    """GraspNet-1Billion: every scene's object list, camera and frames; one frame of each is decoded; the sets that the
    scenes give."""
    findings = Findings()
    absent = [s for s in range(SCENES) if not scene_folder(root, s).is_dir()]
    if absent:
        findings.problems.append(f"{len(absent)} of {SCENES} scenes are missing: {_ranges(absent)}")
    try:
        objects = scene_objects(root)
    except DatasetError as err:
        findings.problems.append(str(err))
        return findings
    for scene, ids in objects.items():
        findings.problems += _scene_problems(root, scene, camera, ids)
    sets = scene_sets(objects)
    for name, scenes in sets.scenes.items():
        expected = EXPECTED_SCENES[name]
        whole = "complete" if len(scenes) == expected else f"of {expected}"
        findings.facts.append(f"{name}: {len(scenes)} scenes, {whole}; {len(scenes) * FRAMES} images")
        if not absent and len(scenes) != expected:
            findings.problems.append(f"{name} has {len(scenes)} scenes, expected {expected}: object_id_list.txt files "
                                     "differ from GraspNet's")  # fmt: skip
    findings.facts += [f"{name}: left out, {why}" for name, why in sets.left_out.items()]
    return findings


def _scene_problems(root: Path, scene: int, camera: str, objects: frozenset[int]) -> list[str]:
    folder = scene_folder(root, scene) / camera
    if not folder.is_dir():
        return [f"{folder} is missing"]
    problems = [] if (folder / "camK.npy").is_file() else [f"{folder / 'camK.npy'} is missing"]
    there: set[int] = set(range(FRAMES))
    for kind in ("rgb", "label"):
        frames = {int(p.stem) for p in (folder / kind).glob("[0-9][0-9][0-9][0-9].png")}
        missing = sorted(set(range(FRAMES)) - frames)
        there &= frames
        if missing:
            problems.append(f"{folder / kind}: {len(missing)} of {FRAMES} images are missing: {_ranges(missing)}")
    if there:
        try:
            image, _ = convert_frame(root, scene, min(there), camera, objects)
        except OsisError as err:
            return [*problems, str(err)]
        fault = _fault_of(root / image["file_name"], image["height"], image["width"])
        problems += [fault] if fault else []
    return problems


def _ranges(numbers: list[int]) -> str:
    """0, 1, 2, 5 -> "0-2, 5"; long lists are cut."""
    starts = [n for n in numbers if n - 1 not in set(numbers)]
    ends = [n for n in numbers if n + 1 not in set(numbers)]
    return _listed([str(a) if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True)])


def _listed(words: list[str], most: int = 8) -> str:
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")
