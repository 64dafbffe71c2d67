"""What is wrong with a recording, before any model has seen it: gaps, stamps, encodings, calibration, depth."""

from array import array
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np

LEVELS = ERROR, WARNING, NOTE = ("error", "warning", "note")
GAP = 1.5  # median periods between two stamps, from which an image is missing between them
LONG_GAP = 1.0  # s
FEW_MISSING = 0.01  # share of images that may be missing without a word
CLOCKS_DIFFER = 1.0  # s between a stamp and its recording, from which the clocks cannot be the same
AHEAD = 0.05  # s that a stamp may lie after its recording: clocks of two machines are never quite equal
DRIFT = 0.2  # s by which the delay of recording may change over a bag
PAIRED = 0.5  # periods of the camera within which a depth image belongs to an image
SECOND = 1_000_000_000  # ns


@dataclass(frozen=True)
class Finding:
    """Something that a user should know of a recording.

    Attributes:
        level: ERROR where results cannot be trusted or an image cannot be used, WARNING, or NOTE.
        topic: that it is about, empty for the whole bag.
        text: one sentence without a full stop.
    """

    level: str
    topic: str
    text: str

    def __str__(self) -> str:
        return f"{self.topic}: {self.text}" if self.topic else self.text


@dataclass(eq=False)
class StampedTopic:
    """What the headers of a topic's messages say. `add` them in any order, then read.

    Attributes:
        name, type: of the topic.
        encodings, sizes, frames: encoding, (width, height) and frame_id of the messages → how many had it.
        unreadable: messages whose header cannot be read.
    """

    name: str
    type: str
    encodings: Counter[str] = field(default_factory=Counter)
    sizes: Counter[tuple[int, int]] = field(default_factory=Counter)
    frames: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0
    _times: array = field(default_factory=lambda: array("q"))
    _stamps: array = field(default_factory=lambda: array("q"))

    def add(self, time: int, stamp: int) -> None:
        """A message that was recorded at `time` (ns) and has this stamp (ns)."""
        self._times.append(time)
        self._stamps.append(stamp)

    def __len__(self) -> int:
        return len(self._times)

    def times_and_stamps(self) -> tuple[np.ndarray, np.ndarray]:
        """[N] and [N] int64, ns, in the order of recording."""
        times, stamps = np.array(self._times, np.int64), np.array(self._stamps, np.int64)
        order = np.argsort(times, kind="stable")
        return times[order], stamps[order]


@dataclass(frozen=True)
class Timing:
    """The stamps of a topic.

    Attributes:
        count: messages.
        seconds: from the first stamp to the last.
        period: s, median of the differences between stamps; NaN with fewer than two stamps.
        missing: images that the gaps are long enough for.
        longest_gap: s, and `gap_at`: s after the first stamp, where it begins.
        repeated: messages with a stamp that an earlier one had.
        backward: messages whose stamp is before that of the message recorded before; `backward_at`: s, the first.
        unstamped: messages with stamp 0.
        delay: s from the stamp to the recording, median; NaN without stamps.
        drift: s by which the delay of the last tenth of the messages is longer than that of the first tenth.
    """

    count: int
    seconds: float
    period: float
    missing: int
    longest_gap: float
    gap_at: float
    repeated: int
    backward: int
    backward_at: float
    unstamped: int
    delay: float
    drift: float

    @property
    def rate(self) -> float:
        """Messages per second, by the median period; NaN where that is not known."""
        return 1 / self.period if self.period > 0 else np.nan


def timing(topic: StampedTopic) -> Timing:
    """The timing of a topic's stamps; where all are 0, of its times of recording."""
    times, stamps = topic.times_and_stamps()
    stamped = stamps != 0
    clock = stamps[stamped] if stamped.any() else times
    steps = np.diff(clock)
    forward = np.diff(np.unique(clock))
    period = float(np.median(forward)) if len(forward) else np.nan
    missing = np.maximum(np.round(forward[forward > GAP * period] / period) - 1, 0).sum() if len(forward) else 0
    longest = int(forward.argmax()) if len(forward) else -1
    back = np.flatnonzero(steps < 0)
    start = clock.min(initial=np.iinfo(np.int64).max)
    delays = (times[stamped] - stamps[stamped]) / SECOND
    tenth = max(1, len(delays) // 10)
    return Timing(
        count=len(topic),
        seconds=float(np.ptp(clock)) / SECOND if len(clock) else 0.0,
        period=period / SECOND,
        missing=int(missing),
        longest_gap=float(forward[longest]) / SECOND if len(forward) else 0.0,
        gap_at=float(np.unique(clock)[longest] - start) / SECOND if len(forward) else 0.0,
        repeated=len(clock) - len(np.unique(clock)) if stamped.any() else 0,
        backward=len(back),
        backward_at=float(clock[back[0]] - start) / SECOND if len(back) else 0.0,
        unstamped=int((~stamped).sum()),
        delay=float(np.median(delays)) if len(delays) else np.nan,
        drift=float(np.median(delays[-tenth:]) - np.median(delays[:tenth])) if len(delays) else 0.0,
    )


def timing_findings(topic: str, found: Timing) -> list[Finding]:
    """What the stamps of a topic show."""
    findings = []

    def tell(level: str, text: str) -> None:
        findings.append(Finding(level, topic, text))

    if found.unstamped == found.count:
        tell(ERROR, f"none of the {found.count:,} messages has a stamp, so nothing can be matched to them")
    elif found.unstamped:
        tell(ERROR, f"{found.unstamped:,} of {found.count:,} messages have no stamp (0)")
    if found.repeated:
        tell(ERROR, f"{found.repeated:,} of {found.count:,} messages repeat a stamp")
    if found.backward:
        tell(ERROR, f"the stamps go backward {found.backward:,} times, first at {found.backward_at:.3f} s")
    if found.missing > FEW_MISSING * found.count or found.longest_gap > max(LONG_GAP, 3 * found.period):
        tell(WARNING, f"about {found.missing:,} messages are missing at {found.rate:.1f} Hz; the longest gap is "
                      f"{found.longest_gap:.2f} s, at {found.gap_at:.1f} s")  # fmt: skip
    if abs(found.delay) > CLOCKS_DIFFER:
        before = "before" if found.delay > 0 else "after"
        tell(WARNING, f"stamps lie {abs(found.delay):,.1f} s {before} the recording of their messages: the clocks "
                      "differ, or the messages were recorded from a replay")  # fmt: skip
    elif found.delay < -AHEAD:
        tell(WARNING, f"stamps lie {-found.delay:.3f} s after the recording of their messages: the clocks differ")
    elif abs(found.drift) > DRIFT:
        tell(WARNING, f"the time from stamp to recording changes by {found.drift:+.2f} s over the bag: a clock drifts, "
                      "or the recorder fell behind")  # fmt: skip
    return findings


def content_findings(topic: StampedTopic, supported: Collection[str] | None) -> list[Finding]:
    """What the headers show beside their stamps.

    Args:
        supported: encodings that are read; None where any is.
    """
    findings = []
    if topic.unreadable:
        findings.append(Finding(ERROR, topic.name, f"{topic.unreadable:,} messages are damaged: their headers cannot "
                                                   "be read"))  # fmt: skip
    for what, seen in (("encoding", topic.encodings), ("frame_id", topic.frames)):
        if len(seen) > 1:
            findings.append(Finding(WARNING, topic.name, f"the {what} changes: {_counted(seen)}"))
    if len(topic.sizes) > 1:
        sizes = Counter({f"{width}x{height}": count for (width, height), count in topic.sizes.items()})
        findings.append(Finding(WARNING, topic.name, f"the size changes: {_counted(sizes)}"))
    if topic.frames.get(""):
        findings.append(Finding(WARNING, topic.name, f"{topic.frames['']:,} messages have no frame_id"))
    wrong = [] if supported is None else [encoding for encoding in topic.encodings if encoding not in supported]
    if wrong:
        findings.append(Finding(ERROR, topic.name, f"encoding '{wrong[0]}' is not supported"))
    return findings


def pairing_finding(image: StampedTopic, depth: StampedTopic) -> Finding | None:
    """Whether each image has its depth: a depth image within half a period of the camera."""
    _, stamps = image.times_and_stamps()
    depths = np.unique(depth.times_and_stamps()[1])
    if not len(stamps) or not len(depths):
        return None
    place = np.clip(np.searchsorted(depths, stamps), 1, max(1, len(depths) - 1))
    nearest = np.minimum(
        np.abs(depths[np.minimum(place, len(depths) - 1)] - stamps), np.abs(depths[place - 1] - stamps)
    )
    period = timing(image).period
    reach = PAIRED * period * SECOND if period > 0 else 0.05 * SECOND
    without = int((nearest > reach).sum())
    if not without:
        return None
    late = float(np.median(nearest)) / SECOND
    return Finding(WARNING, depth.name, f"{without:,} of {len(stamps):,} images of {image.name} have no depth image "
                                        f"within {reach / SECOND * 1000:.0f} ms; the nearest is {late * 1000:.0f} ms "
                                        "away (median)")  # fmt: skip


def _counted(seen: Counter[str]) -> str:
    return ", ".join(f"'{value}' {count:,} times" for value, count in seen.most_common(4))


@dataclass(frozen=True, eq=False)
class TopicHealth:
    """One stamped topic: what it holds, and its timing."""

    name: str
    type: str
    timing: Timing
    encodings: Sequence[str]
    sizes: Sequence[tuple[int, int]]


@dataclass(frozen=True, eq=False)
class BagHealth:
    """What was found, the worst first.

    Attributes:
        topics: of those with stamps that are checked, in order of their names.
        findings: sentences.
    """

    COLUMNS = ("topic", "messages", "Hz", "longest gap", "missing", "encoding", "size")

    topics: Sequence[TopicHealth]
    findings: Sequence[Finding]

    def rows(self) -> list[tuple[str, ...]]:
        """A line of `COLUMNS` for each topic, in words and numbers."""
        rows = []
        for topic in self.topics:
            found, sizes = topic.timing, (f"{width}x{height}" for width, height in topic.sizes)
            rate = "" if np.isnan(found.rate) else f"{found.rate:.1f}"
            rows.append((topic.name, f"{found.count:,}", rate, f"{found.longest_gap:.2f} s", f"{found.missing:,}",
                         ", ".join(topic.encodings), ", ".join(sizes)))  # fmt: skip
        return rows

    def count(self, level: str) -> int:
        """How many findings there are of a level."""
        return sum(finding.level == level for finding in self.findings)

    def figures(self, image_topic: str | None) -> dict[str, float | None]:
        """Figures by name, for summary.json; those of the timing are of the images, None without such a topic."""
        found = next((topic.timing for topic in self.topics if topic.name == image_topic), None)
        return {
            "health_errors": self.count(ERROR),
            "health_warnings": self.count(WARNING),
            "image_rate_hz": found and _number(found.rate),
            "images_missing": found and found.missing,
            "longest_gap_s": found and found.longest_gap,
            "stamps_repeated": found and found.repeated,
            "stamps_backward": found and found.backward,
            "stamp_delay_ms": found and _number(found.delay * 1000),
        }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
