"""What a running segmenter answers, against the truth and the camera's images: figures as of a replay, and drops."""

import json
import threading
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import numpy as np

from osis_ros.evaluation.metrics.referee import Referee
from osis_ros.evaluation.metrics.truth_figures import TRUTH_FIGURES, found_figures, truth_figures
from osis_ros.instances import Instances

GENERATOR = "osis_ros evaluator"  # by which a later run knows that it may replace a report
WORST = 20  # images that a report lists
REASONS = 20  # different sentences that a report keeps
# Each figure of a run and what it says.
COUNTS = {
    "images_seen": "images that the camera sent, from the first answered one on",
    "images": "of them, those that the segmenter answered",
    "images_dropped": "of them, those without an answer",
    "dropped_share": "share of the images without an answer, 0 to 1",
    "answers_repeated": "answers to images that had one already, as when a bag is played in a loop; they do not count",
}
FIGURES = {
    **COUNTS,
    **{f"latency_p{n}_ms": f"from the image's arrival here to that of its instances, {words}"
       for n, words in ((50, "median"), (95, "95 of 100 are faster"), (99, "99 of 100 are faster"))},
    **{f"age_p{n}_ms": f"from the image's stamp to the arrival of its instances, {words}"
       for n, words in ((50, "median"), (95, "95 of 100 are faster"), (99, "99 of 100 are faster"))},
    "known_per_image": "instances of known classes per image, mean",
    "unknown_per_image": "unknown instances per image, mean",
    **TRUTH_FIGURES,
}  # fmt: skip


class LiveRun:
    """Collects the messages of a run by their stamps (ns), in any order and from any thread.

    Args:
        answer_timeout: seconds after which an image without an answer counts as dropped, if no newer one was answered.
    """

    def __init__(self, answer_timeout: float) -> None:
        self._timeout = answer_timeout
        self._lock = threading.Lock()
        self._referee = Referee()
        self._arrivals: dict[int, float] = {}  # of images without an answer
        self._latencies: list[float] = []
        self._problems: Counter[str] = Counter()

    def saw_image(self, stamp: int, now: float) -> None:
        """An image of the camera, at `now` (s, a steady clock)."""
        with self._lock:
            if stamp not in self._referee.frames:
                self._referee.saw_frame(stamp)
                self._arrivals[stamp] = now

    def saw_truth(self, stamp: int, truth: Instances) -> None:
        """
        Raises:
            EvaluationError: it is of another size than the image.
        """
        with self._lock:
            self._referee.saw_truth(stamp, truth)

    def saw_answer(self, stamp: int, found: Instances, now: float, arrival: int) -> float:
        """What the segmenter found, at `now` (s, the clock of `saw_image`) and `arrival` (ns, the clock of stamps).

        Returns:
            seconds since the image's arrival; NaN if it is not known.
        Raises:
            EvaluationError: the truth is of another size than the image.
        """
        with self._lock:
            latency = now - self._arrivals.pop(stamp, float("nan"))
            if latency == latency:
                self._latencies.append(latency)
            self._referee.saw_answer(stamp, found, arrival)
            return latency

    def problem(self, sentence: str) -> None:
        """A message that could not be used."""
        with self._lock:
            if sentence in self._problems or len(self._problems) < REASONS:
                self._problems[sentence] += 1

    def forget(self, before: int) -> None:
        """Wait no longer for the truth, or for the answer, of images with an earlier stamp."""
        with self._lock:
            self._referee.forget(before)

    def counts(self, now: float) -> dict[str, float | None]:
        """The figures of `COUNTS` so far."""
        with self._lock:
            referee = self._referee
            counted = referee.counted
            answered = counted & referee.answered.keys()
            newest = max(answered, default=0)
            dropped = sum(
                stamp in counted and (stamp < newest or now - arrival > self._timeout)
                for stamp, arrival in self._arrivals.items()
            )
            values = len(answered) + dropped, len(answered), dropped, None, referee.repeated
        counts = dict(zip(COUNTS, values, strict=True))
        return counts | {"dropped_share": dropped / counts["images_seen"] if counts["images_seen"] else None}

    def found(self) -> dict[str, float | None]:
        """The figures against the truth that are cheap, and how many images are judged."""
        with self._lock:
            agreement = self._referee.agreement
            return found_figures(agreement) | {"images_judged": agreement.images}

    def figures(self, now: float) -> dict[str, float | None]:
        """Every figure of `FIGURES`; None where there is none. Scoring thousands of images takes seconds."""
        counts = self.counts(now)
        with self._lock:
            verdict, agreement = self._referee.verdict(), self._referee.agreement
            ages = list(self._referee.latencies.values())
            latencies = list(self._latencies)
        found = {
            **counts,
            **_percentiles("latency", latencies),
            **_percentiles("age", ages),
            "known_per_image": verdict.known_per_frame if verdict.processed else None,
            "unknown_per_image": verdict.unknown_per_frame if verdict.processed else None,
            **truth_figures(agreement, verdict),
        }
        return {name: found[name] for name in FIGURES}

    def report(self, now: float, setup: dict[str, object]) -> str:
        """The report, JSON.

        Args:
            setup: what ran on what.
        """
        figures = self.figures(now)
        with self._lock:
            worst = sorted(self._referee.scores.items(), key=lambda one: (one[1].quality, one[0]))[:WORST]
            matrix = sorted(self._referee.agreement.matrix.items())
            problems = dict(self._problems)
        fields = {
            "generator": GENERATOR,
            "figures": figures,
            "classes": [{"found": found, "true": true, "objects": count} for (found, true), count in matrix],
            "worst": [{"stamp": stamp, **asdict(score)} for stamp, score in worst],
            "problems": problems,
            "run": setup,
        }
        return json.dumps(fields, indent=2) + "\n"


def is_live_report(path: Path) -> bool:
    """Whether a file is a report of an earlier run."""
    try:
        fields = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(fields, dict) and fields.get("generator") == GENERATOR


def _percentiles(name: str, seconds: list[float]) -> dict[str, float | None]:
    known = [1000 * value for value in seconds if value == value]
    values = np.percentile(known, (50, 95, 99)).tolist() if known else (None,) * 3
    return {f"{name}_p{n}_ms": value for n, value in zip((50, 95, 99), values, strict=True)}
