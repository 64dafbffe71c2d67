"""Jobs on a Ray cluster of this machine. Needs `pip install 'osis_ros[ray]'`; a cluster starts in 10 to 60 s."""

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.errors import DatasetError
from osis_ros.parallel import processes, ray_cluster
from osis_ros.parallel.processes import WorkerLostError
from osis_ros.simulation.dataset import Settings, write_dataset

# Ray reads its token from the environment when it is imported, so the cluster's fixture comes before the import.
pytestmark = pytest.mark.skipif(not find_spec("ray"), reason="optional: pip install 'osis_ros[ray]'")


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    """The address of a cluster with two cores that listens on this machine alone."""
    ray = str(Path(sys.executable).parent / "ray")
    # The token keeps other users of this machine out; both ends read it, and where the package is.
    own = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32), "PYTHONPATH": os.pathsep.join(sys.path)}
    patch = pytest.MonkeyPatch()
    for name, value in own.items():
        patch.setenv(name, value)
    command = [ray, "start", "--head", "--node-ip-address=127.0.0.1", "--port=0", "--num-cpus=2",
               "--include-dashboard=false", "--disable-usage-stats"]  # fmt: skip
    started = subprocess.run(command, capture_output=True, text=True)
    assert started.returncode == 0, started.stdout + started.stderr
    yield re.search(r"--address='([\d.:]+)'", started.stdout)[1]
    subprocess.run([ray, "stop", "--force"], capture_output=True)
    patch.undo()


class Doubler:
    """Twice the number; says no to 13, and dies at 99 until the file is there."""

    def __init__(self, once: Path) -> None:
        self.once = once

    def __call__(self, number: int) -> tuple[int, int]:
        if number == 13:
            raise DatasetError("13 brings bad luck")
        if number == 99 and not self.once.exists():
            self.once.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.05)
        return 2 * number, os.getpid()


def test_a_job_whose_worker_is_killed_is_done_by_another(address: str, tmp_path: Path):
    jobs = [1, 2, 99, 3, 4]
    results = dict(ray_cluster.run(partial(Doubler, tmp_path / "died"), jobs, address))
    assert {job: double for job, (double, _) in results.items()} == {job: 2 * job for job in jobs}
    assert (tmp_path / "died").exists()
    assert os.getpid() not in {process for _, process in results.values()}


def test_the_sentence_of_a_job_comes_through(address: str, tmp_path: Path):
    with pytest.raises(DatasetError, match=r"^13 brings bad luck$"):
        list(ray_cluster.run(partial(Doubler, tmp_path), [1, 13, 2], address))


def test_scenes_of_a_cluster_are_those_of_one_process(address: str, tmp_path: Path):
    settings = Settings("test", 3, 160, 120, 2, True)
    list(write_dataset(tmp_path / "here", settings, 5, workers=1))
    arguments = "--split test --count 5 --seed 3 --views 2 --depth --width 160 --height 120 --ray"
    shown = CliRunner().invoke(app, ["scenes", str(tmp_path / "there"), *arguments.split(), address])
    assert shown.exit_code == 0, shown.output
    assert f"on the Ray cluster at {address}" in shown.output
    here, there = (
        {file.relative_to(root): file.read_bytes() for file in root.rglob("*") if file.is_file()}
        for root in (tmp_path / "here", tmp_path / "there")
    )
    assert here == there


def test_an_address_where_nothing_answers_is_one_sentence(tmp_path: Path):
    with pytest.raises(ray_cluster.RayError, match=r"^the Ray cluster at 127\.0\.0\.1:1 cannot be used \(.*ray start"):
        list(ray_cluster.run(partial(Doubler, tmp_path), [1], "127.0.0.1:1"))


def test_on_this_machine_a_killed_worker_ends_the_run_with_a_sentence(tmp_path: Path):
    with pytest.raises(WorkerLostError, match="a worker process died"):
        list(processes.run(partial(Doubler, tmp_path / "died"), [1, 99, 2], workers=2))
