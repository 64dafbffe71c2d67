"""How many cores count as usable: by affinity, and by a quota of CPU time."""

import math
import os
from pathlib import Path

import pytest

from osis_ros.inference.cores import cpu_quota, usable_cores


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system knows no affinity")
def test_only_the_cores_of_the_affinity_count():
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert usable_cores() == 1
    finally:
        os.sched_setaffinity(0, before)
    assert 1 <= usable_cores() <= len(before)


def write(root: Path, **files: str) -> Path:
    for name, text in files.items():
        file = root / name.replace("__", "/").replace("_DOT_", ".")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return root


def test_a_quota_of_version_2_counts_wherever_above_the_process_it_stands(tmp_path):
    write(tmp_path, robot_DOT_slice__cpu_DOT_max="150000 100000\n", robot_DOT_slice__node__cpu_DOT_max="max 100000\n")
    assert cpu_quota("0::/robot.slice/node\n", tmp_path) == 1.5


def test_a_container_sees_its_own_group_at_the_root(tmp_path):
    assert cpu_quota("0::/docker/4f5e\n", write(tmp_path, cpu_DOT_max="200000 100000\n")) == 2


def test_a_quota_of_version_1_counts(tmp_path):
    (tmp_path / "cpu,cpuacct" / "robot").mkdir(parents=True)
    (tmp_path / "cpu,cpuacct" / "robot" / "cpu.cfs_quota_us").write_text("50000\n")
    (tmp_path / "cpu,cpuacct" / "robot" / "cpu.cfs_period_us").write_text("100000\n")
    assert cpu_quota("3:cpuset:/robot\n4:cpu,cpuacct:/robot\n", tmp_path) == 0.5


def test_without_a_quota_there_is_no_limit(tmp_path):
    (tmp_path / "cpu,cpuacct").mkdir()
    (tmp_path / "cpu,cpuacct" / "cpu.cfs_quota_us").write_text("-1\n")
    (tmp_path / "cpu,cpuacct" / "cpu.cfs_period_us").write_text("100000\n")
    assert cpu_quota("4:cpu,cpuacct:/\n0::/\n", tmp_path) == math.inf
    assert cpu_quota("", tmp_path) == math.inf
