"""Whether the same object is found again by its vector: across views, across scenes, among look-alikes.

    python benchmarks/embedding.py [--model tabletop] [--scenes 24] [--views 3]

Renders objects that appear in several scenes, half of them of categories that were never trained on. Every sighting
looks for the same object among the sightings of other scenes (or of other views of its own scene), by the dot product
of vectors: the published embedding; the look, colours and outline (osis_ros/teaching/appearance.py); and both, which
is what teaching compares. With true masks the embedding is that of the true box, which needs PyTorch.

rank-1: the nearest sighting is of the same object (category). mAP: mean average precision of the ranking. AUROC: how
often one of the same is nearer than one of another. recall: share of the pairs of the same that are nearer than all
but one of a hundred pairs of others. Look-alikes: AUROC against the look-alike of each object alone.
"""

import argparse
import time
from collections import defaultdict
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from osis_ros.inference.segmenter import Segmenter
from osis_ros.instances import Instances
from osis_ros.simulation.categories import KNOWN, UNKNOWN
from osis_ros.simulation.film import truth
from osis_ros.simulation.meetings import LOOK_ALIKES, Meeting, Member, meetings, members
from osis_ros.teaching.appearance import appearances
from osis_ros.tracking.mask_overlap import mask_overlap
from osis_ros.training.checkpoint import load_checkpoint
from osis_ros.training.export import WEIGHTS_FILE
from osis_ros.training.model.detector import Detector

MIN_PIXELS, MIN_IOU = 200, 0.5
VECTORS = ("embedding", "look", "both")  # `both` is what teaching compares


@dataclass
class Sightings:
    """Where every member was seen, with its vectors by kind."""

    scene: list[int]
    view: list[int]
    member: list[int]
    vectors: dict[str, list[np.ndarray]]

    @classmethod
    def none(cls) -> "Sightings":
        return cls([], [], [], defaultdict(list))

    def add(self, meeting: Meeting, members_: list[int], rgb: np.ndarray, found: Instances) -> None:
        plain = found.replaced(embeddings=np.zeros((len(found), 0)))
        kinds = found.embeddings, appearances(rgb, plain), appearances(rgb, found)
        for kind, vectors in zip(VECTORS, kinds, strict=True):
            self.vectors[kind] += list(vectors)
        self.member += members_
        self.scene += [meeting.scene] * len(members_)
        self.view += [meeting.view] * len(members_)


def embedded(network: Detector, rgb: np.ndarray, found: Instances) -> Instances:
    """The instances with the network's embeddings of their boxes."""
    image = torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None]
    boxes, unknown = torch.from_numpy(found.boxes.copy()), torch.full((len(found),), len(found.class_names))
    with torch.no_grad():
        (looked_at,) = network.segment_boxes(image, [rgb.shape[:2]], [boxes], [unknown])
    return found.replaced(embeddings=looked_at.embeddings.numpy())


def collect(cast: list[Member], segmenter: Segmenter, network: Detector, scenes: int, views: int) -> tuple:
    """True and predicted sightings, share of the true ones that were found, and seconds per image of two steps."""
    true, predicted, found_share, seconds = Sightings.none(), Sightings.none(), [], ([], [])
    for meeting in meetings(cast, scenes, views):
        rgb = np.ascontiguousarray(meeting.frame.rgb)
        exact = truth(meeting.frame)
        exact = exact.take([i for i, item in enumerate(meeting.frame.objects) if item.pixels >= MIN_PIXELS])
        owners = [meeting.members[number] for number in exact.ids.tolist()]
        true.add(meeting, owners, rgb, embedded(network, rgb, exact))
        start = time.process_time()
        found = segmenter.segment(rgb, max_overlap=0.7)
        middle = time.process_time()
        appearances(rgb, found)
        seconds[0].append(middle - start)
        seconds[1].append(time.process_time() - middle)
        overlap = mask_overlap(exact.rois, exact.masks, found.rois, found.masks)[0]
        best = overlap.argmax(axis=1) if len(found) else np.zeros(0, int)
        met = [i for i in range(len(best)) if overlap[i, best[i]] >= MIN_IOU]
        found_share += [i in met for i in range(len(exact))]
        predicted.add(meeting, [owners[i] for i in met], rgb, found.take(best[met]))
    return true, predicted, np.mean(found_share), tuple(map(np.median, seconds))


def figures(seen: Sightings, kind: str, cast: list[Member], known: bool, across: str) -> list[str]:
    rows = [i for i, member in enumerate(seen.member) if cast[member].known == known]
    vectors, member = np.array(seen.vectors[kind])[rows], np.array(seen.member)[rows]
    scene, view = np.array(seen.scene)[rows], np.array(seen.view)[rows]
    group = np.array([cast[m].category for m in member])
    alike = vectors @ vectors.T
    may = scene[:, None] != scene if across == "scenes" else (scene[:, None] == scene) & (view[:, None] != view)
    same, same_kind = member[:, None] == member, group[:, None] == group
    twins = np.array([[cast[a].twin == b or cast[b].twin == a for b in member] for a in member])
    others_of_kind = may & ~same
    return [
        *ranking(alike, may, same),
        f"{100 * auroc(alike[may & same], alike[may & ~same]):.0f}",
        f"{100 * recall(alike[may & same], alike[may & ~same]):.0f}",
        *(ranking(alike, others_of_kind, same_kind) if across == "scenes" else ("", "")),
        f"{100 * auroc(alike[may & same], alike[may & twins]):.0f}",
    ]


def ranking(alike: np.ndarray, may: np.ndarray, same: np.ndarray) -> tuple[str, str]:
    """rank-1 and mAP over all rows that have one of the same to be found."""
    first, precision = [], []
    for row in range(len(alike)):
        if not (may[row] & same[row]).any():
            continue
        order = np.argsort(-alike[row][may[row]], kind="stable")
        hits = same[row][may[row]][order]
        first.append(hits[0])
        precision.append((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())
    return f"{100 * np.mean(first):.0f}", f"{100 * np.mean(precision):.0f}"


def auroc(of_same: np.ndarray, of_others: np.ndarray) -> float:
    return float(np.searchsorted(np.sort(of_others), of_same).mean() / max(len(of_others), 1))


def recall(of_same: np.ndarray, of_others: np.ndarray) -> float:
    return float((of_same > np.quantile(of_others, 0.99)).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tabletop")
    parser.add_argument("--scenes", type=int, default=24)
    parser.add_argument("--views", type=int, default=3)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    segmenter = Segmenter(options.model, threads=1)
    network = load_checkpoint(segmenter.bundle.path / WEIGHTS_FILE)[0].eval()
    cast = members([*UNKNOWN, *KNOWN])
    true, predicted, share, (frame, look) = collect(cast, segmenter, network, options.scenes, options.views)
    columns = ("rank-1", "mAP", "AUROC", "recall", "kind rank-1", "kind mAP", "look-alikes")
    for known in (False, True):
        print(f"\n{'known' if known else 'unknown'} objects, %")
        print(f"{'vector':<10} {'masks':<10} {'across':<7}", *(f"{name:>11}" for name in columns))
        for across in ("views", "scenes"):
            for masks, seen in (("true", true), ("predicted", predicted)):
                for kind in VECTORS:
                    values = figures(seen, kind, cast, known, across)
                    print(f"{kind:<10} {masks:<10} {across:<7}", *(f"{value:>11}" for value in values))
    print(f"\n{'AUROC against, unknown, scenes, true masks, %':<46}", *(f"{kind:>10}" for kind in VECTORS))
    for likeness in LOOK_ALIKES:
        print(f"{likeness:<46}", *(f"{by_likeness(true, kind, cast, likeness):>10}" for kind in VECTORS))
    print(f"\n{len(true.member)} sightings of {len(cast)} objects in {options.scenes} scenes; {share:.0%} found with "
          f"IoU ≥ {MIN_IOU}; the vectors of an image take {look / frame:.1%} of its {1000 * frame:.0f} ms")  # fmt: skip


def by_likeness(seen: Sightings, kind: str, cast: list[Member], likeness: str) -> str:
    vectors, member, scene = np.array(seen.vectors[kind]), np.array(seen.member), np.array(seen.scene)
    alike, may = vectors @ vectors.T, scene[:, None] != scene
    pairs = [[cast[a].twin == b and cast[a].likeness == likeness and not cast[a].known for b in member] for a in member]
    twins = np.array(pairs)
    concerned = twins.any(axis=1) | twins.any(axis=0)
    same = (member[:, None] == member) & concerned[:, None]
    return f"{100 * auroc(alike[may & same], alike[may & (twins | twins.T)]):.0f}"


if __name__ == "__main__":
    main()
