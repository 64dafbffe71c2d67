"""A map of the embedding space: t-SNE of what was found, with the class centres (after SemSeg, figure 6)."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.figure import Figure
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from osis_ros.coco.annotations import EvaluationError

MOST_POINTS = 2000  # t-SNE's time grows faster than their number
LEAST_POINTS = 4
PERPLEXITY = 30.0
SEED = 0
PALETTE = [*colormaps["tab20"].colors[::2], *colormaps["tab20"].colors[1::2]]  # the strong ones first
MARKERS = "os^D"  # a further one each time that the colours are used up


def map_plane(embeddings: np.ndarray, seed: int = SEED) -> np.ndarray:
    """t-SNE of unit vectors [N, D] by cosine distance: [N, 2] float32, the same for the same input and library.

    Raises:
        EvaluationError: fewer than four vectors, or of no dimension.
    """
    count, dimension = embeddings.shape
    if count < LEAST_POINTS or dimension < 2:
        raise EvaluationError(f"a map of the embedding needs at least {LEAST_POINTS} objects found and 2 dimensions, "
                              f"there are {count} and {dimension}")  # fmt: skip
    perplexity = min(PERPLEXITY, (count - 1) / 3)
    with threadpool_limits(1):  # several wait for each other at every step: many times slower on a busy machine
        return TSNE(perplexity=perplexity, metric="cosine", init="pca", random_state=seed).fit_transform(embeddings)


def draw_embedding(
    embeddings: np.ndarray, class_ids: np.ndarray, class_names: Sequence[str], centres: np.ndarray | None
) -> Figure:
    """The map, at most 2,000 points of it, chosen evenly by seed.

    Args:
        embeddings: [M, D] of unit length; class_ids: [M], 0..K-1 known, K unknown.
        class_names: of the K known classes.
        centres: [C, D] of the first C classes; None to draw none.
    """
    if len(embeddings) > MOST_POINTS:
        chosen = np.random.default_rng(SEED).choice(len(embeddings), MOST_POINTS, replace=False)
        embeddings, class_ids = embeddings[chosen], class_ids[chosen]
    count = len(embeddings)
    plane = map_plane(embeddings if centres is None else np.concatenate((embeddings, centres)))
    figure = Figure((8, 6), dpi=110, layout="constrained")
    axes = figure.subplots()
    size = float(np.clip(9000 / count, 7, 40))
    unknown = class_ids == len(class_names)
    axes.scatter(*plane[:count][unknown].T, s=0.7 * size, color="black", linewidths=0, label="unknown", zorder=2)
    for index, name in enumerate(class_names):
        style = {"color": _colour(index), "marker": MARKERS[index // len(PALETTE) % len(MARKERS)]}
        axes.scatter(*plane[:count][class_ids == index].T, s=size, linewidths=0, label=name, zorder=3, **style)
    if centres is not None:
        for index, (x, y) in enumerate(plane[count:]):
            for ink, width in (("black", 5.5), ("white", 4.2), (_colour(index), 2.6)):
                axes.plot(x, y, "x", color=ink, markersize=11, markeredgewidth=width, zorder=4)
        axes.plot([], [], "x", color="0.3", markersize=9, markeredgewidth=2.6, label="class centre")
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_color("0.8")
    legend = axes.legend(
        loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, markerscale=max(1.0, (30 / size) ** 0.5)
    )
    for text in legend.get_texts():  # a dollar sign in a class's name is no formula
        text.set_parse_math(False)
    return figure


def _colour(index: int) -> tuple[float, float, float]:
    return PALETTE[index % len(PALETTE)]
