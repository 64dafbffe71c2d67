"""What discovered labels are worth: AP of the new classes after training with them, beside training with true ones.

    python benchmarks/discovered_classes.py [--scenes 24] [--drawn 16] [--draws 10] [--test-scenes 30]

Scenes are filmed and `osis discover`'s steps applied as in benchmarks/discovery.py. Each cluster is named after its
commonest true class, or dropped if that is none, as a person would do. Then the classes are learnt, and looked for in
pictures of other scenes. The network is frozen: of each new class one row is learnt, its centre in the embedding spaces
of both looks, by the cross-entropy of the second look (cosines divided by its temperature; the rows of the known
classes stay; what has no class belongs to none). A picture's instances are those of the shipped model; as one of class
c an instance scores its score times the probability of c.

Rows: discovered labels; the same things with their true classes; every instance with its true class, also where the
model calls it a known one; and the network's own instances, each named by the truth, which no labels can exceed. What
is printed is the mean over draws of some of the scenes, with the standard deviation.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from discovery import NO_OBJECT, STEP, film, true_classes, unknown_things

from osis_ros.coco.annotations import Image
from osis_ros.coco.masks import Masks
from osis_ros.coco.rle import encode_instances
from osis_ros.discovery.clustering import NOISE, cluster
from osis_ros.discovery.distinct import distinct
from osis_ros.discovery.sightings import Sightings, joined, sightings_of
from osis_ros.discovery.tracked import ThingNumbers
from osis_ros.evaluation.metrics.coco_scores import coco_scores
from osis_ros.inference.segmenter import Segmenter
from osis_ros.instances import Instances
from osis_ros.simulation.categories import ALL, KNOWN, UNKNOWN
from osis_ros.simulation.film import truth
from osis_ros.simulation.render import Frame
from osis_ros.training.checkpoint import load_checkpoint
from osis_ros.training.export import WEIGHTS_FILE
from osis_ros.training.model.detector import Detector

NONE = -1  # the label of what has no class
STEPS, RATE = 300, 0.02  # of Adam
MIN_PIXELS = 100  # of an object that counts in the test
LOW_SCORE = 0.1


class Looks:
    """The unit embeddings of an instance in both looks, one after the other, and the centres of the known classes."""

    def __init__(self, network: Detector) -> None:
        self.network, self._raw = network.eval(), []
        network.second_look.embedding.register_forward_hook(lambda *call: self._raw.append(call[2]))
        self.temperature = network.second_look.config.temperature
        centres = (network.embedding.centres, network.second_look.embedding.centres)
        self.known = torch.cat([F.normalize(one.detach()) for one in centres], 1) / 2**0.5

    @torch.no_grad()
    def of(self, rgb: np.ndarray, found: Instances) -> np.ndarray:
        """float32 [N, D], unit length."""
        if not len(found):
            return np.zeros((0, self.known.shape[1]), np.float32)
        image = torch.from_numpy(rgb.copy()).permute(2, 0, 1)[None]
        pixels = self.network.backbone.normalise(image, [rgb.shape[:2]])
        self._raw.clear()
        self.network.second_look(pixels, F.pad(torch.from_numpy(found.boxes.copy()), (1, 0)))
        second = F.normalize(torch.cat(self._raw)).numpy()
        return np.concatenate([found.embeddings, second], 1) / np.float32(2**0.5)


@dataclass(frozen=True, eq=False)
class Filmed:
    """Every distinct instance of the scenes: its sighting, true class in ALL or NO_OBJECT, looks [N, D] and scene."""

    sightings: Sightings
    classes: np.ndarray
    looks: np.ndarray
    scenes: np.ndarray

    def of(self, scenes: Sequence[int]) -> "Filmed":
        rows = np.isin(self.scenes, scenes)
        return Filmed(self.sightings.take(rows), self.classes[rows], self.looks[rows], self.scenes[rows])


def filmed(segmenter: Segmenter, looks: Looks, scenes: int, frames: int) -> Filmed:
    numbers, parts, classes, vectors, where = ThingNumbers(), [], [], [], []
    for picture, (scene, seconds, frame) in enumerate(film(scenes, frames, 0, "test")):
        found = segmenter.segment(frame.rgb)
        found = found.take(distinct(found))
        parts.append(sightings_of(picture, found, numbers.of(found, scene, 100 + seconds)))
        classes.append(true_classes(found, frame))
        vectors.append(looks.of(frame.rgb, found))
        where.append(np.full(len(found), scene))
    return Filmed(joined(parts), *map(np.concatenate, (classes, vectors, where)))


def labels(seen: Filmed, smallest: int) -> dict[str, np.ndarray]:
    """Kind of labels → [N] index in ALL of each sighting, or NONE."""
    count, own = len(KNOWN), seen.sightings.class_ids
    things, truth_of_thing = unknown_things(seen.sightings, seen.classes, count)
    clusters = cluster(things.embeddings, smallest)
    names = {number: commonest(truth_of_thing[clusters == number]) for number in np.unique(clusters)}
    names[NOISE] = NONE
    by_cluster = {thing: names[number] for thing, number in zip(things.ids.tolist(), clusters.tolist(), strict=True)}
    by_truth = dict(zip(things.ids.tolist(), truth_of_thing.tolist(), strict=True))
    of_model = np.where(own < count, own, NONE)

    def named(by_thing: dict[int, int]) -> np.ndarray:
        return np.array([by_thing.get(t, m) for t, m in zip(seen.sightings.things.tolist(), of_model, strict=True)])

    return {
        "discovered": named(by_cluster),
        "the same things, true classes": named(by_truth),
        "every instance, true class": np.where(seen.classes == NO_OBJECT, NONE, seen.classes),
    }


def commonest(classes: np.ndarray) -> int:
    found = int(np.bincount(classes + 1, minlength=len(ALL) + 1).argmax()) - 1
    return NONE if found == NO_OBJECT else found


def learnt(looks: Looks, vectors: np.ndarray, named: np.ndarray, new: Sequence[int]) -> torch.Tensor:
    """[M, D] unit rows of the M new classes, zeros where there is no label of one.

    Args:
        vectors: [N, D] of what is learnt from. named: [N], its labels.
    """
    x, seen = torch.from_numpy(vectors).float(), [c for c in new if (named == c).any()]
    rows = torch.stack([x[torch.from_numpy(named == c)].sum(0) for c in seen]) if seen else torch.zeros(0, x.shape[1])
    rows = F.normalize(rows).requires_grad_()
    places = {c: i for i, c in enumerate((*range(len(KNOWN)), *seen))}
    target = torch.tensor([places.get(c, len(places)) for c in named.tolist()])
    optimiser = torch.optim.Adam([rows], RATE)
    for _ in range(STEPS if seen else 0):
        optimiser.zero_grad()
        F.cross_entropy(logits(looks, x, F.normalize(rows)), target).backward()
        optimiser.step()
    every = torch.zeros(len(new), x.shape[1])
    every[[list(new).index(c) for c in seen]] = F.normalize(rows.detach())
    return every


def logits(looks: Looks, x: torch.Tensor, rows: torch.Tensor) -> torch.Tensor:
    """[N, K + M + 1]: known classes, new ones, none."""
    return F.pad(x @ torch.cat([looks.known, rows]).T / looks.temperature, (0, 1))


class Test:
    """Pictures of other scenes: their objects of the new classes, and what the model finds in them."""

    def __init__(self, segmenter: Segmenter, looks: Looks, scenes: int, new: Sequence[int]) -> None:
        self._images, self._looks, self._new, vectors = [], looks, list(new), []
        objects, found = ([], [], [], []), ([], [], [], [])  # image, category, score, rle
        for number, (_, _, frame) in enumerate(film(scenes, 2, 1000, "test")):
            height, width = frame.rgb.shape[:2]
            self._images.append(Image(number, str(number), height, width))
            instances = segmenter.segment(frame.rgb, score_threshold=LOW_SCORE, max_overlap=0.7)
            vectors.append(looks.of(frame.rgb, instances))
            _extend(objects, number, *_objects(frame))
            _extend(found, number, instances, true_classes(instances, frame))
        self.objects, self.found, self.vectors = _masks(objects), _masks(found), np.concatenate(vectors)

    def ap(self, rows: torch.Tensor) -> np.ndarray:
        """[M] AP of the new classes, for these rows [M, D]; 0 where a row is zeros."""
        chances = logits(self._looks, torch.from_numpy(self.vectors), rows).softmax(1)[:, len(KNOWN) : -1]
        chances = (chances * rows.any(1)).numpy()
        best = chances.argmax(1)
        named = self.found.with_category(np.array(self._new)[best])
        return self._scored(named, self.found.score * chances[np.arange(len(best)), best])

    def ceiling(self) -> np.ndarray:
        """[M] AP if each instance had its true class."""
        return self._scored(self.found, self.found.score)

    def _scored(self, named: Masks, score: np.ndarray) -> np.ndarray:
        named = Masks(named.image, named.category, score, named.area, named.crowd, named.rles)
        scores = coco_scores(self._images, self.objects, named.take(score > 0), self._new)
        return np.array([scores.ap([c]) for c in self._new])


def _objects(frame: Frame) -> tuple[Instances, np.ndarray]:
    exact = truth(frame)
    rows = [i for i, item in enumerate(frame.objects) if item.pixels >= MIN_PIXELS]
    return exact.take(rows), np.array([ALL.index(frame.objects[i].category) for i in rows], int)


def _extend(columns: tuple[list, ...], image: int, instances: Instances, classes: np.ndarray) -> None:
    values = [image] * len(instances), classes.tolist(), instances.scores.tolist(), encode_instances(instances)
    for column, more in zip(columns, values, strict=True):
        column += more


def _masks(columns: tuple[list, ...]) -> Masks:
    image, category, score, rles = columns
    masks = Masks(np.array(image), np.array(category), np.array(score), np.zeros(len(rles)),
                  np.zeros(len(rles), bool), tuple(rles))  # fmt: skip
    return Masks(masks.image, masks.category, masks.score, masks.pixels, masks.crowd, masks.rles)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tabletop")
    parser.add_argument("--scenes", type=int, default=24, help="that are filmed")
    parser.add_argument("--drawn", type=int, default=16, help="of them, that a draw discovers")
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--frames", type=int, default=4, help=f"pictures of each scene, {STEP} s apart")
    parser.add_argument("--test-scenes", type=int, default=30, help="two pictures of each")
    parser.add_argument("--min-cluster", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    segmenter = Segmenter(options.model, threads=1)
    looks = Looks(load_checkpoint(segmenter.bundle.path / WEIGHTS_FILE)[0])
    seen = filmed(segmenter, looks, options.scenes, options.frames)
    new = [ALL.index(name) for name in UNKNOWN]
    test = Test(segmenter, looks, options.test_scenes, new)
    there = [c for c in new if (seen.classes == c).any() and (test.objects.category == c).any()]
    columns = [new.index(c) for c in there]
    print(f"new classes: {', '.join(ALL[c] for c in there)}; test: {(np.isin(test.objects.category, there)).sum()} "
          f"objects of them in {2 * options.test_scenes} pictures")  # fmt: skip
    rng, aps, learnable = np.random.default_rng(0), {}, {}
    for _ in range(options.draws):
        some = seen.of(rng.permutation(options.scenes)[: options.drawn].tolist())
        for kind, named in labels(some, options.min_cluster).items():
            aps.setdefault(kind, []).append(test.ap(learnt(looks, some.looks, named, new))[columns])
            learnable.setdefault(kind, []).append(len({*named.tolist()} & {*there}))
    print("| labels | classes with labels | AP of the new classes |\n|---|---:|---:|")
    for kind, each in aps.items():
        means = np.mean(each, axis=1)
        print(f"| {kind} | {np.mean(learnable[kind]):.1f} | {means.mean():.1f} ± {means.std():.1f} |")
    print(f"| (named by the truth) | {len(there)} | {test.ceiling()[columns].mean():.1f} |")
    print("\nAP of each class, mean over the draws:", *aps, sep="\n  ")
    for i, c in enumerate(there):
        print(f"  {ALL[c]:<20}", *(f"{np.mean([one[i] for one in each]):>6.1f}" for each in aps.values()),
              f"{test.ceiling()[columns][i]:>6.1f}")  # fmt: skip


if __name__ == "__main__":
    main()
