"""How well a taught name finds its object again, by the number of views that it was taught with.

    python benchmarks/teaching.py [--model tabletop] [--scenes 16] [--curve FILE.svg]
    python benchmarks/teaching.py --images DIR --ground-truth FILE.json

Renders objects of categories that were never trained on, with look-alikes among them. Each is taught from 1, 3, 5 and
10 views of one scene, everything else in view being what it is told apart from, and looked for in other scenes. With a
COCO file each category is one object; it is taught from some of its images and looked for in all others.

Rows of rendered scenes are of the same objects, those that are found in enough views for the last row.

AP: of the taught name, over IoU 0.50 to 0.95, ranked by similarity. named: share of the object's sightings that get
its name. of found: the same among those that the network finds. false: share of all other instances that get it.
at 1 %: share of the found sightings that would get it at the threshold at which 1 % of the others do. look-alike: share
of the sightings of the object's look-alike that get it. told apart: share of the objects that are not refused. Behind
AP and named stands the interval that holds 95 of 100 draws of as many objects.
"""

import argparse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from embedding import MIN_PIXELS, embedded

from osis_ros.coco.annotations import read_tree
from osis_ros.coco.rle import decode
from osis_ros.coco.segmentation import to_rle
from osis_ros.inference.image_file import read_image
from osis_ros.inference.segmenter import Segmenter
from osis_ros.instances import Instances
from osis_ros.simulation.categories import UNKNOWN
from osis_ros.simulation.film import truth
from osis_ros.simulation.meetings import Member, meetings, members
from osis_ros.teaching.appearance import appearances
from osis_ros.teaching.recognition import separation, similarity
from osis_ros.teaching.selection import agreeing, diverse
from osis_ros.tracking.mask_overlap import mask_overlap
from osis_ros.training.checkpoint import load_checkpoint
from osis_ros.training.export import WEIGHTS_FILE

VIEWS = (1, 3, 5, 10)
Vectors = Callable[[np.ndarray, Instances], np.ndarray]  # [N, D] of the instances of an image
TEACHERS, SHOWN, LOOKS = 2, 16, 2  # scenes that teach, in which all objects are, and their views; views of the others
IOUS = np.arange(0.5, 1, 0.05)
FOUND, APART = 0.5, 0.1  # IoU with the object from which on an instance is it, and below which it is something else
DRAWS = 3  # choices of views of an object


@dataclass(frozen=True, eq=False)
class Shot:
    """What one image shows: its scene, and for each true object its IoU [N] with each instance, whose vectors are
    [N, D]."""

    scene: int
    vectors: np.ndarray
    iou: dict[int, np.ndarray]


class Result(NamedTuple):
    """How an object that was taught once, or several objects, was found again: shares of 1, NaN where there is none."""

    ap: float
    named: float
    of_found: float
    false: float
    at_one: float
    look_alike: float
    apart: float

    @classmethod
    def mean(cls, results: Sequence["Result"]) -> "Result":
        return cls(*(np.mean([v for v in column if v == v] or [np.nan]) for column in zip(*results, strict=True)))


def rendered(
    segmenter: Segmenter, scenes: int, vectors: Vectors = appearances, shown: int = SHOWN
) -> tuple[list[Shot], list[Shot], list[Member]]:
    """Shots with true and with predicted masks, and the cast; scenes that teach have so many views."""
    network = load_checkpoint(segmenter.bundle.path / WEIGHTS_FILE)[0].eval()
    cast, true, predicted = members(UNKNOWN), [], []
    for meeting in meetings(cast, scenes, lambda scene: shown if scene < TEACHERS else LOOKS, seed=1):
        rgb = np.ascontiguousarray(meeting.frame.rgb)
        exact = truth(meeting.frame)
        exact = exact.take([i for i, item in enumerate(meeting.frame.objects) if item.pixels >= MIN_PIXELS])
        owners = [meeting.members[number] for number in exact.ids.tolist()]
        masks = (true, embedded(network, rgb, exact)), (predicted, segmenter.segment(rgb, max_overlap=0.7))
        for shots, found in masks:
            iou = mask_overlap(exact.rois, exact.masks, found.rois, found.masks)[0]
            shots.append(Shot(meeting.scene, vectors(rgb, found), dict(zip(owners, iou, strict=True))))
    return true, predicted, cast


def photographs(tree: dict, images: Path) -> Iterator[tuple[np.ndarray, list[int], np.ndarray, tuple[np.ndarray, ...]]]:
    """Of each image of a COCO file: its pixels, and the categories' ids, rois [N, 4] and masks of its objects."""
    for image in tree["images"]:
        height, width = image["height"], image["width"]
        own = [a for a in tree["annotations"] if a["image_id"] == image["id"]]
        masks = tuple(decode(to_rle(a["segmentation"], height, width)).astype(bool) for a in own)
        rois = np.tile([0, 0, width, height], (len(own), 1))
        yield read_image(images / image["file_name"]), [a["category_id"] for a in own], rois, masks


def photographed(
    segmenter: Segmenter, images: Path, ground_truth: Path, vectors: Vectors = appearances
) -> tuple[list[Shot], dict[int, str]]:
    """Shots with predicted masks, and the categories' names by id."""
    tree, shots = read_tree(ground_truth), []
    for number, (rgb, owners, rois, masks) in enumerate(photographs(tree, images)):
        found = segmenter.segment(rgb, max_overlap=0.7)
        iou = mask_overlap(rois, masks, found.rois, found.masks)[0]
        shots.append(Shot(number, vectors(rgb, found), dict(zip(owners, iou, strict=True))))
    return shots, {category["id"]: category["name"] for category in tree["categories"]}


def seen(shots: Sequence[Shot], owner: int) -> list[tuple[Shot, int]]:
    """Where the object is found, and which instance it is."""
    pairs = [(one, int(one.iou[owner].argmax())) for one in shots if owner in one.iou and len(one.vectors)]
    return [(one, index) for one, index in pairs if one.iou[owner][index] >= FOUND]


def others(shots: Sequence[Shot], owner: int) -> np.ndarray:
    """Vectors [M, D] of all instances that are not the object."""
    parts = [one.vectors[one.iou[owner] < APART] if owner in one.iou else one.vectors for one in shots]
    return np.concatenate(parts) if parts else np.zeros((0, 0), np.float32)


def judge(owner: int, twin: int | None, taught: list[tuple[Shot, int]], test: list[Shot]) -> Result:
    """Teach one object from these views, and look for it in the other shots."""
    views = np.array([one.vectors[index] for one, index in taught])
    views = views[agreeing(views)]
    views = views[diverse(views)]
    strangers = others([one for one, _ in taught], owner)
    found = separation(views, strangers, [""] * len(strangers))
    sightings = [one for one in test if owner in one.iou]
    met = seen(test, owner)
    own = similarity(np.array([one.vectors[i] for one, i in met]), views) if met else np.zeros(0)
    negative = similarity(others(test, owner), views)
    alike = seen(test, twin) if twin is not None else []
    of_twin = similarity(np.array([one.vectors[i] for one, i in alike]), views) if alike else np.zeros(0)
    return Result(
        ap=average_precision(owner, views, test),
        named=(own >= found.threshold).sum() / len(sightings),
        of_found=share(own >= found.threshold),
        false=share(negative >= found.threshold),
        at_one=share(own > np.quantile(negative, 0.99)),
        look_alike=share(of_twin >= found.threshold),
        apart=found.told_apart,
    )


def share(hits: np.ndarray) -> float:
    return float(hits.mean()) if len(hits) else np.nan


def average_precision(owner: int, views: np.ndarray, test: list[Shot]) -> float:
    """AP over IoU 0.50 to 0.95, at all points of recall; each image shows the object at most once."""
    ranked = []  # similarity, image, IoU
    for number, one in enumerate(test):
        iou = one.iou.get(owner, np.zeros(len(one.vectors)))
        ranked += zip(similarity(one.vectors, views), [number] * len(iou), iou, strict=True)
    ranked.sort(key=lambda entry: -entry[0])
    total, values = sum(owner in one.iou for one in test), []
    for least in IOUS:
        hits, used = [], set()
        for _, number, iou in ranked:
            hits.append(iou >= least and number not in used)
            used |= {number} if hits[-1] else set()
        hits = np.array(hits)
        precision = np.maximum.accumulate((np.cumsum(hits) / np.arange(1, len(hits) + 1))[::-1])[::-1]
        values.append(precision[hits].sum() / total)
    return float(np.mean(values))


def measured(
    shots: list[Shot],
    owners: Sequence[int],
    twin_of: Callable[[int], int | None],
    teachers: int | None,
    counts: Sequence[int] = VIEWS,
) -> dict[int, list[Result]]:
    """By the number of views, the mean result of each object.

    Args:
        teachers: scenes at the beginning that teach, each the objects that are in it, while all others test; None where
            each object is taught from any of its shots and looked for in all others.
    """
    rng, results = np.random.default_rng(0), {count: [] for count in counts}
    for owner in owners:
        pool = seen(shots if teachers is None else [s for s in shots if s.scene < teachers], owner)
        if teachers is not None and len(pool) < max(counts):
            continue
        for count in (count for count in counts if count < len(pool) or (teachers and count == len(pool))):
            tries = []
            for _ in range(DRAWS):
                taught = [pool[i] for i in rng.permutation(len(pool))[:count]]
                used = [id(one) for one, _ in taught]
                test = [s for s in shots if (id(s) not in used if teachers is None else s.scene >= teachers)]
                if any(owner in one.iou for one in test):
                    tries.append(judge(owner, twin_of(owner), taught, test))
            if tries:
                results[count].append(Result.mean(tries))
    return {count: each for count, each in results.items() if each}


def interval(values: Sequence[float]) -> str:
    draws = np.random.default_rng(0).choice(values, (1000, len(values))).mean(axis=1)
    low, high = np.quantile(draws, (0.025, 0.975))
    return f"{100 * np.mean(values):.0f} ({100 * low:.0f}–{100 * high:.0f})"


def report(title: str, results: dict[int, list[Result]]) -> None:
    print(f"\n{title}, %")
    print(f"{'views':>5} {'objects':>7} {'AP':>14} {'named':>14} {'of found':>9} {'false':>6} {'at 1 %':>7} "
          f"{'look-alike':>10} {'told apart':>10}")  # fmt: skip
    for count, each in results.items():
        mean = Result.mean(each)
        ap, named = ([getattr(result, part) for result in each] for part in ("ap", "named"))
        print(f"{count:>5} {len(each):>7} {interval(ap):>14} {interval(named):>14} {100 * mean.of_found:>9.1f} "
              f"{100 * mean.false:>6.1f} {100 * mean.at_one:>7.1f} {100 * mean.look_alike:>10.1f} "
              f"{100 * mean.apart:>10.1f}")  # fmt: skip


def draw_curve(file: Path, by_masks: dict[str, dict[int, list[Result]]]) -> None:
    """The learning curve: `at 1 %` and AP over the number of views."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "osis"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(7, 2.8), sharex=True, layout="constrained")
    titles = {"at_one": "found again at 1 % false names, %", "ap": "AP of the taught name, %"}
    for axis, (part, title) in zip(axes, titles.items(), strict=True):
        for masks, results in by_masks.items():
            means = [100 * getattr(Result.mean(each), part) for each in results.values()]
            axis.plot(list(results), means, "o-", label=f"{masks} masks")
        axis.set(title=title, xlabel="views", ylim=(0, 100), xticks=VIEWS)
        axis.grid(alpha=0.3)
    axes[0].legend()
    figure.savefig(file, metadata={"Date": None})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tabletop")
    parser.add_argument("--scenes", type=int, default=16, help="the first two teach")
    parser.add_argument("--images", type=Path)
    parser.add_argument("--ground-truth", type=Path)
    parser.add_argument("--curve", type=Path, help="also draw the learning curve to this SVG file")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    segmenter = Segmenter(options.model, threads=1)
    if options.images:
        shots, names = photographed(segmenter, options.images, options.ground_truth)
        for kind, wanted in (("known", True), ("other", False)):
            owners = [n for n in names if (names[n] in segmenter.bundle.class_names) == wanted]
            report(f"{kind} objects, photographs, predicted masks", measured(shots, owners, lambda _: None, None))
        return
    true, predicted, cast = rendered(segmenter, options.scenes)
    twins = {number: member.twin for number, member in enumerate(cast) if member.twin is not None}
    twins |= {twin: number for number, twin in twins.items()}
    by_masks = {}
    for masks, shots in (("true", true), ("predicted", predicted)):
        by_masks[masks] = measured(shots, range(len(cast)), twins.get, TEACHERS)
        report(f"never trained categories, rendered scenes, {masks} masks", by_masks[masks])
    if options.curve:
        draw_curve(options.curve, by_masks)


if __name__ == "__main__":
    main()
