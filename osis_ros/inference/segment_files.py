"""Segment image files: an overlay and a JSON file with COCO RLE masks for each."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from osis_ros.coco.rle import encode_instances
from osis_ros.files.atomic import write_whole
from osis_ros.inference.image_file import SUFFIXES, ImageError, read_image
from osis_ros.inference.overlay import draw_overlay
from osis_ros.inference.segmenter import Segmenter
from osis_ros.instances import Instances


@dataclass(frozen=True)
class FileResult:
    """What became of one file: its instances, or one sentence on why there are none."""

    file: Path
    instances: Instances | None = None
    overlay: Path | None = None
    error: str | None = None


def find_images(paths: Sequence[Path]) -> list[Path]:
    """The files among `paths`, and the images inside the folders among them, in name order.

    Raises:
        ImageError: a folder that cannot be read, or no image at all.
    """
    files: list[Path] = []
    for path in paths:
        try:
            found = sorted(path.iterdir()) if path.is_dir() else None
        except OSError as err:
            raise ImageError(f"{path} cannot be read: {err.strerror}") from None
        files += [path] if found is None else [file for file in found if file.suffix.lower() in SUFFIXES]
    if not files:
        raise ImageError(f"no images in {', '.join(map(str, paths))}")
    return files


def segment_files(
    segmenter: Segmenter, files: Iterable[Path], output: Path, overlays: bool = True, **thresholds: float | int | None
) -> Iterator[FileResult]:
    """Segment files one after the other; one that cannot be read or written is reported and the others go on.

    Writes `output`/NAME.json and `output`/NAME.overlay.png, where NAME is the file's name without its suffix, and with
    `_2`, `_3` … where several files share it.

    Args:
        thresholds: those of `Segmenter.segment`.
    Raises:
        ValueError: a threshold out of range.
    """
    names: set[str] = set()
    for file in files:
        try:
            rgb = read_image(file)
        except ImageError as err:
            yield FileResult(file, error=str(err))
            continue
        instances = segmenter.segment(rgb, **thresholds)
        name = _unused(file.stem, names)
        picture = output / f"{name}.overlay.png" if overlays else None
        try:
            output.mkdir(parents=True, exist_ok=True)
            record = to_json(instances, str(file), segmenter.bundle.name)
            write_whole(output / f"{name}.json", json.dumps(record, indent=1))
            if picture is not None:
                _write_png(picture, draw_overlay(rgb, instances))
        except OSError as err:
            yield FileResult(file, instances, error=f"{err.filename or output} cannot be written: {err.strerror}")
            continue
        yield FileResult(file, instances, picture)


def to_json(instances: Instances, file: str, model: str) -> dict:
    """What NAME.json holds; `bbox` is x y width height in pixels and `segmentation` compressed RLE, both as in COCO."""
    boxes = np.concatenate((instances.boxes[:, :2], instances.boxes[:, 2:] - instances.boxes[:, :2]), axis=1)
    found = [
        {
            "id": int(instances.ids[index]),
            "class_id": int(instances.class_ids[index]),
            "class_name": instances.class_name(index),
            "unknown": bool(instances.unknown[index]),
            "score": round(float(instances.scores[index]), 5),
            "distance": round(float(instances.distances[index]), 5),
            "bbox": [round(side, 2) for side in boxes[index].tolist()],
            "area": int(instances.masks[index].sum()),
            "segmentation": rle,
        }
        for index, rle in enumerate(encode_instances(instances))
    ]
    return {
        "file_name": file,
        "model": model,
        "height": instances.height,
        "width": instances.width,
        "class_names": list(instances.class_names),
        "instances": found,
    }


def _unused(stem: str, names: set[str]) -> str:
    name, number = stem, 1
    while name in names:
        number += 1
        name = f"{stem}_{number}"
    names.add(name)
    return name


def _write_png(file: Path, rgb: np.ndarray) -> None:
    _, data = cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 3])
    write_whole(file, data.tobytes())
