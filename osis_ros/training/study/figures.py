"""The pictures of a study: losses over the steps, and maps of the embeddings (Fig. 6 of the paper)."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from osis_ros.evaluation.reports.figures.embedding_map import LEAST_POINTS, draw_embedding
from osis_ros.training.study.config import StudyConfig


def draw_curves(study: StudyConfig, reports: Sequence[dict[str, Any]]) -> bytes | None:
    """The training loss of every run, PNG; None where nothing was trained. Losses of different systems are sums of
    different parts: only their course can be compared."""
    figure = Figure((9, 4), dpi=100, layout="constrained")
    axes, drawn = figure.subplots(), False
    for number, name in enumerate(study.systems):
        label = name
        for report in reports:
            if report["system"] == name and report["curve"]:
                steps, losses = zip(*report["curve"], strict=True)
                axes.plot(steps, losses, color=f"C{number % 10}", linewidth=1, label=label)
                label, drawn = "_", True
    if not drawn:
        return None
    axes.set(xlabel="step", ylabel="training loss", yscale="log")
    axes.legend(frameon=False, fontsize=8)
    return _png(figure)


def draw_map(file: Path) -> bytes | None:
    """The map of a run's `embeddings.npz`, PNG; None where too few objects were found."""
    with np.load(file) as arrays:
        embeddings, categories, names = arrays["embeddings"].astype(np.float32), arrays["categories"], arrays["names"]
    if len(embeddings) < max(LEAST_POINTS, 10):
        return None
    return _png(draw_embedding(embeddings, categories, names[:-1].tolist(), None))


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    figure.savefig(file, format="png")
    return file.getvalue()
