"""What a session is opened with."""

from pathlib import Path

import pytest
from colour_model import colour_bundle

from osis_ros.inference.bundle import load_bundle
from osis_ros.inference.provider import open_session


def threads() -> set[str]:
    return {task.name for task in Path("/proc/self/task").iterdir()}


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="counts the threads of Linux")
@pytest.mark.parametrize(("variable", "asked", "workers"), [("1", 0, 0), ("3", 0, 2), ("1", 3, 2)])
def test_omp_num_threads_says_how_many_threads_zero_means(variable, asked, workers, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", variable)
    bundle = load_bundle(colour_bundle(tmp_path / "colour").path)
    before = threads()
    session = open_session(bundle, "cpu", asked, None)
    assert len(threads() - before) == workers  # the calling thread computes as well
    del session
