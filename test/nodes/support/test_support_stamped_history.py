"""Messages by their stamp."""

import math
import threading
import time

import pytest
from sensor_msgs.msg import CameraInfo

from osis_ros.messages.stamps import stamp_of
from osis_ros.nodes.support.stamped_history import StampedHistory

MS = 1_000_000


def at(milliseconds: int) -> CameraInfo:
    message = CameraInfo()
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(milliseconds * MS, 1_000_000_000)
    return message


def history(*milliseconds: int) -> StampedHistory:
    kept = StampedHistory(3.0)
    for one in milliseconds:
        kept.put(at(one))
    return kept


def taken(kept: StampedHistory, milliseconds: int, tolerance: float = 0.017, wait: float = 0.0) -> int | None:
    message = kept.take(milliseconds * MS, tolerance, wait)
    return None if message is None else stamp_of(message) // MS


def test_the_exact_stamp_and_else_the_nearest_within_half_a_period():
    kept = history(1000, 1030, 1060, 1090)
    assert taken(kept, 1030) == 1030
    assert taken(kept, 1044) == 1030
    assert taken(kept, 1046) == 1060
    assert taken(kept, 1105) == 1090
    assert taken(kept, 1106) is None  # more than half a period, though within the tolerance
    assert taken(kept, 1104, tolerance=0.010) is None


def test_a_fast_camera_narrows_the_tolerance():
    assert taken(history(1000, 1010, 1020, 1030), 1040) is None
    assert taken(history(1000, 1010, 1020), 1026) is None  # three messages tell a period, two do not
    assert taken(history(1000, 1010), 1016) == 1010


def test_what_comes_late_is_waited_for():
    kept = history(1000, 1030)
    timer = threading.Timer(0.05, kept.put, [at(1060)])
    timer.start()
    assert taken(kept, 1060, wait=10.0) == 1060
    for delay, stamp in ((0.05, 1090), (0.1, 1120)):  # the first that comes is not yet the one
        threading.Timer(delay, kept.put, [at(stamp)]).start()
    assert taken(kept, 1120, wait=10.0) == 1120
    begun = time.monotonic()
    assert taken(kept, 2000, wait=0.05) is None
    assert 0.04 < time.monotonic() - begun < 5


def test_closing_ends_a_wait():
    kept = history(1000)
    threading.Timer(0.05, kept.close).start()
    begun = time.monotonic()
    assert taken(kept, 5000, wait=30.0) is None
    assert time.monotonic() - begun < 15


def test_old_messages_go_and_time_that_goes_back_begins_anew():
    kept = StampedHistory(1.0)
    assert all(kept.put(at(one)) for one in (1000, 1500, 2100))
    assert taken(kept, 1000) is None
    assert taken(kept, 1500) == 1500
    assert kept.put(at(2050))  # out of order by a little
    assert not kept.put(at(500))
    assert taken(kept, 2100) is None
    assert taken(kept, 500) == 500


def test_no_more_than_so_many_are_kept():
    kept = StampedHistory(100.0, most=2)
    for one in (1, 2, 3):
        kept.put(at(one))
    assert kept.reaches() == (2 * MS, 3 * MS)
    assert history().reaches() is None
    assert history(0, 30, 60).period == pytest.approx(0.03)
    assert math.isnan(history(0, 30).period)
