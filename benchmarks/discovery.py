"""How well `osis discover` finds new classes, against the simulator's truth.

    python benchmarks/discovery.py [--scenes 16] [--frames 4] [--seed 0] [--split test] [--model tabletop] [--json FILE]

Each scene is filmed from an orbit, two pictures a second; half of its categories are unknown to the model. A thing's
true class is that of the object which most of its views overlap by more than half (IoU); a thing without one is no
object. Right labels per action: the views that have the right class once every cluster was named after its commonest
class or dropped, divided by the number of clusters. By hand, one view at a time, it is 1 at most.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from sklearn.cluster import KMeans

from osis_ros.discovery.clustering import cluster, effects
from osis_ros.discovery.distinct import distinct
from osis_ros.discovery.sightings import Sightings, joined, sightings_of
from osis_ros.discovery.things import Things, things_of
from osis_ros.discovery.tracked import ThingNumbers
from osis_ros.evaluation.metrics.clustering import ClusterQuality, cluster_quality
from osis_ros.inference.segmenter import Segmenter
from osis_ros.instances import Instances
from osis_ros.simulation.categories import ALL
from osis_ros.simulation.render import Frame, Renderer
from osis_ros.simulation.scene import make_scene

STEP = 0.5  # s between two pictures
NO_OBJECT = -1
MIN_CLUSTERS = (2, 3, 4, 5)


def film(scenes: int, frames: int, seed: int, split: str) -> Iterator[tuple[int, float, Frame]]:
    """Number of the scene, seconds, picture."""
    with Renderer(640, 480) as renderer:
        for number in range(scenes):
            scene = make_scene(seed + number, split)
            base = scene.view(0)
            for index in range(frames):
                view = replace(base, camera=scene.orbit(index * STEP), noise_seed=base.noise_seed + index)
                yield number, index * STEP, renderer.frame(scene, view)


def true_classes(instances: Instances, frame: Frame) -> np.ndarray:
    """[N] index in ALL of the object that each instance shows, or NO_OBJECT."""
    found = np.full(len(instances), NO_OBJECT)
    for row, mask in enumerate(instances.masks):
        x, y, width, height = instances.rois[row]
        ids = frame.instance_ids[y : y + height, x : x + width][mask]
        for item in frame.objects:
            shared = np.count_nonzero(ids == item.instance_id)
            if shared > 0.5 * (len(ids) + item.pixels - shared):
                found[row] = ALL.index(item.category)
    return found


def observe(
    segmenter: Segmenter, frames: Iterator[tuple[int, float, Frame]]
) -> tuple[Sightings, Sightings, np.ndarray]:
    """The sightings with tracks, the same with each view as a thing of its own, and the true class of each."""
    tracked, alone = ThingNumbers(), ThingNumbers()
    parts: tuple[list[Sightings], list[Sightings]] = [], []
    classes = []
    for picture, (scene, seconds, frame) in enumerate(frames):
        instances = segmenter.segment(frame.rgb)
        instances = instances.take(distinct(instances))
        parts[0].append(sightings_of(picture, instances, tracked.of(instances, scene, 100 + seconds)))
        parts[1].append(sightings_of(picture, instances, alone.of(instances, scene, None)))
        classes.append(true_classes(instances, frame))
    return joined(parts[0]), joined(parts[1]), np.concatenate(classes)


def unknown_things(sightings: Sightings, classes: np.ndarray, count: int) -> tuple[Things, np.ndarray]:
    """The things that are called unknown, and the true class that most of their views have."""
    things = things_of(sightings, count)
    things = things.take(things.unknown(count))
    votes = [np.bincount(classes[sightings.things == thing] + 1, minlength=len(ALL) + 1) for thing in things.ids]
    return things, np.array([vote.argmax() - 1 for vote in votes], np.int64)


def rows_of(things: Things, truth: np.ndarray, alone: Things, alone_truth: np.ndarray) -> dict[str, ClusterQuality]:
    """What is compared: name → scores."""
    kinds = len(np.unique(truth[truth >= 0]))
    means = KMeans(max(kinds, 1), n_init=5, random_state=0).fit_predict(things.embeddings) + 1
    found = {f"tracks, HDBSCAN, {size} or more": cluster_quality(cluster(things.embeddings, size), truth, things.views)
             for size in MIN_CLUSTERS}  # fmt: skip
    found["each view alone, HDBSCAN, 3 or more"] = cluster_quality(cluster(alone.embeddings, 3), alone_truth)
    found[f"tracks, k-means with the true number ({kinds})"] = cluster_quality(means, truth, things.views)
    found["tracks, all in one"] = cluster_quality(np.ones(len(truth), int), truth, things.views)
    found["tracks, each named by itself"] = cluster_quality(np.arange(1, len(truth) + 1), truth, things.views)
    return found


def print_table(rows: dict[str, ClusterQuality]) -> None:
    print("| | clusters | coverage | purity | Hungarian accuracy | AMI | right labels | per action |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|")
    for name, q in rows.items():
        print(f"| {name} | {q.clusters} | {100 * q.coverage:.0f} % | {100 * q.purity:.0f} % | {100 * q.accuracy:.0f} % "
              f"| {q.ami:.2f} | {q.right_labels:.0f} | {q.labels_per_action:.1f} |")  # fmt: skip


def clustering_seconds(embeddings: np.ndarray, count: int = 1000) -> float:
    """CPU seconds for the clusters of so many things and the curve over their smallest size."""
    random = np.random.default_rng(0)
    many = embeddings[random.integers(0, len(embeddings), count)] + 0.05 * random.normal(size=(count, 1))
    many = many + 0.02 * random.normal(size=many.shape)
    many /= np.linalg.norm(many, axis=1, keepdims=True)
    start = time.process_time()
    cluster(many, 3)
    effects(many)
    return time.process_time() - start


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=16)
    parser.add_argument("--frames", type=int, default=4, help="pictures of each scene")
    parser.add_argument("--seed", type=int, default=0, help="of the first scene")
    parser.add_argument("--split", default="test")
    parser.add_argument("--model", default="tabletop")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args(arguments)
    segmenter = Segmenter(options.model)
    count = len(segmenter.bundle.class_names)
    frames = film(options.scenes, options.frames, options.seed, options.split)
    sightings, alone, classes = observe(segmenter, frames)
    things, truth = unknown_things(sightings, classes, count)
    views, views_truth = unknown_things(alone, classes, count)
    print(f"{options.scenes * options.frames} pictures of {options.scenes} scenes: {len(views)} views called unknown, "
          f"{np.mean(views_truth >= 0):.0%} of them of an object; {len(things)} tracks, "
          f"{np.mean(truth >= 0):.0%}")  # fmt: skip
    rows = rows_of(things, truth, views, views_truth)
    print_table(rows)
    print(f"clusters and curve of 1,000 things: {clustering_seconds(things.embeddings):.1f} s of one core")
    if options.json:
        report = {name: asdict(row) | {"labels_per_action": row.labels_per_action} for name, row in rows.items()}
        settings = {name: value for name, value in vars(options).items() if name != "json"}
        options.json.write_text(json.dumps({"settings": settings, "rows": report}, indent=1))


if __name__ == "__main__":
    main()
