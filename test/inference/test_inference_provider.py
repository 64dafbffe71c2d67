"""What a session is opened with."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from colour_model import colour_bundle
from typer.testing import CliRunner

import osis_ros
from osis_ros.cli import app
from osis_ros.inference.bundle import load_bundle
from osis_ros.inference.provider import available, engine_cache, missing, open_session
from osis_ros.inference.segmenter import Segmenter


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


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system knows no affinity")
def test_threads_0_stay_on_the_cores_that_the_process_may_use(tmp_path):
    """On each core alone: no worker beside the calling thread, and none on another core."""
    bundle = colour_bundle(tmp_path / "colour").path
    program = f"""
import os
import os
import subprocess
import sys
from pathlib import Path
import osis_ros
from osis_ros.inference.bundle import load_bundle
from osis_ros.inference.provider import open_session
bundle = load_bundle({str(bundle)!r})
for core in os.sched_getaffinity(0):
    os.sched_setaffinity(0, {{core}})
    before = set(os.listdir("/proc/self/task"))
    session = open_session(bundle, "cpu", 0, None)
    print(len(set(os.listdir("/proc/self/task")) - before), end=" ")
"""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_NUM_THREADS"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert done.stdout.split() == ["0"] * len(os.sched_getaffinity(0)), done.stderr


@pytest.mark.parametrize(("asked", "spins", "microseconds"), [({}, "1", "100"), ({"spin": 0.0}, "0", "0")])
def test_a_thread_that_waits_for_work_sleeps_soon(asked, spins, microseconds, tmp_path):
    """By itself ONNX Runtime keeps the cores of waiting threads from other programs for up to a second."""
    options = open_session(load_bundle(colour_bundle(tmp_path / "colour").path), "cpu", 2, None, **asked)
    entry = options.get_session_options().get_session_config_entry
    assert entry("session.intra_op.allow_spinning") == spins
    assert entry("session.intra_op.spin_duration_us") == microseconds


def installed(folder: Path, package: str) -> None:
    """What pip leaves behind of a package."""
    info = folder / f"{package.replace('-', '_')}-99.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 99.0\n")


@pytest.mark.skipif("cuda" in available(), reason="this onnxruntime has CUDA")
def test_two_onnxruntimes_in_one_folder_are_named_as_the_cause(tmp_path, monkeypatch):
    assert "install onnxruntime-gpu in place of onnxruntime" in missing("cuda")
    installed(tmp_path, "onnxruntime-gpu")
    monkeypatch.syspath_prepend(tmp_path)
    assert "both installed" in missing("cuda")
    assert "uninstall both, then install onnxruntime-gpu" in missing("cuda")
    assert missing("cpu") == ""


@pytest.mark.skipif("cuda" in available(), reason="this onnxruntime has CUDA")
def test_auto_says_why_it_does_not_run_on_cuda(tmp_path):
    bundle = colour_bundle(tmp_path / "colour")
    assert Segmenter(bundle, "auto", warm_up=False).not_cuda == missing("cuda")
    assert Segmenter(bundle, "cpu", warm_up=False).not_cuda == ""  # as asked


def test_an_engine_of_another_tensorrt_is_not_taken(tmp_path, monkeypatch):
    bundle = load_bundle(colour_bundle(tmp_path / "colour").path)
    before = engine_cache(bundle, tmp_path)
    installed(tmp_path, "tensorrt-cu12")
    monkeypatch.syspath_prepend(tmp_path)
    assert engine_cache(bundle, tmp_path) == before.with_name(f"{before.name}-trt99.0")


@pytest.mark.skipif("tensorrt" in available(), reason="this onnxruntime has TensorRT")
def test_an_engine_cannot_be_built_without_tensorrt_and_one_sentence_says_so(tmp_path):
    done = CliRunner().invoke(
        app, ["build-engine", str(colour_bundle(tmp_path / "colour").path)], env={"COLUMNS": "300"}
    )
    assert done.exit_code == 1
    assert "provider 'tensorrt' is not in this onnxruntime" in done.output


PACKAGE = Path(osis_ros.__file__).parent
IMPORTING = sorted(
    path.relative_to(PACKAGE).with_suffix("").as_posix()
    for path in PACKAGE.rglob("*.py")
    if re.search(r"^(import|from) onnxruntime\b", path.read_text("utf-8"), re.M)
)


@pytest.mark.parametrize("file", IMPORTING)
def test_onnx_runtime_leaves_no_device_id_and_asks_no_server(file, tmp_path):
    """It decides when it is imported, and 1.29 and later write the id at once."""
    if file.startswith("training/"):
        pytest.importorskip("torch", reason="training needs it")
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    environment |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    program = f"import os, osis_ros.{file.replace('/', '.')}; print(os.environ['ORT_DISABLE_TELEMETRY'])"
    done = subprocess.run([sys.executable, "-c", program], env=environment, check=True, capture_output=True, text=True)
    assert done.stdout == "1\n"
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
