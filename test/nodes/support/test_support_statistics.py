"""Counters, rates and latencies, and what they become in diagnostics."""

import math

import pytest
from diagnostic_msgs.msg import DiagnosticStatus

from osis_ros.nodes.support import statistics
from osis_ros.nodes.support.diagnostics import Report, diagnostic_status
from osis_ros.nodes.support.statistics import FrameStatistics


class HandClock:
    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> HandClock:
    clock = HandClock()
    monkeypatch.setattr(statistics, "time", clock)
    return clock


def test_rates_and_quantiles_by_hand(clock: HandClock):
    counters = FrameStatistics()
    for number in range(11):  # a frame every 0.1 s: ten intervals in one second
        clock.now = 100 + number / 10
        counters.received()
        if number % 2:  # every other one is processed, after 10, 30, … 90 ms
            counters.processed(number / 100, 2 * number / 100)
        else:
            counters.dropped()
    summary = counters.summary()
    assert (summary.received, summary.processed, summary.dropped, summary.failed) == (11, 5, 6, 0)
    assert summary.input_rate == pytest.approx(10)
    assert summary.output_rate == pytest.approx(5)
    assert summary.latency_p50 == pytest.approx(0.05)
    assert summary.latency_p95 == pytest.approx(0.086)  # 0.8 of the way from 0.07 to 0.09
    assert summary.age_p50 == pytest.approx(0.1)
    clock.now += 3
    assert counters.summary().silence == pytest.approx(3)
    clock.now += 10
    later = counters.summary()
    assert (later.input_rate, later.output_rate, later.received) == (0, 0, 11)
    assert math.isnan(later.latency_p50)


def test_the_loss_is_the_share_of_what_should_have_come_of_late(clock: HandClock):
    counters = FrameStatistics()
    for _ in range(6):
        counters.received()
    assert counters.summary().loss == 0
    counters.lost(1)
    counters.lost(1)
    assert (counters.summary().loss, counters.summary().lost) == (pytest.approx(2 / 8), 2)
    clock.now += 60
    assert (counters.summary().loss, counters.summary().lost) == (0, 2)


def test_a_failure_is_forgotten_by_the_next_good_frame_but_not_its_text(clock: HandClock):
    counters = FrameStatistics()
    counters.received()
    counters.failed("no colours")
    assert counters.summary().failing
    counters.received()
    counters.processed(0.1, 0.1)
    summary = counters.summary()
    assert (summary.failing, summary.failed, summary.last_error) == (False, 1, "no colours")


def test_an_active_node_warns_of_silence_and_an_inactive_one_does_not(clock: HandClock):
    counters = FrameStatistics()
    clock.now += 6

    def judged(state: str, limit: float) -> DiagnosticStatus:
        details = {"topic": "/camera/image", "provider": "cpu"}
        return diagnostic_status("n", Report("segmentation", state, counters.summary(), limit, details, str))

    status = judged("active", 5.0)
    assert (status.level, status.message) == (DiagnosticStatus.WARN, "no image on /camera/image for 6 s")
    assert (status.name, status.hardware_id) == ("n", "cpu")
    values = {pair.key: pair.value for pair in status.values}
    assert values["latency p50 [ms]"] == "none yet"
    assert values["last error"] == "none"
    assert judged("active", 7.0).level == DiagnosticStatus.OK
    assert (judged("inactive", 5.0).level, judged("inactive", 5.0).message) == (DiagnosticStatus.OK, "inactive")
