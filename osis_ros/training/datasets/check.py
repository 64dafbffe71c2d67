"""`osis data check`: is a copy of a data set whole, and what is missing?"""

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

from osis_ros.coco.annotations import EvaluationError, read_ground_truth
from osis_ros.training.class_names import COCO_KNOWN
from osis_ros.training.datasets.coco import ANNOTATIONS, FOLDERS, IMAGES
from osis_ros.training.datasets.graspnet import EXPECTED_SCENES, FRAMES, SCENES, scene_sets
from osis_ros.training.datasets.graspnet_scenes import convert_frame, scene_folder, scene_objects
from osis_ros.training.datasets.open_set import DatasetError, category_ids, read_annotations

DECODED = 20  # images of a set that are decoded, evenly spread; the others need only be there


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
    """Every field and mask of a COCO-format file; whether its images are there, and some of them decoded."""
    findings = Findings()
    try:
        truth = read_ground_truth(path)
    except EvaluationError as err:
        findings.problems.append(str(err))
        return findings
    objects = truth.objects
    marks = Counter(c.open_set or "not marked" for c in truth.categories)
    classes = ", ".join(f"{count} {mark}" for mark, count in marks.items())
    crowds = int(objects.crowd.sum())
    findings.facts.append(f"{path.name}: {len(truth.images)} images, {len(objects)} annotations ({crowds} crowds), "
                          f"{len(truth.categories)} classes ({classes})")  # fmt: skip
    findings.facts += truth.notes
    with_object = np.unique(objects.image[~objects.crowd])
    if len(with_object) < len(truth.images):
        findings.facts.append(f"{len(truth.images) - len(with_object)} images have no object")
    unused = [c.name for c in truth.categories if c.id not in set(objects.category.tolist())]
    if unused:
        findings.facts.append(f"no object of {_listed(unused)}")
    paths = [folder / image.file_name for image in truth.images]
    missing = [p for p in paths if not p.is_file()]
    if missing:
        findings.problems.append(f"{len(missing)} of {len(paths)} images are missing in {folder}, "
                                 f"the first is {truth.images[paths.index(missing[0])].file_name}")  # fmt: skip
    for index in np.unique(np.linspace(0, len(paths) - 1, min(DECODED, len(paths))).astype(int)) if paths else []:
        if paths[index].is_file():
            _check_size(paths[index], truth.images[index].height, truth.images[index].width, findings)
    return findings


def _check_size(path: Path, height: int, width: int, findings: Findings) -> None:
    image = cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if image is None:
        findings.problems.append(f"{path} cannot be decoded")
    elif image.shape[:2] != (height, width):
        findings.problems.append(f"{path} is {image.shape[1]}x{image.shape[0]}, its annotations say {width}x{height}")


def check_coco(root: Path) -> Findings:
    """COCO 2017: both annotation files, the 20 known classes in them, every image."""
    findings = Findings()
    for folder in FOLDERS:
        path = root / ANNOTATIONS.format(folder)
        if not path.is_file():
            findings.problems.append(f"{path} is missing")
            continue
        part = check_annotations(path, root / folder)
        findings.facts += part.facts
        findings.problems += part.problems
        try:
            tree = read_annotations(path)
            category_ids(tree, COCO_KNOWN, path)
            if len(tree["images"]) != IMAGES[folder]:
                findings.problems.append(f"{path.name} has {len(tree['images'])} images, COCO's has {IMAGES[folder]}")
        except DatasetError as err:
            findings.problems += [] if part.problems else [str(err)]
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
            findings = Findings()
            _check_size(root / image["file_name"], image["height"], image["width"], findings)
            problems += findings.problems
        except DatasetError as err:
            problems.append(str(err))
    return problems


def _ranges(numbers: list[int]) -> str:
    """0, 1, 2, 5 -> "0-2, 5"; long lists are cut."""
    starts = [n for n in numbers if n - 1 not in set(numbers)]
    ends = [n for n in numbers if n + 1 not in set(numbers)]
    return _listed([str(a) if a == b else f"{a}-{b}" for a, b in zip(starts, ends, strict=True)])


def _listed(words: list[str], most: int = 8) -> str:
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")
