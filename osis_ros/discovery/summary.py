"""What the page says of each cluster: its size and spread, and what it is near to."""

from dataclasses import dataclass

import numpy as np

from osis_ros.discovery.things import Things


@dataclass(frozen=True)
class Neighbour:
    """A class or cluster, by name, and the cosine distance (0..2) to it."""

    name: str
    distance: float


@dataclass(frozen=True, eq=False)
class ClusterSummary:
    """One cluster.

    Attributes:
        number: from 1.
        members: rows of its things, the most typical first.
        views: sightings of its things.
        spread: mean cosine distance of its things to their mean direction.
        known_share: mean share of its things' views that the model called a known class, 0..1.
        nearest_class: the known class whose centre is nearest; None without class centres.
        nearest_cluster: the other cluster whose mean direction is nearest; None where there is only one.
    """

    number: int
    members: np.ndarray
    views: int
    spread: float
    known_share: float
    nearest_class: Neighbour | None
    nearest_cluster: Neighbour | None


def summaries(
    things: Things, labels: np.ndarray, centres: np.ndarray | None, class_names: tuple[str, ...]
) -> list[ClusterSummary]:
    """A summary of each cluster, in the order of their numbers.

    Args:
        things: the unknown things.
        labels: [T] int64, the cluster of each, 0 for noise.
        centres: [K, D] float32 unit vectors of the known classes, or None.
    """
    count = int(labels.max(initial=0))
    means = np.array([_direction(things.embeddings[labels == number]) for number in range(1, count + 1)])
    between = 1 - means @ means.T if count else np.zeros((0, 0))
    np.fill_diagonal(between, np.inf)
    found = []
    for index in range(count):
        rows = np.flatnonzero(labels == index + 1)
        away = 1 - things.embeddings[rows].astype(float) @ means[index]
        other = int(between[index].argmin())
        found.append(ClusterSummary(
            number=index + 1, members=rows[np.argsort(away.round(6), kind="stable")],
            views=int(things.views[rows].sum()), spread=float(away.mean()),
            known_share=float(things.known_share[rows].mean()),
            nearest_class=None if centres is None else _nearest(means[index], centres, class_names),
            nearest_cluster=Neighbour(f"cluster {other + 1}", float(between[index, other])) if count > 1 else None,
        ))  # fmt: skip
    return found


def class_means(things: Things, class_count: int) -> np.ndarray:
    """[K, D] float32, the mean direction of the things of each known class; zeros where none was found."""
    means = np.zeros((class_count, things.embeddings.shape[1]), np.float32)
    for class_id in range(class_count):
        if (things.class_ids == class_id).any():
            means[class_id] = _direction(things.embeddings[things.class_ids == class_id])
    return means


def _direction(embeddings: np.ndarray) -> np.ndarray:
    total = embeddings.astype(float).sum(0)
    return total / max(float(np.linalg.norm(total)), 1e-12)


def _nearest(direction: np.ndarray, centres: np.ndarray, class_names: tuple[str, ...]) -> Neighbour:
    distances = 1 - centres.astype(float) @ direction
    return Neighbour(class_names[int(distances.argmin())], float(distances.min()))
