"""What every test shares: one thread a process, a ROS domain of its own, and the data that the repository lacks."""

import importlib.util
import os
import sys
import warnings
import zlib
from pathlib import Path

import pytest

import osis_ros.simulation  # noqa: F401  chooses what MuJoCo draws with, before a test imports mujoco
from osis_ros.nodes.support.node_process import heed_interrupts

REPOSITORY = Path(__file__).parents[1]

# One thread a process, and none that spins while it waits: two workers, the processes that they start and whatever else
# the machine does share its cores. Set before NumPy, OpenCV, PyTorch or ONNX Runtime are imported; inherited by the
# workers and by every process that a test starts. Set in the shell to try another number.
for variable, value in {
    "OMP_NUM_THREADS": "1",  # PyTorch, NumPy, and our `threads: 0` for ONNX Runtime
    "OMP_WAIT_POLICY": "PASSIVE",
    "OPENBLAS_NUM_THREADS": "1",
    "OPENCV_FOR_THREADS_NUM": "1",
    "LP_NUM_THREADS": "1",  # Mesa's software renderer, which draws MuJoCo's pictures
}.items():
    os.environ.setdefault(variable, value)

# Byte code is kept, whatever the shell says: without it each process that a test starts compiles all it imports anew,
# which for PyTorch and Lightning takes half a minute.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

heed_interrupts()
pytest_plugins = ["ros_fixtures"]


def _missing() -> str | None:
    for module, remedy in (("rclpy", "source a ROS 2"), ("osis_ros.msg", "run scripts/build_interfaces.sh --tests")):
        if importlib.util.find_spec(module) is None:
            return f"the tests of nodes, messages and bags are left out: no module {module} ({remedy}, or `make test`)"
    return None


collect_ignore_glob = []
if reason := _missing():
    warnings.warn(reason, stacklevel=1)
    collect_ignore_glob += [f"{folder}/*" for folder in ("nodes", "messages", "bags", "demo")]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Training comes first: its files take longest, and a long one at the end would leave the other worker idle."""
    items.sort(key=lambda item: "training" not in item.path.parts)


def _ros_domain() -> int:
    """A domain id (1..100) for this process: workers of one run differ, two runs on one machine rarely meet."""
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid()))
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return 1 + (zlib.crc32(run.encode()) + worker) % 100


# Set before anything imports rclpy, and whatever the shell says: no test may reach a robot on the network.
os.environ["ROS_DOMAIN_ID"] = str(_ros_domain())
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ.pop("ROS_STATIC_PEERS", None)
os.environ["FASTRTPS_DEFAULT_PROFILES_FILE"] = str(REPOSITORY / "config" / "fastdds.xml")  # room for whole images


def _folder(variable: str, beside: str) -> Path:
    folder = Path(os.environ.get(variable) or REPOSITORY.parent / "shared" / beside)
    if not folder.is_dir():
        pytest.skip(f"{folder} is not a folder; {variable} names it")
    return folder


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real photographs with ground truth (coco_mini, hsr_ycb, …): $OSIS_DATA."""
    return _folder("OSIS_DATA", "data")


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of the authors' own outputs and figures: $OSIS_REFERENCE."""
    return _folder("OSIS_REFERENCE", "reference")
