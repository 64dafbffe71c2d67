"""What a node has done with its frames, counted across threads."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from builtin_interfaces.msg import Time
from rclpy.clock import Clock

WINDOW = 200  # frames over which rates and latencies are taken
NAN = float("nan")
RECENT_S = 10.0  # rates and latencies forget what is older


@dataclass(frozen=True)
class Summary:
    """The state of the counters at one moment.

    Attributes:
        received, processed, failed, dropped: frames since the node was configured. A frame that is received is in the
            end processed, failed (it could not be decoded or segmented) or dropped (a newer one came before its turn).
        lost: frames that the middleware reports as lost between the camera and this node, since it was configured.
        loss: of the frames that the camera sent in the last seconds, the share that was lost, 0..1.
        input_rate, output_rate: frames a second over the last seconds, 0 where there were fewer than two.
        latency_p50, latency_p95: seconds from the arrival of a frame to the publication of its result, NaN without one.
        age_p50, age_p95: seconds from a frame's own stamp to the publication, likewise.
        inference_p50, inference_p95: seconds that the model took, likewise; NaN for a node without one.
        overhead_p50, overhead_p95: seconds that all else took from the frame's turn to the publication, likewise.
        last_error: the last failure or problem in one sentence, empty without one.
        silence: seconds since the last frame arrived, or since `restart`.
        failing: whether the last thing asked for failed: a frame, a request, or to be configured.
        faulty: whether it failed by a fault of the program, which no user can mend.
    """

    received: int
    processed: int
    failed: int
    dropped: int
    lost: int
    loss: float
    input_rate: float
    output_rate: float
    latency_p50: float
    latency_p95: float
    age_p50: float
    age_p95: float
    inference_p50: float
    inference_p95: float
    overhead_p50: float
    overhead_p95: float
    last_error: str
    silence: float
    failing: bool
    faulty: bool


class FrameStatistics:
    """Counters that the executor's threads and the worker share."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = {"received": 0, "processed": 0, "failed": 0, "dropped": 0, "lost": 0}
        self._arrivals: deque[float] = deque(maxlen=WINDOW)
        self._losses: deque[tuple[float, int]] = deque(maxlen=WINDOW)  # when, frames
        self._results: deque[tuple[float, ...]] = deque(maxlen=WINDOW)  # when, and the four times of `processed`
        self._last_error, self._failing, self._faulty = "", False, False
        self._heard = time.monotonic()

    def restart(self) -> None:
        """Frames are expected from now on, or no longer: rates and silence start anew, counters go on."""
        with self._lock:
            self._failing = self._faulty = False
            self._arrivals.clear()
            self._losses.clear()
            self._results.clear()
            self._heard = time.monotonic()

    def received(self) -> None:
        with self._lock:
            self._counts["received"] += 1
            self._heard = time.monotonic()
            self._arrivals.append(self._heard)

    def processed(self, latency: float, age: float, inference: float = NAN, overhead: float = NAN) -> None:
        """A frame's result went out `latency` seconds after its arrival, `age` seconds after its stamp, if any.

        The model took `inference` of them, and the rest of the node `overhead`.
        """
        with self._lock:
            self._counts["processed"] += 1
            self._failing = self._faulty = False
            self._results.append((time.monotonic(), latency, age, inference, overhead))

    def lost(self, count: int) -> None:
        """The middleware lost frames on their way to this node."""
        with self._lock:
            self._counts["lost"] += count
            self._losses.append((time.monotonic(), count))

    def failed(self, error: str, faulty: bool = False) -> None:
        """A frame could not be decoded or segmented; `faulty` where that is a fault of the program."""
        with self._lock:
            self._counts["failed"] += 1
            self._last_error, self._failing, self._faulty = error, True, faulty

    def answered(self) -> None:
        """A request was answered."""
        with self._lock:
            self._failing = self._faulty = False

    def refused(self, error: str, faulty: bool = False) -> None:
        """Something other than a frame could not be done: a request, or to be configured."""
        with self._lock:
            self._last_error, self._failing, self._faulty = error, True, faulty

    def problem(self, text: str) -> None:
        """Something is wrong, but with no frame in particular."""
        with self._lock:
            self._last_error = text

    def dropped(self) -> None:
        with self._lock:
            self._counts["dropped"] += 1

    def summary(self) -> Summary:
        with self._lock:
            now = time.monotonic()
            arrivals = [when for when in self._arrivals if now - when < RECENT_S]
            results = [result for result in self._results if now - result[0] < RECENT_S]
            lost = sum(count for when, count in self._losses if now - when < RECENT_S)
            counts, heard, error = dict(self._counts), self._heard, self._last_error
            failing, faulty = self._failing, self._faulty
        times = zip(("latency", "age", "inference", "overhead"), range(1, 5), strict=True)
        quantiles = {
            f"{name}_p{round(100 * quantile)}": _quantile([result[i] for result in results], quantile)
            for name, i in times
            for quantile in (0.5, 0.95)
        }
        return Summary(
            **counts,
            loss=lost / (lost + len(arrivals)) if lost else 0.0,
            input_rate=_rate(arrivals),
            output_rate=_rate([result[0] for result in results]),
            **quantiles,
            last_error=error,
            silence=now - heard,
            failing=failing,
            faulty=faulty,
        )


def age(stamp: Time, clock: Clock) -> float:
    """Seconds since a stamp; NaN for one that was never set, or lies before 1970."""
    if stamp.sec < 0 or not (stamp.sec or stamp.nanosec):
        return NAN
    return (clock.now().nanoseconds - stamp.sec * 1_000_000_000 - stamp.nanosec) * 1e-9


def _rate(times: Sequence[float]) -> float:
    return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 and times[-1] > times[0] else 0.0


def _quantile(values: Sequence[float], quantile: float) -> float:
    known = [value for value in values if value == value]
    return float(np.quantile(known, quantile)) if known else NAN
