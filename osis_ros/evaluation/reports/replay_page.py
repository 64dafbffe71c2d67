"""The report of a replay, one self-contained HTML page: figures, charts over time, and pictures."""

import base64
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jinja2 import Environment, StrictUndefined

from osis_ros.evaluation.metrics.coco_scores import UNDEFINED
from osis_ros.evaluation.metrics.referee import Verdict
from osis_ros.inference.overlay import UNKNOWN_COLOUR

TEMPLATE = Path(__file__).with_name("replay_page.html.jinja")
CHART = (900, 120)  # px
KNOWN_COLOUR = (33, 102, 172)
GENERATOR = '<meta name="generator" content="osis replay">'  # by which a later replay knows that it may replace a page


@dataclass(frozen=True)
class Frame:
    """One segmented image: when it was recorded (s), what was found in it, and how long that took (s).

    `names` counts its instances by class name, unknown ones as `unknown`.
    """

    time: float
    known: int
    unknown: int
    latency: float
    names: Counter[str]


@dataclass(frozen=True)
class Picture:
    """An overlay to show: its frame, and a JPEG file's bytes."""

    frame: Frame
    jpeg: bytes


@dataclass(frozen=True)
class ReplayReport:
    """One replay.

    Attributes:
        bag, image_topic, truth_topic, model, provider, score_threshold, unknown_threshold: what ran on what.
        frames: the images that were segmented, in the order in which they were recorded.
        failures: why images were skipped, and how many for each reason.
        verdict, note: the scores, where the bag holds the truth; and a sentence on them, or on why there are none.
        pictures: of some frames.
    """

    bag: str
    image_topic: str
    truth_topic: str | None
    model: str
    provider: str
    score_threshold: float
    unknown_threshold: float
    frames: Sequence[Frame]
    failures: dict[str, int]
    verdict: Verdict | None
    note: str
    pictures: Sequence[Picture]

    def figures(self) -> dict[str, str]:
        """The figures that matter, in words and numbers, for the page and the terminal; `frames` must not be empty."""
        count, skipped = len(self.frames), sum(self.failures.values())
        latency = np.array([frame.latency for frame in self.frames]) * 1000
        rows = {
            "images segmented": f"{count:,}" + (f", {skipped:,} skipped" if skipped else ""),
            "recorded in": f"{self.frames[-1].time - self.frames[0].time:.1f} s",
            "time an image, p50 / p95": f"{np.percentile(latency, 50):.0f} / {np.percentile(latency, 95):.0f} ms",
            "known instances an image": f"{np.mean([frame.known for frame in self.frames]):.1f}",
            "unknown instances an image": f"{np.mean([frame.unknown for frame in self.frames]):.1f}",
        }
        if self.verdict:
            judged = f", of {self.verdict.judged:,} images"
            rows |= {
                "AP of known classes (AP_k)": _percent(self.verdict.ap_known) + judged,
                "AP of unknown objects (AP_unk)": _percent(self.verdict.ap_unknown) + judged,
                "AR of unknown objects (AR_unk, 100)": _percent(self.verdict.ar_unknown) + judged,
            }
        return rows

    def classes(self) -> list[tuple[str, int, int]]:
        """Of each name found: instances, and the images that show any; most instances first."""
        total: Counter[str] = Counter()
        images: Counter[str] = Counter()
        for frame in self.frames:
            total += frame.names
            images.update(frame.names.keys())
        return [(name, number, images[name]) for name, number in total.most_common()]


def _percent(value: float) -> str:
    return "not defined" if value == UNDEFINED else f"{value:.1f} %"


def replay_page(report: ReplayReport) -> str:
    """The page, HTML. Whatever a bag or model is called is shown as text."""
    frames = report.frames
    times = np.array([frame.time for frame in frames])
    at = (times - times[0]) / max(times[-1] - times[0], 1e-9)
    counts = {"known": [frame.known for frame in frames], "unknown": [frame.unknown for frame in frames]}
    colours = {"known": KNOWN_COLOUR, "unknown": UNKNOWN_COLOUR}
    most = max(1, *(max(values) for values in counts.values()))
    latency = np.array([frame.latency for frame in frames]) * 1000
    charts = [
        ("Instances an image", f"{most}", [(name, colours[name], _line(at, v, most)) for name, v in counts.items()]),
        ("Milliseconds an image", f"{latency.max():.0f}", [("time", (90, 90, 90), _line(at, latency, latency.max()))]),
    ]
    pictures = [
        (picture.frame, f"{picture.frame.time - times[0]:.1f}", base64.b64encode(picture.jpeg).decode())
        for picture in report.pictures
    ]
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(TEMPLATE.read_text("utf-8"))
    return template.render(
        report=report, generator=GENERATOR, charts=charts, pictures=pictures, width=CHART[0], height=CHART[1],
        seconds=f"{times[-1] - times[0]:.1f}",
    )  # fmt: skip


def _line(at: np.ndarray, values: Sequence[float], most: float) -> str:
    """The points of an SVG polyline: `at` in 0..1 from left to right, 0..`most` from the bottom up."""
    x, y = at * CHART[0], CHART[1] * (1 - np.asarray(values, float) / max(most, 1e-9))
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
