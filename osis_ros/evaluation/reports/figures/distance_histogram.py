"""Histogram of the distances of known and of unknown objects from the known classes, with T_u."""

from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure
from sklearn.metrics import roc_auc_score

from osis_ros.inference.overlay import UNKNOWN_COLOUR

KNOWN, UNKNOWN = (0.13, 0.40, 0.67), tuple(channel / 255 for channel in UNKNOWN_COLOUR)
BINS = 50


@dataclass(frozen=True)
class Shares:
    """How distances, and T_u, part the objects that were found: counts, and shares in 0..1.

    `auroc` is the probability that an unknown object has a greater distance than a known one (0.5: no better than
    chance). It does not depend on T_u. NaN if one kind is missing.
    """

    known: int
    unknown: int
    known_within: float
    unknown_beyond: float
    auroc: float


def part_by_threshold(distances: np.ndarray, known: np.ndarray, unknown_threshold: float) -> Shares:
    """Shares of the known objects at a distance ≤ T_u and of the unknown ones beyond it.

    Args:
        distances: [M] of the objects' detections from the known classes; known: [M] bool, both kinds among them.
    """
    beyond = distances > unknown_threshold
    auroc = roc_auc_score(~known, distances) if known.any() and not known.all() else float("nan")
    return Shares(
        int(known.sum()), int((~known).sum()), float((~beyond[known]).mean()), float(beyond[~known].mean()), auroc
    )


def draw_distances(distances: np.ndarray, known: np.ndarray, unknown_threshold: float) -> Figure:
    """The histogram, each kind in percent of its own objects, up to the distance that 99.5 % of all stay below."""
    shares = part_by_threshold(distances, known, unknown_threshold)
    figure = Figure((8, 4.2), dpi=110, layout="constrained")
    axes = figure.subplots()
    end = max(float(np.quantile(distances, 0.995)), 1.3 * unknown_threshold, 1e-3)
    edges = np.linspace(0, end, BINS + 1)
    kinds = (
        (known, KNOWN, f"known objects ({shares.known}): {shares.known_within:.0%} within $T_u$"),
        (~known, UNKNOWN, f"unknown objects ({shares.unknown}): {shares.unknown_beyond:.0%} beyond $T_u$"),
    )
    for rows, colour, label in kinds:
        values = np.minimum(distances[rows], end)
        weights = np.full(len(values), 100 / len(values))
        style = {"bins": edges, "weights": weights, "color": colour}
        axes.hist(values, alpha=0.35, **style)
        axes.hist(values, histtype="step", linewidth=1.6, label=label, **style)
    axes.axvline(unknown_threshold, color="0.1", linewidth=1.5, linestyle="--", label=f"$T_u$ = {unknown_threshold:g}")
    axes.set(xlim=(0, end), xlabel="distance from the known classes (the last bar holds all beyond it)",
             ylabel="% of the objects found, each kind by itself")  # fmt: skip
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    return figure
