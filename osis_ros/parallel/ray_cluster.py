"""Jobs on a Ray cluster, for work that is too large for one machine (https://docs.ray.io)."""

import os
import pickle
import socket
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from types import ModuleType
from typing import Any

import cv2

from osis_ros import __version__
from osis_ros.errors import OsisError
from osis_ros.parallel.processes import Work, WorkerLostError

RETRIES = 3  # times that a job is begun again on another worker if its own is lost
AHEAD = 2  # jobs for each core of the cluster, at work or waiting there
CONNECT_TIMEOUT = 10.0  # s
NEEDED = (
    f"every machine of the cluster needs this version of the package: pip install 'osis_ros[sim,ray]=={__version__}'"
)


class RayError(OsisError):
    """Ray is not installed, no cluster answers, or its machines do not have this package."""


def run(make: Callable[[], Work], jobs: Iterable[Any], address: str) -> Iterator[tuple[Any, Any]]:
    """Do every job on all cores of a cluster.

    A job whose worker is lost is begun again elsewhere. Machines that join the cluster meanwhile get jobs too.

    Args:
        make: returns what does a job; it and the jobs can be pickled.
        address: of the cluster, as `ray start --head` prints it; `auto` for the one that runs on this machine.
    Yields:
        each job and its result, as they are done.
    Raises:
        RayError: no cluster, or one that cannot do it. WorkerLostError: a job that no worker survives.
        Whatever a job raises.
    """
    ray = _connected(address)
    task = ray.remote(num_cpus=1, max_retries=RETRIES)(_do)
    recipe, waiting, running = pickle.dumps(make), list(jobs)[::-1], {}
    try:
        while waiting or running:
            room = AHEAD * _cores(ray, address) - len(running)
            for _ in range(min(room, len(waiting))):
                job = waiting.pop()
                running[task.remote(recipe, __version__, job)] = job
            for done in ray.wait(list(running), num_returns=1)[0]:
                yield running.pop(done), _result(ray, done)
    finally:
        for reference in running:
            ray.cancel(reference, force=True)
        ray.shutdown()


def _connected(address: str) -> ModuleType:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    try:
        import ray
    except ModuleNotFoundError:
        raise RayError("--ray needs Ray: pip install 'osis_ros[ray]'") from None
    try:
        _require_listener(address)
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (OSError, OverflowError, RuntimeError, ValueError) as err:
        why = next(iter(str(err).strip().splitlines()), type(err).__name__)
        raise RayError(
            f"the Ray cluster at {address} cannot be used ({why}); start one with `ray start --head` and give the "
            "address that it prints"
        ) from None
    return ray


def _require_listener(address: str) -> None:
    """Ray itself would try for many minutes to reach a place where nothing listens. Raises OSError."""
    host, _, port = address.rpartition(":")
    if host and port.isdecimal():
        socket.create_connection((host, int(port)), timeout=CONNECT_TIMEOUT).close()


def _cores(ray: ModuleType, address: str) -> int:
    cores = int(ray.cluster_resources().get("CPU", 0))
    if cores < 1:
        raise RayError(f"the Ray cluster at {address} has no CPU cores to work on")
    return cores


def _result(ray: ModuleType, reference: Any) -> Any:
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as err:
        if isinstance(err.cause, OsisError):
            raise err.cause from None
        if isinstance(err.cause, ModuleNotFoundError):
            raise RayError(f"a worker lacks a module ({err.cause}); {NEEDED}") from None
        raise
    except ray.exceptions.WorkerCrashedError:
        raise WorkerLostError("a worker of the cluster died again and again (out of memory?)") from None


def _do(recipe: bytes, version: str, job: Any) -> Any:
    if version != __version__:
        raise RayError(f"a worker has version {__version__} of the package, this machine has {version}; {NEEDED}")
    return _work(recipe)(job)


@lru_cache(maxsize=1)
def _work(recipe: bytes) -> Work:
    """Prepared once in each process of the cluster."""
    cv2.setNumThreads(1)
    return pickle.loads(recipe)()
