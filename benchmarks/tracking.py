"""How well ids last, against the simulator's truth and against the trackers that others use, on the same masks.

    pip install --no-deps -r requirements/tracking.txt  # once: the referee and the other trackers
    python benchmarks/tracking.py [--seconds 8] [--seed 1] [--split test] [--json FILE]
    python benchmarks/tracking.py --speed               # only the time of an update

A camera circles a table once in 40 s: seven objects of which one is taken away, comes back elsewhere, and so on (the
six cases of osis_ros/simulation/rearrangement.py), and a cluttered table (orbit), once more in 10 s (fast orbit). Each
is judged at 2, 5 and 10 Hz, once with true masks (association alone; embeddings are the model's, where it found the
object) and once with the model's. The referee is trackeval: HOTA, OWTA (no penalty for finds that are not labelled),
IDF1, switches of ids a minute.

Ours runs without depth, as in the segmenter, and with it, as in the localizer. ByteTrack and OC-SORT are those of
roboflow's `trackers`, with the model's own score threshold in place of theirs, which would drop half of its instances,
and with memory, confirmation and least IoU that suit slow cameras; of every tracker the masks of its boxes are judged.
"NMS": the boxes that they get have no duplicates any more, which our tracker removes itself.
Rendering and segmenting are done once and kept in --recordings.
"""

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from track_referee import judged
from tracking_scenes import ALL, RATE, Shot, recorded

from osis_ros.geometry.locate import Locator
from osis_ros.geometry.pinhole import Pinhole
from osis_ros.inference.mask_nms import mask_nms
from osis_ros.inference.segmenter import Segmenter
from osis_ros.instances import Instances
from osis_ros.tracking.mask_overlap import mask_overlap
from osis_ros.tracking.parameters import TrackerParameters
from osis_ros.tracking.sight import Sight
from osis_ros.tracking.tracker import Tracker

RATES = (2, 5, 10)
OTHERS = ("ByteTrack", "OC-SORT")
MEASURES = ("HOTA", "OWTA", "IDF1", "switches/min")
TRUE, MODEL = "true masks", "the model's masks"
Ids = list[np.ndarray]  # of each image, a track id for each instance, 0 for none
Track = Callable[[list[Shot], list[Instances]], Ids]


def ours(shots: list[Shot], found: list[Instances]) -> Ids:
    """Our tracker as the segmenter runs it."""
    tracker = Tracker()
    return [tracker.update(instances, shot.seconds).track_ids for shot, instances in zip(shots, found)]


def ours_in_space(shots: list[Shot], found: list[Instances]) -> Ids:
    """Our tracker as the localizer runs it, with depth and the camera's pose."""
    tracker, locator, ids = Tracker(), Locator(), []
    for shot, instances in zip(shots, found):
        k, (height, width) = shot.intrinsics, shot.depth.shape
        lens = Pinhole(width, height, k[0, 0], k[1, 1], k[0, 2] - 0.5, k[1, 2] - 0.5)
        depth = np.where(shot.depth > 0, shot.depth, np.nan).astype(np.float32)
        locator.up = shot.pose[2, :3].copy()
        locator.restart()
        objects = locator.locate(instances, depth, lens).transformed(shot.pose)
        sight = Sight(depth=depth, camera=lens, pose=shot.pose)
        ids.append(tracker.update(instances, shot.seconds, objects, sight).track_ids)
    return ids


def theirs(name: str, rate: float, threshold: float) -> Track:
    """ByteTrack or OC-SORT, as lasting as ours: lost tracks are kept for 30 s, two images confirm.

    Args:
        threshold: score from which a box is taken for sure; the model's, so that all are.
    """
    import supervision
    import trackers

    memory = TrackerParameters().forget_after * 30  # it counts frames of a camera of 30 Hz
    common = {"frame_rate": rate, "lost_track_buffer": round(memory), "minimum_consecutive_frames": 2,
              "minimum_iou_threshold": 0.1, "high_conf_det_threshold": threshold}  # fmt: skip

    def run(shots: list[Shot], found: list[Instances]) -> Ids:
        if name == "ByteTrack":
            tracker = trackers.ByteTrackTracker(**common, track_activation_threshold=threshold)
        else:
            tracker = trackers.OCSORTTracker(**common)
        all_ids = []
        for instances in found:
            rois = instances.rois.astype(np.float32)
            detections = supervision.Detections(
                xyxy=np.concatenate([rois[:, :2], rois[:, :2] + rois[:, 2:]], 1), confidence=instances.scores.copy(),
                class_id=instances.class_ids.astype(int), data={"row": np.arange(len(instances))},
            )  # fmt: skip
            answer = tracker.update(detections)
            ids = np.zeros(len(instances), np.int64)
            if len(answer) and answer.tracker_id is not None:
                ids[answer.data["row"].astype(int)] = np.maximum(answer.tracker_id + 1, 0)
            all_ids.append(ids)
        return all_ids

    return run


def without_duplicates(track: Track) -> Track:
    """The same tracker after the mask NMS of ours."""

    def run(shots: list[Shot], found: list[Instances]) -> Ids:
        kept = [mask_nms(one.rois, one.masks, TrackerParameters().duplicate_iou) for one in found]
        all_ids = [np.zeros(len(one), np.int64) for one in found]
        for ids, rows, tracked in zip(all_ids, kept, track(shots, [f.take(rows) for f, rows in zip(found, kept)])):
            ids[rows] = tracked
        return all_ids

    return run


def with_looks(true: Instances, found: Instances) -> Instances:
    """The true instances with the embeddings of what the model found there (IoU of half or more), zero elsewhere."""
    looks = np.zeros((len(true), found.embeddings.shape[1]), np.float32)
    if len(true) and len(found):
        iou, _ = mask_overlap(true.rois, true.masks, found.rois, found.masks)
        best = iou.argmax(1)
        seen = iou[np.arange(len(true)), best] >= 0.5
        looks[seen] = found.embeddings[best[seen]]
    return true.replaced(embeddings=looks)


def run(shots: list[Shot], rate: int, threshold: float) -> dict[str, dict[str, dict[str, float]]]:
    """masks → tracker → measure → value."""
    some = shots[:: round(RATE / rate)]
    layers = {
        TRUE: [with_looks(shot.true.replaced(ids=None), shot.found) for shot in some],
        MODEL: [shot.found for shot in some],
    }
    others = {name: theirs(name, rate, threshold) for name in OTHERS}
    trackers = {
        "ours": ours, "ours, depth": ours_in_space, **others,
        **{f"{name}, NMS": without_duplicates(track) for name, track in others.items()},
    }  # fmt: skip
    seconds, true = [shot.seconds for shot in some], [shot.true for shot in some]
    return {
        masks: {name: judged(seconds, true, found, track(some, found)) for name, track in trackers.items()}
        for masks, found in layers.items()
    }


def speed(count: int = 20, images: int = 200) -> float:
    """Milliseconds of one core for an update: so many instances of 54 × 54 px, as many tracks seen, as many lost."""
    rng = np.random.default_rng(0)
    looks = rng.standard_normal((2 * count, 128))
    looks /= np.linalg.norm(looks, axis=1)[:, None]
    places = rng.integers((0, 0), (580, 420), (2 * count, 2))
    tracker, seconds = Tracker(), []
    for number in range(2 * images):
        half = slice(0, count) if number < images else slice(count, 2 * count)
        rois = np.concatenate([places[half] + rng.integers(-3, 4, (count, 2)) + 3, np.full((count, 2), 54)], 1)
        instances = Instances(
            boxes=np.concatenate([rois[:, :2], rois[:, :2] + rois[:, 2:]], 1), scores=np.ones(count),
            class_ids=np.zeros(count), distances=np.zeros(count), embeddings=looks[half], rois=rois,
            masks=(np.ones((54, 54), bool),) * count, height=480, width=640, class_names=("thing",),
        )  # fmt: skip
        start = time.thread_time()
        tracker.update(instances, number / 10)
        seconds.append(time.thread_time() - start)
    return 1000 * float(np.median(seconds[images + 10 :]))


def table(figures: dict, masks: str) -> str:
    """One line for each case and tracker: the measures at each rate."""
    lines = [f"{masks:<24}{'':<16}" + "".join(f"{measure:>20}" for measure in MEASURES),
             f"{'':<40}" + f"{' / '.join(map(str, RATES)) + ' Hz':>20}" * len(MEASURES)]  # fmt: skip
    for case in ALL:
        for tracker in next(iter(figures[case].values()))[masks]:
            cells = (" / ".join(f"{figures[case][rate][masks][tracker][m]:.0f}" for rate in RATES) for m in MEASURES)
            lines.append(f"{case:<24}{tracker:<16}" + "".join(f"{cell:>20}" for cell in cells))
    return "\n".join(lines)


def verdict(figures: dict, names: Sequence[str]) -> str:
    """In how many of all cases ours is ahead of the best of these, level to half a point, or behind."""
    ahead = [
        figures[case][rate][MODEL]["ours"]["IDF1"] - max(figures[case][rate][MODEL][name]["IDF1"] for name in names)
        for case in ALL for rate in RATES
    ]  # fmt: skip
    level = sum(abs(by) <= 0.5 for by in ahead)
    better, worse = sum(by > 0.5 for by in ahead), sum(by < -0.5 for by in ahead)
    return f"better in {better}, level in {level}, worse in {worse}; by {min(ahead):+.1f} to {max(ahead):+.1f} points"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tabletop")
    parser.add_argument("--seconds", type=float, default=8.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--split", default="test")
    parser.add_argument("--recordings", type=Path, default=Path("tracking-recordings"))
    parser.add_argument("--json", type=Path)
    parser.add_argument("--speed", action="store_true", help="print the time of an update, and nothing else")
    arguments = parser.parse_args()
    print(f"an update of 20 instances, with 20 tracks lost besides: {speed():.2f} ms of one core")
    if arguments.speed:
        return
    segmenter = Segmenter(arguments.model, "cpu", threads=1)
    threshold = segmenter.bundle.manifest.thresholds.score
    figures: dict = defaultdict(dict)
    for case in ALL:
        shots = recorded(case, arguments.seed, arguments.split, arguments.seconds, segmenter, arguments.recordings)
        for rate in RATES:
            figures[case][rate] = run(shots, rate, threshold)
    for masks in (TRUE, MODEL):
        print(f"\n{table(figures, masks)}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=1))
    for what, names in (("the same boxes", OTHERS), ("boxes after NMS", [f"{name}, NMS" for name in OTHERS])):
        print(
            f"\nIDF1 with the model's masks, ours without depth against the others on {what}: {verdict(figures, names)}"
        )


if __name__ == "__main__":
    main()
