"""GraspNet's scene folders -> COCO-format annotations: every frame's label image becomes instance masks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from osis_ros.coco.annotations import read_tree
from osis_ros.coco.rle import encode
from osis_ros.errors import DatasetError
from osis_ros.inference.image_file import read_label_image
from osis_ros.parallel import processes
from osis_ros.training.datasets.graspnet import FRAMES, OBJECTS, SceneSets, categories
from osis_ros.training.datasets.open_set import read_annotations, write_annotations

CAMERAS = ("realsense", "kinect")


def scene_folder(root: Path, scene: int) -> Path:
    return root / "scenes" / f"scene_{scene:04d}"


def scene_objects(root: Path) -> dict[int, frozenset[int]]:
    """The objects (0-based ids) of every scene under root/scenes, from its object_id_list.txt.

    Raises:
        DatasetError: no scenes, or a list that is missing or is none.
    """
    folders = sorted((root / "scenes").glob("scene_[0-9][0-9][0-9][0-9]"))
    if not folders:
        raise DatasetError(f"{root / 'scenes'}: no scene folders (scene_0000, …), expected a copy of GraspNet-1Billion")
    return {int(folder.name.removeprefix("scene_")): _object_ids(folder) for folder in folders}


def _object_ids(folder: Path) -> frozenset[int]:
    path = folder / "object_id_list.txt"
    try:
        ids = frozenset(int(word) for word in path.read_text().split())
    except OSError as err:
        raise DatasetError(f"{path}: cannot be read ({err.strerror})") from None
    except ValueError:
        raise DatasetError(f"{path}: not a list of object ids") from None
    if not ids or min(ids) < 0 or max(ids) >= OBJECTS:
        raise DatasetError(f"{path}: object ids {sorted(ids)}, expected some of 0..{OBJECTS - 1}")
    return ids


def convert_frame(root: Path, scene: int, frame: int, camera: str, objects: frozenset[int]) -> tuple[dict, list[dict]]:
    """One frame's COCO image entry and annotations (without annotation ids).

    A label image holds 1 + the object's id, 0 for the table; an object is there once in a scene, so its pixels are
    one instance even where others hide its middle. The image's id is scene · 256 + frame.

    Raises:
        ImageError: a label image that is missing or broken.
        DatasetError: no picture, or labels that the scene's object list does not have.
    """
    folder = scene_folder(root, scene) / camera
    path = folder / "label" / f"{frame:04d}.png"
    label = read_label_image(path)
    rgb = folder / "rgb" / f"{frame:04d}.png"
    if not rgb.is_file():
        raise DatasetError(f"{rgb}: no such file")
    image_id = scene * FRAMES + frame
    height, width = label.shape
    image = {"id": image_id, "file_name": rgb.relative_to(root).as_posix(), "height": height, "width": width,
             "scene": scene, "frame": frame}  # fmt: skip
    annotations = []
    for value in np.flatnonzero(np.bincount(label.ravel())).tolist():
        if value == 0:
            continue
        if value - 1 not in objects:
            raise DatasetError(f"{path}: label {value} is object {value - 1}, which the scene's object_id_list.txt "
                               "does not name")  # fmt: skip
        inside = (label == value).astype(np.uint8)
        x, y, columns, rows = cv2.boundingRect(inside)
        crop = inside[y : y + rows, x : x + columns]
        annotations.append({
            "image_id": image_id, "category_id": value - 1, "segmentation": encode(crop, (x, y), (height, width)),
            "area": int(crop.sum()), "bbox": [x, y, columns, rows], "iscrowd": 0,
        })  # fmt: skip
    return image, annotations


def convert_scene(scene: int, root: Path, output: Path, camera: str) -> Path:
    """One scene's frames to output/scenes/CAMERA/scene_0000.json; left alone if it is there and complete."""
    shard = output / "scenes" / camera / f"scene_{scene:04d}.json"
    frames = sorted(
        int(p.stem) for p in (scene_folder(root, scene) / camera / "label").glob("[0-9][0-9][0-9][0-9].png")
    )
    if not frames:
        raise DatasetError(f"{scene_folder(root, scene) / camera / 'label'}: no label images (0000.png, …)")
    if shard.is_file() and len(read_tree(shard)["images"]) == len(frames):
        return shard
    objects = _object_ids(scene_folder(root, scene))
    images, annotations = [], []
    for frame in frames:
        image, found = convert_frame(root, scene, frame, camera, objects)
        images.append(image)
        annotations += found
    write_annotations({"images": images, "annotations": annotations, "categories": categories()}, shard)
    return shard


def convert_scenes(
    scenes: Iterable[int], root: Path, output: Path, camera: str, workers: int, done: Callable[[], object]
) -> dict[int, Path]:
    """All scenes, several at a time; `done` is called after each. Stopped and started again, it goes on where it was.

    Raises:
        DatasetError: a scene that does not fit. WorkerLostError: a process that was killed.
    """
    shards = {}
    make = partial(_Converter, root, output, camera)
    for scene, shard in processes.run(make, sorted(scenes), workers):
        shards[scene] = shard
        done()
    return shards


@dataclass(frozen=True)
class _Converter:
    """`convert_scene` for one folder after the other."""

    root: Path
    output: Path
    camera: str

    def __call__(self, scene: int) -> Path:
        return convert_scene(scene, self.root, self.output, self.camera)


def join_scenes(name: str, sets: SceneSets, shards: dict[int, Path]) -> dict[str, Any]:
    """The COCO-format tree of one set, from its scenes."""
    images, annotations = [], []
    for scene in sets.scenes[name]:
        tree, _ = read_annotations(shards[scene])
        images += tree["images"]
        annotations += tree["annotations"]
    if name == "train":  # a frame in which no object shows teaches nothing
        seen = {a["image_id"] for a in annotations}
        images = [i for i in images if i["id"] in seen]
    numbered = [{"id": number, **a} for number, a in enumerate(annotations, 1)]
    return {"info": {"description": f"GraspNet-OSIS {name}"}, "images": images, "annotations": numbered,
            "categories": categories(known_only=name == "train")}  # fmt: skip
