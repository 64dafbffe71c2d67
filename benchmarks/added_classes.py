"""What classes that are added to a model without training give, on objects that it does not know.

    python benchmarks/added_classes.py --model DIR --images DIR --ground-truth FILE.json
    python benchmarks/added_classes.py --model DIR [--scenes 12]

Without a COCO file, on rendered scenes. The unknown objects are added three at a time, each from some of the images in
which it is found; all that is in view there is what it is told apart from. All other images test the model.

named: share of the found sightings of the added objects that get their name, and another one's. others: share of the
found sightings of other unknown objects that get an added name. nothing: the same of instances that are no object of
the ground truth. known: share of the sightings with the right known name that lose it. unseen: how many instances the
second look did not look at, and how many of them get an added name.
"""

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from embedding import MIN_PIXELS
from teaching import APART, FOUND, photographs

from osis_ros.coco.annotations import read_tree
from osis_ros.inference.bundle import Bundle
from osis_ros.inference.segmenter import Segmenter
from osis_ros.instances import Instances
from osis_ros.simulation.categories import KNOWN, UNKNOWN
from osis_ros.simulation.film import truth
from osis_ros.simulation.meetings import meetings, members
from osis_ros.teaching.class_rows import known_above
from osis_ros.tracking.mask_overlap import mask_overlap

AT_ONCE = 3  # classes that are added at the same time


@dataclass(frozen=True, eq=False)
class Shot:
    """An image, uint8 [H, W, 3] RGB, the names of its N objects, their rois [N, 4] and masks."""

    rgb: np.ndarray
    names: list[str]
    rois: np.ndarray
    masks: tuple[np.ndarray, ...]

    def overlap(self, found: Instances) -> np.ndarray:
        """IoU [N, M] of the objects with instances."""
        return mask_overlap(self.rois, self.masks, found.rois, found.masks)[0]

    def sightings(self, found: Instances) -> Iterator[tuple[str, int]]:
        """The objects that are found, each with the number of its instance."""
        overlap = self.overlap(found)
        best = overlap.argmax(1) if len(found) else np.zeros(0, int)
        yield from ((self.names[i], int(j)) for i, j in enumerate(best) if overlap[i, j] >= FOUND)


def rendered(scenes: int) -> Iterator[Shot]:
    cast = members([*UNKNOWN, *KNOWN], look_alikes=False)
    for meeting in meetings(cast, scenes, 4, seed=1):
        exact = truth(meeting.frame)
        exact = exact.take([i for i, item in enumerate(meeting.frame.objects) if item.pixels >= MIN_PIXELS])
        names = [cast[meeting.members[number]].category for number in exact.ids.tolist()]
        yield Shot(np.ascontiguousarray(meeting.frame.rgb), names, exact.rois, exact.masks)


def photographed(images: Path, ground_truth: Path) -> Iterator[Shot]:
    tree = read_tree(ground_truth)
    names = {category["id"]: category["name"] for category in tree["categories"]}
    for rgb, categories, rois, masks in photographs(tree, images):
        yield Shot(rgb, [names[category] for category in categories], rois, masks)


def seen_twice(found: Instances, bundle: Bundle) -> np.ndarray:
    """Which instances the second look looked at: bool [M]."""
    return np.linalg.norm(found.embeddings[:, bundle.class_rows.weights.shape[1] :], axis=1) > 0


def with_added(
    bundle: Bundle,
    names: Sequence[str],
    views: dict[str, list[int]],
    shots: Sequence[Shot],
    before: Sequence[Instances],
) -> Bundle:
    """The model with classes for objects, each learnt from its views: numbers of shots."""
    table = bundle.class_rows
    for name in names:
        own, others = [], []
        for number in views[name]:
            shot, found = shots[number], before[number]
            own += [found.embeddings[j] for other, j in shot.sightings(found) if other == name]
            mine = [i for i, other in enumerate(shot.names) if other == name]
            others.append(found.embeddings[shot.overlap(found)[mine].max(0) < APART])
        table = table.with_class(name, np.array(own), np.concatenate(others), known_above(bundle))
    return bundle.with_classes(table)


def count(shot: Shot, before: Instances, after: Instances, added: Sequence[str], bundle: Bundle) -> Counter:
    """What the added classes change in one image."""
    counts, had = Counter(), dict(shot.sightings(before))
    for name, j in shot.sightings(after):
        given = after.class_name(j)
        if name in added:
            counts.update(["named", f"named {'right' if given == name else 'wrong' if given in added else 'not'}"])
        elif name not in bundle.class_names:
            counts.update(["others", *(["others wrong"] if given in added else [])])
        elif name in had and before.class_name(had[name]) == name:
            counts.update(["known", *(["known lost"] if given != name else [])])
    is_added = np.isin([after.class_name(j) for j in range(len(after))], added)
    kinds = {"nothing": shot.overlap(after).max(0, initial=0) < APART, "unseen": ~seen_twice(after, bundle)}
    for kind, of_kind in kinds.items():
        counts += Counter({kind: int(of_kind.sum()), f"{kind} wrong": int((of_kind & is_added).sum())})
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="a bundle that has classes.npz")
    parser.add_argument("--scenes", type=int, default=12, help="of four images each")
    parser.add_argument("--images", type=Path)
    parser.add_argument("--ground-truth", type=Path)
    parser.add_argument("--views", type=int, nargs="+", default=[1, 3], help="of each added object")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    if options.images:
        shots = list(photographed(options.images, options.ground_truth))
    else:
        shots = list(rendered(options.scenes))
    segmenter = Segmenter(options.model, threads=1)
    bundle = segmenter.bundle
    before = [segmenter.segment(shot.rgb, max_overlap=0.7) for shot in shots]
    where: dict[str, list[int]] = {}
    for number, (shot, found) in enumerate(zip(shots, before, strict=True)):
        looked = seen_twice(found, bundle)
        for name, j in shot.sightings(found):
            if name not in bundle.class_names and shot.names.count(name) == 1 and looked[j]:
                where.setdefault(name, []).append(number)
    rng = np.random.default_rng(0)
    enough = [str(name) for name in rng.permutation(sorted(where)) if len(where[name]) > max(options.views)]
    order = {name: [int(n) for n in rng.permutation(where[name])] for name in enough}
    print(f"{len(shots)} images, {len(enough)} unknown objects that are found often enough")
    for amount in options.views:
        views, total = {name: numbers[:amount] for name, numbers in order.items()}, Counter()
        for start in range(0, len(enough), AT_ONCE):
            added = enough[start : start + AT_ONCE]
            changed = Segmenter(with_added(bundle, added, views, shots, before), threads=1)
            used = {number for name in added for number in views[name]}
            for number in sorted(set(range(len(shots))) - used):
                found = changed.segment(shots[number].rgb, max_overlap=0.7)
                total += count(shots[number], before[number], found, added, bundle)
        parts = [("named", "named right"), ("named", "named wrong"), ("others", "others wrong"),
                 ("nothing", "nothing wrong"), ("known", "known lost"), ("unseen", "unseen wrong")]  # fmt: skip
        shares = (
            f"{name} {total[name]}/{total[of]} ({100 * total[name] / max(total[of], 1):.1f} %)" for of, name in parts
        )
        print(f"{amount} views: " + ", ".join(shares))


if __name__ == "__main__":
    main()
