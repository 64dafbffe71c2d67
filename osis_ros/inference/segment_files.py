"""Segment image files: an overlay and a JSON file with COCO RLE masks for each."""

import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from osis_ros.coco.rle import encode_instances
from osis_ros.errors import ImageError
from osis_ros.files.atomic import write_whole
from osis_ros.inference.image_file import SUFFIXES, read_image
from osis_ros.inference.overlay import draw_overlay
from osis_ros.inference.segmenter import Segmenter
from osis_ros.instances import Instances

OVERLAY = ".overlay.png"
RECORD_FIELDS = {"file_name", "model", "height", "width", "class_names", "instances"}


@dataclass(frozen=True)
class FileResult:
    """The result of one file: its instances, or one sentence that says why there are none."""

    file: Path
    instances: Instances | None = None
    overlay: Path | None = None
    error: str | None = None


def find_images(paths: Sequence[Path]) -> list[Path]:
    """The files among `paths`, and the images inside the folders among them, in name order.

    Overlays in those folders that `segment_files` drew are left out.

    Raises:
        ImageError: a folder that cannot be read, or no image at all.
    """
    files: list[Path] = []
    for path in paths:
        try:
            found = sorted(path.iterdir()) if path.is_dir() else None
        except OSError as err:
            raise ImageError(f"{path} cannot be read: {err.strerror}") from None
        files += [path] if found is None else [f for f in found if f.suffix.lower() in SUFFIXES and not _is_overlay(f)]
    if not files:
        raise ImageError(f"no images in {', '.join(map(str, paths))}")
    return files


def segment_files(
    segmenter: Segmenter,
    files: Iterable[Path],
    output: Path,
    overlays: bool = True,
    finish: Sequence[Callable[[np.ndarray, Instances], Instances]] = (),
    **thresholds: float | int | None,
) -> Iterator[FileResult]:
    """Segment files one after the other. A file that cannot be read or written is reported and skipped.

    Writes `output`/NAME.json and `output`/NAME.overlay.png. NAME is the file's name without its suffix; if several
    files have the same NAME, `_2`, `_3` … is appended. Earlier results are replaced. Any other file of such a name is
    kept and reported.

    Args:
        finish: each adds to the instances of an image, uint8 [H, W, 3] RGB, what else is known of them.
        thresholds: those of `Segmenter.segment`.
    Raises:
        ThresholdError: a threshold out of range.
    """
    names: set[str] = set()
    for file in files:
        try:
            rgb = read_image(file)
        except ImageError as err:
            yield FileResult(file, error=str(err))
            continue
        name = _unused(file.stem, names)
        record_file, picture = output / f"{name}.json", output / f"{name}{OVERLAY}" if overlays else None
        in_the_way = _in_the_way(record_file, picture)
        if in_the_way:
            yield FileResult(
                file, error=f"{in_the_way} exists and is no earlier result of osis segment; choose another --output"
            )
            continue
        instances = segmenter.segment(rgb, **thresholds)
        for add in finish:
            instances = add(rgb, instances)
        try:
            output.mkdir(parents=True, exist_ok=True)
            record = to_json(instances, str(file), segmenter.bundle.name)
            write_whole(record_file, json.dumps(record, indent=1))
            if picture is not None:
                _write_png(picture, draw_overlay(rgb, instances))
        except OSError as err:
            yield FileResult(file, instances, error=f"{err.filename or output} cannot be written: {err.strerror}")
            continue
        yield FileResult(file, instances, picture)


def to_json(instances: Instances, file: str, model: str) -> dict:
    """What NAME.json holds; `bbox` is x y width height in pixels and `segmentation` compressed RLE, both as in COCO.

    An instance with a taught name has `taught_name` and `taught_score` too, one with a guess `guess` and `guess_score`.
    """
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
            **_named(instances.taught_names, instances.taught_scores, index, "taught_name", "taught_score"),
            **_named(instances.guesses, instances.guess_scores, index, "guess", "guess_score"),
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


def _named(names: np.ndarray | None, scores: np.ndarray, index: int, name: str, score: str) -> dict[str, object]:
    """Two fields, if the instance has such a name."""
    if names is None or not names[index]:
        return {}
    return {name: str(names[index]), score: round(float(scores[index]), 5)}


def _in_the_way(record: Path, picture: Path | None) -> Path | None:
    """A file that the results would replace and that is no earlier result; an overlay is one if its JSON is."""
    if _is_record(record):
        return None
    return next((file for file in (record, picture) if file is not None and os.path.lexists(file)), None)


def _is_overlay(file: Path) -> bool:
    return file.name.endswith(OVERLAY) and _is_record(file.with_name(file.name.removesuffix(OVERLAY) + ".json"))


def _is_record(file: Path) -> bool:
    """Whether a file holds what `to_json` makes."""
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and RECORD_FIELDS <= content.keys()


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
