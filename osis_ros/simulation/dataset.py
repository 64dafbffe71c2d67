"""Data sets of rendered scenes in COCO's format, rendered by several processes and resumed where they stopped.

A folder OUT/SPLIT holds `images/000000.jpg …`, `instances.json`, `settings.json`, and `records/`, one small JSON file
an image, from which instances.json (and goss.json where wanted) is put together at the end. An image counts as done
when its record is there: both are written under another name first and then renamed, record last.
"""

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from osis_ros.coco.rle import encode
from osis_ros.errors import DatasetError
from osis_ros.files.atomic import write_whole
from osis_ros.parallel import processes, ray_cluster
from osis_ros.simulation.categories import ALL, KNOWN, shown_in
from osis_ros.simulation.draws import SPLITS
from osis_ros.simulation.render import MIN_PIXELS, Frame, FrameObject, Renderer
from osis_ros.simulation.scene import Scene, make_scene
from osis_ros.simulation.surroundings import STUFF
from osis_ros.simulation.symmetry import Symmetry, rotation_symmetry
from osis_ros.simulation.truth3d import ObjectTruth, object_truths

# Tabletop-OSIS, the benchmark: images of each split, from seed 0 on, 640x480, with the views below.
TABLETOP_OSIS = {"train": 3000, "val": 500, "test": 1000, "demo": 100, "outliers": 5100}
VIEWS_PER_SCENE = {"train": 3, "val": 2, "test": 2, "demo": 2, "outliers": 3}
# Raised when the same seed no longer gives the same picture; the outliers have had 16, 32, 48, then 64 kinds.
GENERATIONS = {"train": 1, "val": 1, "test": 1, "demo": 1, "outliers": 4}
JPEG_QUALITY = 92
FIRST_STUFF = 101  # category id of the first stuff, above all objects'
SETTINGS_FILE = "settings.json"
DRAFT = re.compile(r"\.\d{6}\.(jpg|json|png)\.\d+")  # what `write_whole` leaves of an image where it is killed
LATER = ("goss", "space")  # settings that the first data sets do not name
_ATTEMPTS = 4  # cameras tried until one sees an object


@dataclass(frozen=True)
class Settings:
    """What a data set is made from; the same settings give the same bytes.

    Attributes:
        split: train (known categories only), outliers (those, and others), val, test or demo.
        seed: the first scene's seed; scene i has seed + i.
        width, height: image size, px.
        views: images per scene.
        depth: also write depth/*.png, uint16 millimetres, 0 where nothing is.
        goss: also write goss.json, in which each pixel has a label: the objects, and stuff such as table and wall.
        space: also write each object's true box, visible share and symmetry, and the support plane.
    """

    split: str
    seed: int
    width: int
    height: int
    views: int
    depth: bool
    goss: bool = False
    space: bool = False

    def written(self) -> dict:
        """As settings.json and the annotation files hold them. Those that came later only where they are set."""
        return {name: value for name, value in vars(self).items() if name not in LATER or value}

    def check(self) -> None:
        """Raises DatasetError naming the setting that is out of range."""
        if self.split not in SPLITS:
            raise DatasetError(f"--split is {self.split!r}, expected one of {', '.join(SPLITS)}")
        if not 0 <= self.seed < 2**31:
            raise DatasetError(f"--seed is {self.seed}, expected 0..{2**31 - 1}")
        for name, value, low, high in (("width", self.width, 64, 1920), ("height", self.height, 64, 1200)):
            if not low <= value <= high:
                raise DatasetError(f"--{name} is {value}, expected {low}..{high} pixels")
        if not 1 <= self.views <= 16:
            raise DatasetError(f"--views is {self.views}, expected 1..16 images per scene")


def write_dataset(
    out: Path, settings: Settings, count: int, workers: int, ray_address: str | None = None
) -> Iterator[int]:
    """Make `count` images under out/SPLIT; images that are there already are kept.

    Args:
        out: the data set's folder, made if need be.
        settings: what to make; must equal those that the folder was begun with.
        count: images in all; a later call may ask for more.
        workers: processes, 1 or more; 1 works in this process.
        ray_address: of a Ray cluster that renders instead, on all its cores.
    Yields:
        the number of images done so far, first of all that of those found; instances.json is written before the end.
    Raises:
        DatasetError: bad settings, or a folder that holds something else. OSError: a folder that takes no more.
        RayError, WorkerLostError: as `osis_ros.parallel` has them.
    """
    settings.check()
    if count < 1:
        raise DatasetError(f"--count is {count}, expected 1 or more images")
    if workers < 1:
        raise DatasetError(f"--workers is {workers}, expected 1 or more processes")
    folder = out / settings.split
    _begin(folder, settings)
    if sum(1 for _ in (folder / "records").iterdir()) > count:
        raise DatasetError(f"{folder} holds more than {count} images; ask for at least as many, or use another folder")
    missing = [index for index in range(count) if not _is_done(folder, settings, index)]
    done = count - len(missing)
    yield done
    scenes = sorted({index // settings.views for index in missing})
    wanted = set(missing)
    jobs = [[i for i in range(s * settings.views, (s + 1) * settings.views) if i in wanted] for s in scenes]
    for job, files in _rendered(settings, jobs, workers, ray_address):
        for name, content in files.items():
            write_whole(folder / name, content)
        done += len(job)
        yield done
    _assemble(folder, settings, count)


def _begin(folder: Path, settings: Settings) -> None:
    """Hold the settings against those that an earlier run wrote down, then make the folders.

    Nothing is made or deleted in a folder before it is known to be such a run's, or empty.
    """
    file = folder / SETTINGS_FILE
    generation = {"generation": GENERATIONS[settings.split]}
    if file.exists():
        theirs = {**dict.fromkeys(LATER, False), **_settings_of(file)}
        mine = generation | vars(settings)
        changed = [
            f"{key} {theirs.get(key)!r}, now {value!r}" for key, value in mine.items() if theirs.get(key) != value
        ]
        if changed:
            raise DatasetError(
                f"{folder} was begun with other settings ({'; '.join(changed)}); use another folder or remove it"
            )
    else:
        if (foreign := _first_file(folder)) is not None:
            raise DatasetError(
                f"{folder} holds {foreign.relative_to(folder)} but no {SETTINGS_FILE}; use an empty folder"
            )
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(file, json.dumps(generation | settings.written(), indent=1).encode())
    for part in ("images", "records", *(["depth"] if settings.depth else [])):
        (folder / part).mkdir(exist_ok=True)
        for draft in (folder / part).glob(".*"):  # of a run that was killed
            if DRAFT.fullmatch(draft.name):
                draft.unlink(missing_ok=True)


def _settings_of(file: Path) -> dict:
    try:
        settings = json.loads(file.read_text())
    except ValueError:
        settings = None
    if not isinstance(settings, dict):
        raise DatasetError(f"{file} does not hold the settings of rendered scenes; use another folder")
    return settings


def _first_file(folder: Path) -> Path | None:
    """Any file below a folder but a draft of the settings; None where there is none."""
    drafts = f".{SETTINGS_FILE}."
    found = (path for path in folder.rglob("*") if not path.is_dir() and not path.name.startswith(drafts))
    return next(found, None)


def _rendered(
    settings: Settings, jobs: list[list[int]], workers: int, ray_address: str | None
) -> Iterator[tuple[list[int], dict[str, bytes]]]:
    """Each job's images, by number, and their files."""
    if not jobs:  # all there already, rendered on another machine perhaps: no OpenGL is needed
        return iter(())
    make = partial(_Studio, settings)
    if ray_address is not None:
        return ray_cluster.run(make, jobs, ray_address)
    if workers > 1:
        Renderer(settings.width, settings.height).close()  # no OpenGL: say so here, not in every worker
    return processes.run(make, jobs, workers)


class _Studio:
    """One process's renderer."""

    def __init__(self, settings: Settings) -> None:
        os.environ.setdefault("LP_NUM_THREADS", "1")  # one process a core; software OpenGL needs no threads of its own
        self.settings = settings
        self.renderer = Renderer(settings.width, settings.height)

    def __call__(self, indices: list[int]) -> dict[str, bytes]:
        """Make the images of one scene. Returns their files by name, in the order in which to write them."""
        settings, files = self.settings, {}
        seed = settings.seed + indices[0] // settings.views
        scene = make_scene(seed, settings.split)
        symmetries = _symmetries(scene) if settings.space else {}
        for index in indices:
            for attempt in range(_ATTEMPTS):
                view = scene.view(index % settings.views, settings.width, settings.height, attempt)
                frame = self.renderer.frame(scene, view)
                if frame.objects:
                    break
            in_space = None
            if settings.space:
                in_space = [_in_space(item, symmetries[item.body]) for item in object_truths(scene, frame)]
            files |= self._files(index, seed, frame, in_space)
        return files

    def _files(self, index: int, seed: int, frame: Frame, in_space: list[dict] | None) -> dict[str, bytes]:
        coded = cv2.imencode(".jpg", frame.rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1]
        files = {f"images/{_image_name(index)}": coded.tobytes()}
        if self.settings.depth:
            millimetres = np.clip(np.rint(frame.depth * 1000), 0, 65535).astype(np.uint16)
            files[_depth_name(index)] = cv2.imencode(".png", millimetres)[1].tobytes()
        record = {
            "scene_seed": seed,
            "view": index % self.settings.views,
            "intrinsics": np.round(frame.camera.intrinsics, 4).tolist(),
            "camera_pose": np.round(frame.camera.pose, 6).tolist(),
            "annotations": [_annotation(frame, item) for item in frame.objects],
        }
        if in_space is not None:
            record["support_plane"] = _support_plane(frame)
            for annotation, more in zip(record["annotations"], in_space, strict=True):
                annotation |= more
        if self.settings.goss:
            record["stuff"] = _stuff_annotations(frame)
        return files | {_record_name(index): json.dumps(record).encode()}


def _annotation(frame: Frame, item: FrameObject) -> dict:
    x0, y0, x1, y1 = item.box
    mask = frame.instance_ids[y0:y1, x0:x1] == item.instance_id
    return {
        "category_id": ALL.index(item.category) + 1,
        "segmentation": encode(mask, (x0, y0), frame.instance_ids.shape),
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "area": item.pixels,
        "iscrowd": 0,
        "pose": np.round(item.pose, 5).tolist(),
    }


def _symmetries(scene: Scene) -> dict[int, Symmetry]:
    """Of each object that lies in the scene, by its body."""
    return {item.body: rotation_symmetry(scene.cast[item.body - 1][1]) for item in scene.objects}


def _in_space(truth: ObjectTruth, symmetry: Symmetry) -> dict:
    """The upright box round the whole object in the world frame, metres and radians; how much of it is seen; and the
    symmetry of its shape in its own frame."""
    box = {"center": np.round(truth.centre, 5).tolist(), "size": np.round(truth.size, 5).tolist()}
    seen = {"box3d": {**box, "yaw": round(truth.yaw, 5)}, "visible_share": round(truth.visible_share, 4)}
    return seen | symmetry.written()


def _support_plane(frame: Frame) -> dict:
    """The table top in the optical frame: normal · p + offset = 0."""
    pose = frame.camera.pose
    return {"normal": np.round(pose[2, :3], 6).tolist(), "offset": round(float(pose[2, 3]), 6)}


def _stuff_annotations(frame: Frame) -> list[dict]:
    """One annotation for each kind of stuff that is seen."""
    seen = np.flatnonzero(np.bincount(frame.stuff_ids.ravel())[1:]) + 1
    masks = {number: frame.stuff_ids == number for number in seen.tolist()}
    return [
        {"category_id": FIRST_STUFF + number - 1, "segmentation": encode(mask), "area": int(mask.sum()), "iscrowd": 0}
        for number, mask in masks.items()
    ]


def _assemble(folder: Path, settings: Settings, count: int) -> None:
    """Put the records of images 0..count-1 together as instances.json, and as goss.json where wanted."""
    images, annotations, stuff = [], [], []
    for index in range(count):
        record = json.loads((folder / _record_name(index)).read_text())
        stuff += [{"image_id": index + 1, **annotation} for annotation in record.pop("stuff", [])]
        for annotation in record.pop("annotations"):
            annotations.append({"id": len(annotations) + 1, "image_id": index + 1, **annotation})
        images.append({"id": index + 1, "file_name": _image_name(index), "width": settings.width,
                       "height": settings.height, "seed": settings.seed, **record})  # fmt: skip
    names = shown_in(settings.split)
    content = {
        "info": {
            "description": f"Tabletop scenes rendered by osis scenes, split {settings.split}",
            "min_visible_pixels": MIN_PIXELS,
            **settings.written(),
        },
        "licenses": [],
        "categories": [
            {
                "id": ALL.index(name) + 1,
                "name": name,
                "supercategory": "tabletop",
                "open_set": "known" if name in KNOWN else "unknown",
            }
            for name in names
        ],
        "images": images,
        "annotations": annotations,
    }
    write_whole(folder / "instances.json", json.dumps(content).encode())
    if settings.goss:
        things = [{**category, "isthing": 1} for category in content["categories"]]
        content["categories"] = [*things, *_stuff_categories()]
        content["annotations"] = annotations + [
            {"id": number, **annotation} for number, annotation in enumerate(stuff, len(annotations) + 1)
        ]
        write_whole(folder / "goss.json", json.dumps(content).encode())


def _stuff_categories() -> list[dict]:
    return [
        {"id": number, "name": name, "supercategory": "surroundings", "open_set": "known", "isthing": 0}
        for number, name in enumerate(STUFF, FIRST_STUFF)
    ]


def _image_name(index: int) -> str:
    return f"{index:06d}.jpg"


def _is_done(folder: Path, settings: Settings, index: int) -> bool:
    """Are its files there, and its record not cut short?"""
    files = [folder / "images" / _image_name(index), *([folder / _depth_name(index)] if settings.depth else [])]
    return _is_whole(folder / _record_name(index)) and all(file.is_file() for file in files)


def _is_whole(record: Path) -> bool:
    """Does it end with the brace that it began with?"""
    try:
        with record.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read() == b"}"
    except OSError:  # not there, or empty
        return False


def _depth_name(index: int) -> str:
    return f"depth/{index:06d}.png"


def _record_name(index: int) -> str:
    return f"records/{index:06d}.json"
