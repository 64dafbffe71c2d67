"""The worst images of a replay as a folder for labelling: pictures, and what was found in them as a COCO file."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console

from osis_ros.bags.reader import RecordedBag, decoded
from osis_ros.bags.replayed import FRAMES, Answer, ReplayedError, ReplayedRun
from osis_ros.coco.rle import encode_instances
from osis_ros.evaluation.reports.replay_run import SEEN
from osis_ros.files.result_folder import Mark
from osis_ros.files.written_folder import written_folder
from osis_ros.instances import UNKNOWN_NAME
from osis_ros.messages.image_decoding import rgb_from_message
from osis_ros.progress import track

ANNOTATIONS, IMAGES = "instances.json", "images"
COMMAND = "osis replay worst"
MARK = Mark(ANNOTATIONS, f'"description": "{COMMAND}"')


def write_worst_images(
    folder: Path, bag: Path, output: Path, count: int, apart: float, console: Console, camera: str | None = None
) -> int:
    """Write `images/SECONDS.NANOSECONDS.png`, named by the stamps, and `instances.json`.

    Args:
        folder: of the replay.
        bag: the recording that it is of.
        output: an earlier result there is replaced, if nobody changed it.
        count: the most images.
        apart: seconds between two of them at least; those that follow each other show the same.
        camera: one of several, by its name.
    Returns:
        how many images there are.
    Raises:
        OsisError: no replay that came to its end, another bag than that of the replay, or an output that holds
            something else.
    """
    with ReplayedRun(folder, camera) as run, RecordedBag(bag) as recorded:
        chosen = set(_chosen(_frames(folder, camera), count, apart))
        answers = {answer.time: answer for number, answer in enumerate(run.answers()) if number in chosen}
        topic = recorded.image_topic(run.setup["image_topic"])
        class_names = [name.removeprefix(SEEN) for name in run.figures if name.startswith(SEEN)]
        images, annotations = [], []
        with written_folder(output, MARK, COMMAND) as draft:
            (draft / IMAGES).mkdir()
            for raw in track(recorded.read([topic]), "pictures", total=recorded.count(topic), console=console):
                answer = answers.pop(raw.time, None)
                if answer is None:
                    continue
                name = f"{answer.stamp // 10**9}.{answer.stamp % 10**9:09d}.png"
                _write_png(draft / IMAGES / name, rgb_from_message(decoded(raw)))
                found = answer.instances
                images.append({"id": len(images) + 1, "file_name": name, "height": found.height, "width": found.width})
                annotations += _annotations(answer, len(images), len(annotations), class_names)
                if not answers:
                    break
            if answers:
                raise ReplayedError(
                    f"{bag} lacks {len(answers)} images of {folder}: is it the recording of that replay?"
                )
            (draft / ANNOTATIONS).write_text(json.dumps(_coco(images, annotations, class_names)) + "\n", "utf-8")
    return len(images)


def _frames(folder: Path, camera: str | None) -> list[dict]:
    try:
        lines = [json.loads(line) for line in (folder / FRAMES).read_text("utf-8").splitlines()]
        mine = [line for line in lines if line.get("camera") == camera]
        return [{"image": line["image"], "time": line["time"], "concern": line["concern"]} for line in mine]
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise ReplayedError(f"{folder}/{FRAMES} cannot be used: replay the bag again with this version") from None


def _chosen(frames: Iterable[Mapping[str, float]], count: int, apart: float) -> Iterator[int]:
    """Numbers of the images of most concern, none of which is close to another one in time."""
    times: list[float] = []
    for frame in sorted(frames, key=lambda frame: (-frame["concern"], frame["image"])):
        if len(times) == count:
            return
        if all(abs(frame["time"] - time) >= apart for time in times):
            times.append(frame["time"])
            yield frame["image"]


def _write_png(path: Path, rgb: np.ndarray) -> None:
    path.write_bytes(cv2.imencode(".png", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))[1].tobytes())


def _annotations(answer: Answer, image: int, before: int, class_names: list[str]) -> list[dict]:
    found = answer.instances
    return [
        {"id": before + row + 1, "image_id": image, "category_id": class_names.index(found.class_name(row)) + 1,
         "iscrowd": 0, "bbox": found.rois[row].tolist(), "area": int(np.count_nonzero(found.masks[row])),
         "segmentation": rle, "score": round(float(found.scores[row]), 4)}
        for row, rle in enumerate(encode_instances(found))
    ]  # fmt: skip


def _coco(images: list[dict], annotations: list[dict], class_names: list[str]) -> dict:
    """What `osis replay --truth` and `osis evaluate` read, once people have corrected it."""
    categories = [
        {"id": number, "name": name, "open_set": "unknown" if name == UNKNOWN_NAME else "known"}
        for number, name in enumerate(class_names, 1)
    ]
    return {"info": {"description": COMMAND}, "images": images, "categories": categories, "annotations": annotations}
