"""Frames for requests: the newest, that of a stamp, the next ones."""

import threading
import time
from types import SimpleNamespace

from osis_ros.nodes.frame_board import FrameBoard


def frame(sec: int) -> SimpleNamespace:
    return SimpleNamespace(header=SimpleNamespace(stamp=SimpleNamespace(sec=sec, nanosec=5)))


def test_the_last_few_frames_are_found_by_their_stamp():
    board = FrameBoard(2)
    assert board.newest() is None
    for sec in (1, 2, 3):
        board.post(frame(sec))
    assert board.newest().header.stamp.sec == 3
    assert [board.with_stamp(sec * 1_000_000_000 + 5) is not None for sec in (1, 2, 3)] == [False, True, True]
    assert board.with_stamp(3_000_000_000) is None


def test_waiting_ends_with_the_frames_the_time_or_the_board():
    board = FrameBoard()
    board.post(frame(1))
    poster = threading.Thread(target=lambda: [board.post(frame(sec)) or time.sleep(0.05) for sec in (2, 3, 4, 5)])
    poster.start()
    assert [one.header.stamp.sec for one in board.following(2, 30, not_before=3_000_000_000)] in (
        [3, 4],
        [3, 5],
        [4, 5],
    )
    poster.join()
    start = time.monotonic()
    assert board.following(1, 0.05) == []
    threading.Timer(0.1, board.close).start()
    assert board.following(1, 30) == []
    assert time.monotonic() - start < 20
