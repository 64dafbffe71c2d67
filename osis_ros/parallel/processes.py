"""Jobs on processes of this machine."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import cv2

from osis_ros.errors import OsisError

Work = Callable[[Any], Any]


class WorkerLostError(OsisError):
    """A worker ended before its job was done."""


def run(make: Callable[[], Work], jobs: Iterable[Any], workers: int) -> Iterator[tuple[Any, Any]]:
    """Do every job.

    Args:
        make: returns what does a job; it and the jobs can be pickled.
        workers: processes, 1 or more; 1 works in this process.
    Yields:
        each job and its result, as they are done.
    Raises:
        WorkerLostError: a process that was killed. Whatever a job raises.
    """
    jobs = list(jobs)
    if workers == 1 or len(jobs) < 2:
        cv2.setNumThreads(1)
        work = make()
        for job in jobs:
            yield job, work(job)
        return
    context = multiprocessing.get_context("spawn")  # neither OpenGL nor OpenCV's threads survive a fork
    with ProcessPoolExecutor(min(workers, len(jobs)), context, _start, (make,)) as pool:
        waiting = {pool.submit(_do, job): job for job in jobs}
        try:
            for future in as_completed(list(waiting)):
                yield waiting.pop(future), future.result()
        except BrokenProcessPool:
            raise WorkerLostError("a worker process died (out of memory?); the same command goes on") from None
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _start(make: Callable[[], Work]) -> None:
    global _work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent sees Ctrl-C and lets the pool finish its jobs
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(1)  # one process a core
    _work = make()


def _end_with_parent() -> None:
    """A killed parent cannot stop its pool; so each worker watches it."""
    multiprocessing.parent_process().join()
    os._exit(1)


def _do(job: Any) -> Any:
    return _work(job)
