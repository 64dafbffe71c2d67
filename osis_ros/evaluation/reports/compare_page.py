"""The page that compares two replays, one self-contained HTML file: figures, agreement, both results side by side."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from osis_ros.evaluation.metrics.agreement import Agreement
from osis_ros.evaluation.reports.chart import CHART, PLAIN, line_chart
from osis_ros.evaluation.reports.class_matrix import ClassMatrix
from osis_ros.evaluation.reports.page_template import page_template

GENERATOR = '<meta name="generator" content="osis replay compare">'  # by which a later run knows its own page


@dataclass(frozen=True)
class Side:
    """One of the two replays: its folder, what ran on what, and its figures by name."""

    folder: str
    setup: Mapping[str, object]
    figures: Mapping[str, float | None]


@dataclass(frozen=True)
class Mark:
    """An instance that the two do not agree on: its side (a or b), x y width height in pixels, and what it is."""

    side: str
    box: tuple[int, int, int, int]
    text: str


@dataclass(frozen=True)
class ComparedFrame:
    """An image that both have.

    Attributes:
        seconds: after the first one.
        stamp: of its header, ns.
        places: its number in A and in B, from 0.
        size: width and height in pixels.
        quality: 0..1, how far the two agree.
        same, differ, only_a, only_b: objects of one class, of two classes, and of one of the two alone.
        marks: the instances that they do not agree on.
    """

    seconds: float
    stamp: int
    places: tuple[int, int]
    size: tuple[int, int]
    quality: float
    same: int
    differ: int
    only_a: int
    only_b: int
    marks: Sequence[Mark]


@dataclass(frozen=True)
class Comparison:
    """Two replays of one recording.

    Attributes:
        a, b: the replays.
        frames: that both have, those first on which they agree least.
        agreement: of all frames.
        alone: images of A, and of B, that the other one does not have.
    """

    a: Side
    b: Side
    frames: Sequence[ComparedFrame]
    agreement: Agreement
    alone: tuple[int, int]

    def changed_figures(self) -> list[tuple[str, str, str, str]]:
        """Name, A's, B's and their difference, of every figure that one of the two has."""
        rows = []
        for name in dict.fromkeys([*self.a.figures, *self.b.figures]):
            a, b = self.a.figures.get(name), self.b.figures.get(name)
            if a is not None or b is not None:
                difference = "" if a is None or b is None or a == b else _shown(b - a)
                rows.append((name, _shown(a), _shown(b), difference))
        return rows

    def differences(self) -> list[tuple[str, object, object]]:
        """Name, A's and B's of what was not the same in both runs, as far as both recorded it; the truth is left out,
        because it changes no answer."""
        both = [(name, self.a.setup[name], self.b.setup[name]) for name in self.a.setup if name != "truth"]
        return [(name, a, b) for name, a, b in both if None not in (a, b) and a != b]

    def json(self) -> str:
        """The figures, and each image in the order of recording."""
        frames = sorted(self.frames, key=lambda frame: frame.places)
        fields = {
            "a": self.a.folder,
            "b": self.b.folder,
            "figures": self.agreement.figures() | {"images_only_a": self.alone[0], "images_only_b": self.alone[1]},
            "setup": {"a": dict(self.a.setup), "b": dict(self.b.setup)},
            "classes": [{"a": a or None, "b": b or None, "objects": count}
                        for (a, b), count in sorted(self.agreement.matrix.items())],
            "frames": [{"image_a": frame.places[0], "image_b": frame.places[1], "stamp": frame.stamp,
                        "agreement": round(frame.quality, 6), "same": frame.same, "class_differs": frame.differ,
                        "only_a": frame.only_a, "only_b": frame.only_b} for frame in frames],
        }  # fmt: skip
        return json.dumps(fields, indent=1) + "\n"


def compare_page(comparison: Comparison, jpegs: Sequence[tuple[bytes, bytes]]) -> str:
    """The page, HTML.

    Args:
        jpegs: the overlays of A and of B for the first of the frames.
    """
    frames = comparison.frames
    in_time = sorted(frames, key=lambda frame: frame.places)
    seconds = np.array([frame.seconds for frame in in_time])
    chart = line_chart("Agreement", seconds / max(seconds[-1], 1e-9),
                       [("agreement", PLAIN, [frame.quality for frame in in_time])], most=1)  # fmt: skip
    pictures = [
        {"a": _embedded(a), "b": _embedded(b), "size": frame.size,
         "marks": [{"side": mark.side, "box": mark.box, "text": mark.text} for mark in frame.marks]}
        for frame, (a, b) in zip(frames, jpegs)
    ]  # fmt: skip
    return page_template("compare_page.html.jinja").render(
        comparison=comparison, figures=comparison.agreement.figures(), pictures=pictures, charts=[chart],
        matrix=ClassMatrix.of(comparison.agreement),
        generator=GENERATOR, width=CHART[0], height=CHART[1], seconds=f"{seconds[-1]:.1f}",
    )  # fmt: skip


def _embedded(jpeg: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()


def _shown(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def is_compare_page(path: Path) -> bool:
    """Whether a file is an earlier page of this kind."""
    return GENERATOR in path.read_text("utf-8", "replace")


def is_comparison(path: Path) -> bool:
    """Whether a file is what `Comparison.json` gives."""
    try:
        fields = json.loads(path.read_text("utf-8", "replace"))
    except (ValueError, RecursionError):
        return False
    return isinstance(fields, dict) and {"a", "b", "figures", "classes", "frames"} <= fields.keys()
