"""Charts of the HTML pages: what a template needs to draw them as SVG, stretched to the page's width."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

CHART = (1000, 100)  # units of the drawing
KNOWN, UNKNOWN, PLAIN = "var(--known)", "var(--unknown)", "var(--dim)"  # colours of page_style.css.jinja


@dataclass(frozen=True)
class Line:
    """A line of a chart; `path` is that of an SVG."""

    name: str
    colour: str
    path: str


@dataclass(frozen=True)
class Chart:
    """Lines over one axis, from 0 to `most`."""

    title: str
    most: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Bar:
    """A bar of a histogram (units of `CHART`), and what it says."""

    x: float
    y: float
    width: float
    height: float
    label: str


def line_chart(
    title: str, at: np.ndarray, lines: Iterable[tuple[str, str, Sequence[float | None]]], most: float | None = None
) -> Chart:
    """A chart of values over time.

    Args:
        at: [N] float, 0..1 from left to right.
        lines: name, colour and N values of each; None where there is none.
        most: value at the top; the greatest one, 1 at least, if None.
    """
    lines = list(lines)
    if most is None:
        most = max([1, *(value for *_, values in lines for value in values if value is not None)])
    return Chart(title, f"{most:.0f}", [Line(name, colour, _path(at, v, most)) for name, colour, v in lines])


def _path(at: np.ndarray, values: Sequence[float | None], most: float) -> str:
    """The path of an SVG, broken where there is no value."""
    parts, drawing = [], False
    for x, value in zip((at * CHART[0]).tolist(), values, strict=True):
        if value is not None:
            point = f"{x:.1f},{CHART[1] * (1 - value / most):.1f}"
            parts.append(f"L{point}" if drawing else f"M{point} L{point}")  # a dot where no other follows
        drawing = value is not None
    return " ".join(parts)


def histogram_bars(counts: Sequence[int], labels: Sequence[str]) -> list[Bar]:
    """A bar for each count, the highest as high as the chart."""
    step, most = CHART[0] / len(counts), max(1, *counts)
    bars = []
    for index, (count, label) in enumerate(zip(counts, labels, strict=True)):
        height = CHART[1] * count / most
        bars.append(Bar(index * step + 2, round(CHART[1] - height, 1), step - 4, round(height, 1), label))
    return bars
