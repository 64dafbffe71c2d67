"""How steady a taught name is over time, by each image alone and by a vote over the life of a track.

    python benchmarks/names_over_time.py [--model tabletop] [--scenes 6] [--images 30] [--rate 5]

Objects of categories that were never trained on are taught from at most five views of one scene, and looked for in
other scenes, which a camera circles; among the other objects there are look-alikes that have no name. Segmenter,
tracker, gallery and vote are those of the node, with its own settings but for `teaching.memory`.

named: share of an object's sightings (IoU 0.5 or more) that have its name. false: share of the other instances that
have a name that is not theirs. changes: how often an object's name comes, goes or changes between two sightings, a
minute of its being seen.
"""

import argparse
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from osis_ros.inference.segmenter import Segmenter
from osis_ros.instances import Instances
from osis_ros.simulation.categories import UNKNOWN
from osis_ros.simulation.film import truth
from osis_ros.simulation.meetings import Meeting, Member, meetings, members
from osis_ros.teaching.errors import TeachError
from osis_ros.teaching.gallery import Gallery
from osis_ros.teaching.lesson import lesson, total
from osis_ros.teaching.name_votes import NameVotes
from osis_ros.tracking.mask_overlap import mask_overlap
from osis_ros.tracking.tracker import Tracker

MEMORIES = (0.0, 1.0, 3.0, 10.0, 30.0)  # s; 0 for each image alone
VIEWS, SHOWN = 5, 12  # views that teach, and pictures of a teaching scene
FOUND, APART = 0.5, 0.1  # IoU with an object from which on an instance is it, and below which it is something else


def met(meeting: Meeting, found: Instances) -> dict[int, np.ndarray]:
    """Of each visible member, its IoU [N] with the instances."""
    exact = truth(meeting.frame)
    overlap = mask_overlap(exact.rois, exact.masks, found.rois, found.masks)[0]
    return {meeting.members[number]: row for number, row in zip(exact.ids.tolist(), overlap, strict=True)}


def taught(cast: Sequence[Member], segmenter: Segmenter) -> tuple[Gallery, list[str]]:
    """A gallery of the first of each kind, named by its number, and why others are not in it."""
    lessons, gallery, refused = defaultdict(list), Gallery.empty(segmenter.bundle), []
    for meeting in meetings(cast, 2, SHOWN, seed=1):
        rgb = np.ascontiguousarray(meeting.frame.rgb)
        found = segmenter.segment(rgb)
        for member, iou in met(meeting, found).items():
            if cast[member].twin is None and len(iou) and iou.max() >= FOUND and len(lessons[member]) < VIEWS:
                lessons[member].append(lesson(rgb, found, int(iou.argmax()), str(meeting.view)))
    for member, learnt in sorted(lessons.items()):
        try:
            views, others = total(learnt)
            gallery = gallery.with_views(f"object {member}", views, others)
        except TeachError as err:
            refused.append(str(err))
    return gallery, refused


class Score:
    """Of one memory: counts, and the names of each object of each scene in their order."""

    def __init__(self) -> None:
        self.votes = NameVotes()
        self.hits, self.false_names, self.sequences = [], [], defaultdict(list)

    def add(self, scene: int, names: list[str], iou_of: dict[int, np.ndarray], gallery: Gallery) -> None:
        for member, iou in iou_of.items():
            own = f"object {member}"
            if len(iou) and iou.max() >= FOUND:
                self.sequences[scene, member].append(names[int(iou.argmax())])
                self.hits += [names[int(iou.argmax())] == own] if own in gallery.names else []
        for row, name in enumerate(names):
            own = iou_of.get(int(name.split()[-1])) if name else None
            if own is None or own[row] < APART:
                self.false_names.append(bool(name))

    def row(self, memory: float, rate: float) -> str:
        changes = sum(a != b for names in self.sequences.values() for a, b in pairwise(names))
        minutes = sum(len(names) - 1 for names in self.sequences.values()) / rate / 60
        named, false = (100 * np.mean(values) for values in (self.hits, self.false_names))
        return f"{memory or 'each image':>10} {named:>8.1f} {false:>8.2f} {changes / minutes:>10.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tabletop")
    parser.add_argument("--scenes", type=int, default=6)
    parser.add_argument("--images", type=int, default=30, help="of each scene")
    parser.add_argument("--rate", type=float, default=5.0, help="images a second")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    segmenter, cast = Segmenter(options.model, threads=1), members(UNKNOWN)
    gallery, refused = taught(cast, segmenter)
    print(f"{len(gallery.names)} objects taught, {len(refused)} refused")
    scores = {memory: Score() for memory in MEMORIES}
    seconds, last, tracker = 0.0, -1, Tracker()
    for meeting in meetings(cast, options.scenes, options.images, seed=2, step=1 / options.rate):
        if meeting.scene != last:
            last, tracker = meeting.scene, Tracker(first_id=tracker.next_id)
        rgb = np.ascontiguousarray(meeting.frame.rgb)
        seconds += 1 / options.rate
        found = tracker.update(segmenter.segment(rgb), seconds)
        alike, iou_of = gallery.similarities(rgb, found), met(meeting, found)
        for memory, score in scores.items():
            averaged = score.votes.average(gallery, alike, found, seconds, memory) if memory else alike
            score.add(meeting.scene, gallery.named(found, averaged).taught_names.tolist(), iou_of, gallery)
    print(f"{'memory, s':>10} {'named, %':>8} {'false, %':>8} {'changes':>10}")
    for memory, score in scores.items():
        print(score.row(memory, options.rate))


if __name__ == "__main__":
    main()
