import importlib.util
from pathlib import Path

import pytest

for module, remedy in (("rclpy", "a sourced ROS 2 or its wheels"), ("osis_ros.msg", "scripts/build_interfaces.sh")):
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not there: it wants {remedy}", allow_module_level=True)

import rclpy
from bench import Bench
from colour_cells import write_colour_cells
from rclpy.context import Context


@pytest.fixture(scope="session")
def ros() -> Context:
    context = Context()
    rclpy.init(context=context)
    yield context
    rclpy.try_shutdown(context=context)


@pytest.fixture
def bench(ros: Context) -> Bench:
    bench = Bench(ros)
    yield bench
    bench.close()


@pytest.fixture(scope="session")
def colour_cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the bundle that test/nodes/colour_cells.py describes."""
    return write_colour_cells(tmp_path_factory.mktemp("models") / "colour_cells").path
