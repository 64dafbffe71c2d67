"""A ROS context of the tests' own, and a small model that really runs."""

import importlib.util
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest


def _missing() -> str | None:
    for module, remedy in (("rclpy", "source a ROS 2"), ("osis_ros.msg", "run scripts/build_interfaces.sh --tests")):
        if importlib.util.find_spec(module) is None:
            return f"test/nodes is left out: no module {module} ({remedy}, or `make test`)"
    return None


collect_ignore_glob = []
if reason := _missing():
    warnings.warn(reason, stacklevel=1)
    collect_ignore_glob.append("test_*.py")


@pytest.fixture(scope="session")
def ros() -> Iterator[object]:
    """An rclpy context, shared by the tests of a process."""
    import rclpy
    from rclpy.context import Context

    context = Context()
    rclpy.init(context=context)
    yield context
    rclpy.try_shutdown(context=context)


@pytest.fixture
def bench(ros: object) -> Iterator[object]:
    """The `Bench` of one test."""
    from bench import Bench

    bench = Bench(ros)
    yield bench
    bench.close()


@pytest.fixture(scope="session")
def colour_cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the bundle that test/nodes/colour_cells.py describes."""
    from colour_cells import write_colour_cells

    return write_colour_cells(tmp_path_factory.mktemp("models") / "colour_cells").path


@pytest.fixture
def errors(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What nodes log as errors during the test."""
    from rclpy.impl.rcutils_logger import RcutilsLogger

    logged = []
    original = RcutilsLogger.error
    monkeypatch.setattr(
        RcutilsLogger, "error", lambda self, text, **options: logged.append(text) or original(self, text, **options)
    )
    return logged
