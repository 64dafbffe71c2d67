"""Learn which differences between two looks mean another object, from rendered objects of the training categories.

    python benchmarks/fit_appearance.py [--scenes 70] [--output osis_ros/teaching/appearance.npz]

Linear discriminant analysis: objects are met in several scenes, and the projection keeps the directions in which the
looks of different objects differ most, in units of how much one object's differ from scene to scene. Categories of the
simulator's unknown objects are not among them, so that benchmarks/embedding.py and benchmarks/teaching.py judge it.
"""

import argparse
from pathlib import Path

import cv2
import numpy as np

from osis_ros.files.atomic import write_whole
from osis_ros.inference.segmenter import Segmenter
from osis_ros.simulation.categories import KNOWN, OUTLIERS, build
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.film import truth
from osis_ros.simulation.meetings import Member, meetings
from osis_ros.teaching.appearance import PROJECTION, SIZE, looks, packed
from osis_ros.tracking.mask_overlap import mask_overlap

EACH, AT_ONCE, VIEWS = 2, 16, 2  # objects of a category; objects of a scene; pictures of it
MIN_PIXELS, MIN_IOU = 200, 0.5
SHRINKAGE = 0.3  # of the scatter within an object towards the same in all directions


def sightings(scenes: int, segmenter: Segmenter) -> tuple[np.ndarray, np.ndarray]:
    """Looks [S, D] of the objects, with true and with predicted masks, and the objects' numbers [S]."""
    categories = (*KNOWN, *OUTLIERS)
    cast = [Member(name, build(name, Draw("train", k, "member", name))) for k in range(EACH) for name in categories]
    seen, members = [], []
    for meeting in meetings(cast, scenes, VIEWS, at_once=AT_ONCE, seed=5, split="train"):
        rgb = np.ascontiguousarray(meeting.frame.rgb)
        exact = truth(meeting.frame)
        exact = exact.take([i for i, item in enumerate(meeting.frame.objects) if item.pixels >= MIN_PIXELS])
        owners = [meeting.members[number] for number in exact.ids.tolist()]
        found = segmenter.segment(rgb, max_overlap=0.7)
        overlap = mask_overlap(exact.rois, exact.masks, found.rois, found.masks)[0]
        met = np.flatnonzero(overlap.max(axis=1, initial=0) >= MIN_IOU)
        for instances, numbers in (
            (exact, owners),
            (found.take(overlap[met].argmax(axis=1)), [owners[i] for i in met]),
        ):
            for look, number in zip(looks(rgb, instances), numbers, strict=True):
                if look.any():
                    seen.append(look)
                    members.append(number)
        if meeting.view == 0:
            print(f"scene {meeting.scene + 1} of {scenes}: {len(seen)} sightings", flush=True)
    return np.array(seen), np.array(members)


def discriminant(seen: np.ndarray, members: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean [D] and projection [D, size]."""
    mean = seen.mean(axis=0)
    inner = np.concatenate([seen[members == m] - seen[members == m].mean(axis=0) for m in np.unique(members)])
    within = inner.T @ inner / (len(seen) - len(np.unique(members)))
    within += SHRINKAGE * np.trace(within) / len(within) * np.eye(len(within))
    values, axes = np.linalg.eigh(within)
    whitening = axes / np.sqrt(values)
    whole = (seen - mean) @ whitening
    return mean, whitening @ np.linalg.eigh(whole.T @ whole)[1][:, ::-1][:, :size]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tabletop")
    parser.add_argument("--scenes", type=int, default=70)
    parser.add_argument("--output", type=Path, default=PROJECTION)
    options = parser.parse_args()
    cv2.setNumThreads(1)
    seen, members = sightings(options.scenes, Segmenter(options.model, threads=1))
    write_whole(options.output, packed(*discriminant(seen, members, SIZE)))
    print(f"{options.output}: from {len(seen)} sightings of {len(np.unique(members))} objects")


if __name__ == "__main__":
    main()
