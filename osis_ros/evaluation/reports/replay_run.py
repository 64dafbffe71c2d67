"""What a replay found, image by image and as figures: for its page, the terminal, frames.jsonl and summary.json."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple

import numpy as np

from osis_ros.evaluation.jobs.criteria import Criterion, EmptyRegion, Outcome
from osis_ros.evaluation.metrics.agreement import Agreement, FrameScore
from osis_ros.evaluation.metrics.recording_health import BagHealth
from osis_ros.evaluation.metrics.referee import Verdict
from osis_ros.evaluation.metrics.steadiness import FrameSteadiness, Steadiness
from osis_ros.evaluation.metrics.truth_figures import TRUTH_FIGURES, truth_figures
from osis_ros.instances import UNKNOWN_NAME, Instances

# Each figure of a run and what it says. Those of classes come on top: `figure_names`.
FIGURES = {
    "images": "images that were segmented",
    "images_skipped": "images that could not be used",
    "seconds": "from the first image to the last, as recorded",
    "latency_p50_ms": "computing time of an image, median",
    "latency_p95_ms": "95 of 100 images take no longer",
    "latency_p99_ms": "99 of 100 images take no longer",
    "known_per_image": "instances of known classes per image, mean",
    "unknown_per_image": "unknown instances per image, mean",
    "unknown_share": "share of the instances that are unknown, 0 to 1",
    "standing_share": "share of the images in which the camera had not moved since the previous image, 0 to 1",
    "flicker_per_object_minute": "while the camera stands still: objects that appear or vanish, per object minute",
    "class_changes_per_object_minute": "objects whose class differs from that in the previous image, per object minute",
    "mask_agreement": "while the camera stands still: mask IoU of an object with itself in the previous image, mean",
    "count_change_per_image": "while the camera stands still: change in the number of instances, mean",
    "tracks": "number of track ids; close to the number of objects if tracking works",
    "track_flicker_per_object_minute": "tracks that appear or vanish, also while the camera moves, per object minute",
    "duplicates_per_image": "instances whose mask IoU with a better one is 0.5 or more, mean",
    "parts_per_image": "instances of which 90 % lie within a larger one, and that are no duplicates, mean",
    **TRUTH_FIGURES,
    "health_errors": "errors that `osis replay --check` finds in the recording",
    "health_warnings": "its warnings",
    "image_rate_hz": "images per second, from the median time between stamps",
    "images_missing": "estimated number of lost images, from the gaps between the stamps",
    "longest_gap_s": "longest time between two stamps",
    "stamps_repeated": "images whose stamp another image has too",
    "stamps_backward": "images whose stamp is earlier than that of the previous image",
    "stamp_delay_ms": "from the stamp to the recording, median",
}
SETUP = ("bag", "image_topic", "truth", "model", "model_sha256", "bundle_sha256", "version", "provider",
         "score_threshold", "unknown_threshold")  # fmt: skip
SEEN, COUNT = "seen.", "count."  # before a class name


def figure_names(class_names: Iterable[str]) -> list[str]:
    """The names of all figures of a run with a model of these known classes.

    `seen.cup` is the share of images in which a cup was found, `count.cup` the mean number of cups an image.
    """
    names = [*class_names, UNKNOWN_NAME]
    return [*FIGURES, *(SEEN + name for name in names), *(COUNT + name for name in names)]


@dataclass(frozen=True, slots=True)
class Frame:
    """One segmented image; of a long recording there are many, so it is kept small.

    Attributes:
        time: when it was recorded, s.
        stamp: of its header, ns.
        known, unknown: instances found in it.
        latency: s that its decoding and segmentation took.
        names: its instances by class name, unknown ones as `unknown`.
        steadiness: against the image before.
        hits: names of the criteria whose region holds something.
        tracks: ids of its objects' tracks.
        truth: against the true masks; None where there are none.
    """

    time: float
    stamp: int
    known: int
    unknown: int
    latency: float
    names: Counter[str]
    steadiness: FrameSteadiness
    hits: tuple[str, ...] = ()
    tracks: Sequence[int] = ()
    truth: FrameScore | None = None

    @property
    def concern(self) -> float:
        """How much is wrong with it, by its truth or as far as can be told without one; 0 for nothing."""
        if self.truth is not None:
            return 10 * len(self.hits) + 1 - self.truth.quality
        one = self.steadiness
        changes = (one.births or 0) + (one.deaths or 0) + one.class_changes
        return 10 * len(self.hits) + changes + (0 if one.agreement is None else 1 - one.agreement)

    def line(self, number: int, camera: str = "") -> str:
        """A line of frames.jsonl; with the camera's name where there are several."""
        named = {"camera": camera} if camera else {}
        fields = {**named, "image": number, "stamp": self.stamp, "time": round(self.time, 9),
                  "ms": round(self.latency * 1e3, 3), "known": self.known, "unknown": self.unknown,
                  "names": dict(sorted(self.names.items())),
                  **asdict(self.steadiness), "hits": list(self.hits), "tracks": sorted(self.tracks),
                  "concern": round(self.concern, 6),
                  "truth": None if self.truth is None else asdict(self.truth)}  # fmt: skip
        return json.dumps(fields) + "\n"


class SeenTrack(NamedTuple):
    """An object that was followed: its id, its class by vote, the images that show it, and the times of the first and
    the last of them, s as `Frame.time`."""

    id: int
    name: str
    images: int
    first: float
    last: float


def found_frame(
    instances: Instances, time: float, stamp: int, latency: float, steadiness: FrameSteadiness,
    regions: Sequence[EmptyRegion], tracks: Sequence[int] = (),
) -> Frame:  # fmt: skip
    """What was found in an image.

    Args:
        regions: of the criteria.
        others: as the attributes of `Frame`.
    """
    unknown = int(instances.unknown.sum())
    return Frame(
        time=time, stamp=stamp, known=len(instances) - unknown, unknown=unknown, latency=latency,
        names=Counter(map(instances.class_name, range(len(instances)))), steadiness=steadiness,
        hits=tuple(one.name for one in regions if one.hits(instances).any()), tracks=tracks,
    )  # fmt: skip


@dataclass(frozen=True)
class Picture:
    """An overlay to show: the number of its frame, the frame, and a JPEG file's bytes."""

    number: int
    frame: Frame
    jpeg: bytes


@dataclass(frozen=True)
class ReplayReport:
    """One replay.

    Attributes:
        bag, image_topic, truth, model, model_sha256, bundle_sha256, version, provider, score_threshold,
            unknown_threshold: what ran on what; `model_sha256` is of the graph, `bundle_sha256` as `Bundle.sha256`.
        class_names: known classes of the model.
        health: of the recording.
        frames: the images that were segmented, in the order in which they were recorded.
        tracks: of their objects, by id.
        steadiness: of what was found in them.
        failures: why images were skipped, and how many for each reason.
        verdict, note: the scores, where the bag holds the truth; and a sentence on them, or on why there are none.
        pictures: of some frames.
        outcomes: of the criteria, if any were given.
        agreement: of the results (A) with the truth (B), None without one.
        camera: its name, empty where there is one only.
    """

    bag: str
    image_topic: str
    truth: str | None
    model: str
    model_sha256: str
    bundle_sha256: str
    version: str
    provider: str
    score_threshold: float
    unknown_threshold: float
    class_names: Sequence[str]
    health: BagHealth
    frames: Sequence[Frame]
    steadiness: Steadiness
    failures: Mapping[str, int]
    verdict: Verdict | None
    note: str
    pictures: Sequence[Picture] = ()
    outcomes: Sequence[Outcome] = ()
    agreement: Agreement | None = None
    camera: str = ""
    tracks: Sequence[SeenTrack] = ()

    @property
    def passed(self) -> bool | None:
        """Whether every criterion is met; None without criteria."""
        return all(outcome.passed for outcome in self.outcomes) if self.outcomes else None

    def figures(self) -> dict[str, float | None]:
        """Every figure of `figure_names` by its name; None where this recording does not allow one."""
        latency = [frame.latency for frame in self.frames]
        found = {
            "images_skipped": sum(self.failures.values()),
            **percentiles("latency", latency),
            **instance_figures(self.frames, self.class_names),
            **self.steadiness.figures(),
            **truth_figures(self.agreement, self.verdict),
            **self.health.figures(self.image_topic),
        }
        return {name: found[name] for name in figure_names(self.class_names)}

    def in_words(self) -> dict[str, str]:
        """The figures that matter, in words and numbers, for the page and the terminal; `frames` must not be empty."""
        figures = self.figures()
        skipped, missing = figures["images_skipped"], figures["images_missing"]
        rows = {
            "images segmented": f"{len(self.frames):,}" + (f", {skipped:,} skipped" if skipped else ""),
            "recorded in": f"{figures['seconds']:.1f} s" + (f", {missing:,} images missing" if missing else ""),
            "time an image, p50 / p95 / p99": " / ".join(f"{figures[f'latency_p{n}_ms']:.0f}" for n in (50, 95, 99))
            + " ms",
            "known instances an image": f"{figures['known_per_image']:.1f}",
            "unknown instances an image": f"{figures['unknown_per_image']:.1f}",
            "camera stands": _shown(figures["standing_share"], "{:.0%} of the images"),
            "flicker while it stands": _shown(figures["flicker_per_object_minute"], "{:.1f} an object and minute"),
            "class changes": _shown(figures["class_changes_per_object_minute"], "{:.1f} an object and minute"),
            "mask IoU with the image before": _shown(figures["mask_agreement"], "{:.3f}"),
            "duplicates / parts an image": f"{figures['duplicates_per_image']:.2f} / {figures['parts_per_image']:.2f}",
        }
        if figures["tracks"] is not None:
            rows["tracks"] = f"{figures['tracks']:,}"
        if self.verdict:
            judged = f", of {self.verdict.judged:,} images"
            for name, words in (("ap_known", "AP of known classes (AP_k)"), ("ap_unknown", "AP of unknown objects "
                                "(AP_unk)"), ("ar_unknown", "AR of unknown objects (AR_unk, 100)")):  # fmt: skip
                rows[words] = _shown(figures[name], "{:.1f} %") + judged
        if self.agreement is not None:
            rows["found of the true objects"] = _shown(figures["recall"], "{:.0%}")
            rows["right class, of those found"] = _shown(figures["class_accuracy"], "{:.0%}")
            rows["false / missed an image"] = f"{figures['false_per_image']:.2f} / {figures['missed_per_image']:.2f}"
        return rows

    def classes(self) -> list[tuple[str, int, int]]:
        """Of each name found: instances, and the images that show any; most instances first."""
        total: Counter[str] = Counter()
        images: Counter[str] = Counter()
        for frame in self.frames:
            total += frame.names
            images.update(frame.names.keys())
        return [(name, number, images[name]) for name, number in total.most_common()]

    def worst(self) -> list[tuple[int, Frame]]:
        """The images with their numbers from 0, those of most concern first; with a truth, the judged ones alone."""
        judged = self.agreement is not None
        numbered = [(number, frame) for number, frame in enumerate(self.frames) if frame.truth or not judged]
        return sorted(numbered, key=lambda one: (-one[1].concern, one[0]))

    def summary(self) -> dict[str, object]:
        """What summary.json says of this camera."""
        return {
            "passed": self.passed,
            "criteria": [asdict(outcome) for outcome in self.outcomes],
            "figures": self.figures(),
            "score_histogram": self.steadiness.score_histogram,
            "distance_histogram": self.steadiness.distance_histogram,
            "run": {name: getattr(self, name) for name in SETUP},
            "skipped": dict(self.failures),
            "health": [asdict(finding) for finding in self.health.findings],
            "note": self.note,
        }


def instance_figures(frames: Sequence[Frame], class_names: Sequence[str]) -> dict[str, float | None]:
    """How many images there are, how long they take, and what was found in them."""
    count, names = len(frames), [*class_names, UNKNOWN_NAME]
    total: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for frame in frames:
        total.update(frame.names)
        seen.update(frame.names.keys())
    return {
        "images": count,
        "seconds": frames[-1].time - frames[0].time if count else None,
        "known_per_image": sum(frame.known for frame in frames) / count if count else None,
        "unknown_per_image": sum(frame.unknown for frame in frames) / count if count else None,
        **{SEEN + name: seen[name] / count if count else None for name in names},
        **{COUNT + name: total[name] / count if count else None for name in names},
    }


def percentiles(name: str, seconds: Sequence[float]) -> dict[str, float | None]:
    """`NAME_p50_ms`, `NAME_p95_ms` and `NAME_p99_ms` of times that are not NaN; None without any."""
    known = [1000 * value for value in seconds if value == value]
    values = np.percentile(known, (50, 95, 99)).tolist() if known else (None,) * 3
    return {f"{name}_p{n}_ms": value for n, value in zip((50, 95, 99), values, strict=True)}


def outcomes(
    criteria: Sequence[Criterion], figures: Mapping[str, float | None], frames: Sequence[Frame]
) -> list[Outcome]:
    """Which criteria are met by the figures and frames of a run."""
    return [
        one.outcome(len(frames), [frame.time - frames[0].time for frame in frames if one.name in frame.hits])
        if isinstance(one, EmptyRegion) else one.outcome(figures)
        for one in criteria
    ]  # fmt: skip


def passed(reports: Sequence[ReplayReport]) -> bool | None:
    """Whether every criterion of every camera is met; None without criteria."""
    verdicts = [report.passed for report in reports if report.passed is not None]
    return all(verdicts) if verdicts else None


def summary(reports: Sequence[ReplayReport]) -> str:
    """The content of summary.json: of the only camera, or with a part for each."""
    if len(reports) == 1:
        fields = reports[0].summary()
    else:
        fields = {"passed": passed(reports), "cameras": {report.camera: report.summary() for report in reports}}
    return json.dumps(fields, indent=2) + "\n"


def _shown(value: float | None, form: str) -> str:
    return "not defined" if value is None else form.format(value)
