"""Work on the next items of a stream while the caller is busy with the present one."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def ahead(work: Callable[[T], R], items: Iterable[T], count: int = 2) -> Iterator[R]:
    """The result of `work` for each item, in their order, made by one thread of its own.

    Nested, each call is a step that overlaps with the others. Libraries that compute outside of Python (OpenCV, ONNX
    Runtime) then run at the same time.

    Args:
        count: items that are worked on beyond the one that the caller has; so many lie in memory.
    Raises:
        whatever `work` raises, when its item has its turn.
    """
    with ThreadPoolExecutor(1, "ahead") as pool:
        waiting = deque()
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
