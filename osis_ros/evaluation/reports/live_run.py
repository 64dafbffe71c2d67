"""What a running segmenter answers, against the truth and the camera's images: figures and criteria as of a replay."""

import json
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np

from osis_ros.evaluation.jobs.criteria import Criterion, EmptyRegion, Outcome
from osis_ros.evaluation.metrics.recording_health import (
    BagHealth,
    StampedTopic,
    TopicHealth,
    timing,
    timing_findings,
)
from osis_ros.evaluation.metrics.referee import Referee
from osis_ros.evaluation.metrics.steadiness import Steadiness
from osis_ros.evaluation.metrics.truth_figures import found_figures, truth_figures
from osis_ros.evaluation.reports.replay_run import (
    Frame,
    figure_names,
    found_frame,
    instance_figures,
    outcomes,
    percentiles,
)
from osis_ros.instances import Instances

GENERATOR = "osis_ros evaluator"  # by which a later run knows that it may replace a report
WORST = 20  # images that a report lists
PICTURES = 100  # small pictures that wait for the answer to their image
REASONS = 20  # different sentences that a report keeps
# Each figure of a run and what it says.
COUNTS = {
    "images_seen": "images that the camera sent, from the first answered one on",
    "images": "of them, those that the segmenter answered",
    "images_dropped": "of them, those without an answer",
    "dropped_share": "share of the images without an answer, 0 to 1",
    "answers_repeated": "answers to images that had one already, as when a bag is played in a loop; they do not count",
}
# Those that mean something else than in a replay; the others have the names and the meaning of `replay_run.FIGURES`.
OWN_FIGURES = {
    **COUNTS,
    **{f"latency_p{n}_ms": f"from the image's arrival here to that of its instances, {words}"
       for n, words in ((50, "median"), (95, "95 of 100 are faster"), (99, "99 of 100 are faster"))},
    **{f"age_p{n}_ms": f"from the image's stamp to the arrival of its instances, {words}"
       for n, words in ((50, "median"), (95, "95 of 100 are faster"), (99, "99 of 100 are faster"))},
}  # fmt: skip
SCORED = ("ap_known", "ap_unknown", "ar_unknown", "images_judged")
NOT_LIVE = ("images_skipped",)  # the figures of a replay that have no meaning here


def live_figure_names(class_names: Sequence[str]) -> list[str]:
    """The names of all figures of a run with a model of these known classes."""
    replayed = [name for name in figure_names(class_names) if name not in NOT_LIVE]
    return list(dict.fromkeys([*OWN_FIGURES, *replayed]))


class LiveRun:
    """Collects the messages of a run by their stamps (ns), in any order and from any thread.

    Args:
        answer_timeout: seconds after which an image without an answer counts as dropped, if no newer one was answered.
        class_names: known classes of the model.
        criteria: that are to be met.
    """

    def __init__(
        self, answer_timeout: float, class_names: Sequence[str] = (), criteria: Sequence[Criterion] = ()
    ) -> None:
        self._timeout, self._class_names, self._criteria = answer_timeout, class_names, criteria
        self._lock = threading.Lock()
        self._referee = Referee()
        self._regions = [one for one in criteria if isinstance(one, EmptyRegion)]
        self._frames: list[Frame] = []
        self._steadiness = Steadiness()
        self._stamps = StampedTopic("", "")
        self._pictures: dict[int, np.ndarray] = {}  # of images without an answer
        self._arrivals: dict[int, float] = {}  # of images without an answer
        self._latencies: list[float] = []
        self._problems: Counter[str] = Counter()

    def saw_image(self, stamp: int, now: float, arrival: int | None = None, picture: np.ndarray | None = None) -> None:
        """An image of the camera, at `now` (s, a steady clock).

        Args:
            arrival: ns, the clock of stamps; None where it is not the image itself that arrived.
            picture: the image as `small_grey` has it, if the figures of `OF_PICTURES` are wanted.
        """
        with self._lock:
            if arrival is not None:
                self._stamps.add(arrival, stamp)
            if stamp not in self._referee.frames:
                self._referee.saw_frame(stamp)
                self._arrivals[stamp] = now
                if picture is not None:
                    self._pictures[stamp] = picture
                    if len(self._pictures) > PICTURES:
                        del self._pictures[next(iter(self._pictures))]

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
            if stamp in self._referee.frames and stamp not in self._referee.answered:
                steadiness = self._steadiness.saw(found, self._pictures.pop(stamp, None), stamp * 1e-9)
                frame = found_frame(found, stamp * 1e-9, stamp, latency, steadiness, self._regions)
                self._frames.append(frame)
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

    def figures(self, now: float, scored: bool = True) -> dict[str, float | None]:
        """Every figure of `live_figure_names`; None where there is none.

        Args:
            scored: with `SCORED`, which takes seconds for thousands of images.
        """
        counts = self.counts(now)
        with self._lock:
            found = {
                **instance_figures(self._frames, self._class_names),
                **self._steadiness.figures(),
                **truth_figures(self._referee.agreement, self._referee.verdict() if scored else None),
                **self._health().figures(self._stamps.name),
                **percentiles("latency", self._latencies),
                **percentiles("age", list(self._referee.latencies.values())),
                **counts,
            }
        return {name: found[name] for name in live_figure_names(self._class_names)}

    def _health(self) -> BagHealth:
        """Of the images, as they arrived."""
        if not len(self._stamps):
            return BagHealth([], [])
        found = timing(self._stamps)
        return BagHealth([TopicHealth(self._stamps.name, "", found, (), ())], timing_findings("", found))

    def outcomes(self, figures: Mapping[str, float | None]) -> list[Outcome]:
        """Which criteria are met by these figures and by the answers so far, in the order of the criteria."""
        with self._lock:
            return outcomes(self._criteria, figures, self._frames)

    def report(self, figures: Mapping[str, float | None], setup: dict[str, object]) -> str:
        """The report, JSON.

        Args:
            figures: of the run.
            setup: what ran on what.
        """
        judged = self.outcomes(figures)
        with self._lock:
            worst = sorted(self._referee.scores.items(), key=lambda one: (one[1].quality, one[0]))[:WORST]
            matrix = sorted(self._referee.agreement.matrix.items())
            problems = dict(self._problems)
        fields = {
            "generator": GENERATOR,
            "passed": all(outcome.passed for outcome in judged) if judged else None,
            "criteria": [asdict(outcome) for outcome in judged],
            "figures": dict(figures),
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
