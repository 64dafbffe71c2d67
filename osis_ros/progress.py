"""A progress bar for a loop, on a terminal, gone when the loop is done.

Not rich's own `track`: it has a thread for each loop, and waits for that thread when a loop that was left early is
collected as garbage. If the thread that draws another bar happens to collect it, both wait for ever.
"""

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

T = TypeVar("T")


@contextmanager
def progress_bar(description: str, total: float | None, console: Console | None = None) -> Iterator[Callable[[], None]]:
    """Shows a bar within its block, and gives what is to be called after each step.

    Args:
        total: number of steps; None if it is not known.
    """
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(description, total=total)
        yield lambda: bar.advance(task)


def track(
    items: Iterable[T], description: str, total: float | None = None, console: Console | None = None
) -> Iterator[T]:
    """The items, with a bar that counts them.

    Args:
        total: how many there are, if they cannot be counted beforehand.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    with progress_bar(description, total, console) as done:
        for item in items:
            yield item
            done()
