"""The progress bar: what is counted, and that a loop that is left early keeps no thread."""

import gc
import threading
from io import StringIO

from rich.console import Console

from osis_ros.progress import progress_bar, track


def shown(console: Console) -> str:
    return console.file.getvalue()


def terminal() -> Console:
    return Console(file=StringIO(), force_terminal=True, width=80)


def test_the_items_come_through_and_are_counted():
    console = terminal()
    assert list(track(iter("abcd"), "letters", total=4, console=console)) == list("abcd")
    assert "letters" in shown(console)
    assert "100%" in shown(console)


def test_steps_are_counted_where_they_are_told():
    console = terminal()
    with progress_bar("steps", 2, console) as done:
        done()
        done()
    assert "100%" in shown(console)


def test_a_loop_that_is_left_early_leaves_no_thread_behind():
    """A thread of its own is what rich's `track` waits for, wherever the loop is collected as garbage."""
    before = set(threading.enumerate())
    loop = track(range(5), "steps", console=terminal())
    next(loop)
    started = [thread for thread in threading.enumerate() if thread not in before]
    assert len(started) == 1  # it draws the bar
    del loop
    gc.collect()
    started[0].join(5)
    assert not started[0].is_alive()
