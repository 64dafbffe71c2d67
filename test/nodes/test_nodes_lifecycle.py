"""Transitions: bundles that cannot be used, illegal ones, and twenty rounds of the legal ones."""

import gc
import os
import random
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor, TimeoutError
from pathlib import Path

import pytest
from bench import TIMEOUT, Bench, eventually, picture, rgb_message, status, value
from colour_cells import write_colour_cells
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus

from osis_ros.inference.provider import available
from osis_ros.inference.segmenter import Segmenter
from osis_ros.msg import InstanceArray
from osis_ros.nodes.outputs.label_info import LabelInfoPublisher

RED = picture((16, 8, 96, 48, (255, 0, 0)))


def broken(folder: Path, how: str) -> Path:
    """A bundle with one thing wrong."""
    if how == "missing":
        return folder / "nowhere"
    bundle = write_colour_cells(folder / "broken")
    model, manifest = bundle.path / "model.onnx", bundle.path / "model.yaml"
    if how == "truncated":
        model.write_bytes(model.read_bytes()[:500])
    elif how == "no graph":
        model.unlink()
    elif how == "wrong hash":
        manifest.write_text(manifest.read_text().replace(bundle.manifest.sha256, "0" * 64))
    elif how == "wrong version":
        manifest.write_text(re.sub(r"format_version: \d+", "format_version: 99", manifest.read_text()))
    elif how == "not yaml":
        manifest.write_text("{")
    return bundle.path


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("missing", "does not exist"),
        ("truncated", "model.onnx"),
        ("no graph", "model.onnx is missing"),
        ("wrong hash", "SHA-256"),
        ("wrong version", "format_version is 99, expected"),
        ("not yaml", "not valid YAML"),
    ],
)
def test_a_bundle_that_cannot_be_used_leaves_the_node_unconfigured(
    bench: Bench, tmp_path: Path, errors: list[str], how: str, words: str
):
    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    bench.segmenter(model=str(broken(tmp_path, how)), provider="cpu")
    assert not bench.change("configure")
    assert bench.state() == "unconfigured"
    (sentence,) = errors
    assert words in sentence
    assert "\n" not in sentence
    eventually(
        lambda: (now := status(diagnostics, bench)) and words in value(now, "last error"), "the diagnostics say why"
    )
    assert status(diagnostics, bench).level == DiagnosticStatus.WARN
    assert bench.set(model=str(write_colour_cells(tmp_path / "sound").path)).successful
    assert bench.change("configure")  # and a sound one is taken afterwards


def test_a_provider_that_this_machine_lacks_leaves_the_node_unconfigured(
    bench: Bench, colour_cells: Path, errors: list[str]
):
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    bench.segmenter(model=str(colour_cells), provider="cuda")
    assert not bench.change("configure")
    assert bench.state() == "unconfigured"
    assert "provider 'cuda'" in errors[0]


@pytest.mark.skipif("cuda" in available(), reason="this onnxruntime has CUDA")
def test_the_diagnostics_say_why_auto_runs_on_the_cpu(bench: Bench, colour_cells: Path):
    bench.segmenter(model=str(colour_cells), provider="auto")
    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    assert bench.change("configure")
    eventually(
        lambda: "'cuda' is not in this" in value(status(diagnostics, bench), "why not cuda"), "the reason is told"
    )


def test_an_impossible_transition_is_refused_and_the_node_lives_on(bench: Bench, colour_cells: Path):
    bench.segmenter(model=str(colour_cells), provider="cpu")
    for transition in ("activate", "deactivate", "cleanup", "fly"):
        assert not bench.change(transition)
        assert bench.state() == "unconfigured"
    assert bench.change("configure")
    assert not bench.change("configure")
    assert bench.state() == "inactive"


def test_a_transition_that_breaks_half_way_is_logged_and_lets_go_of_everything(
    bench: Bench, colour_cells: Path, errors: list[str], monkeypatch: pytest.MonkeyPatch
):
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("no memory for a message")

    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    node = bench.segmenter(model=str(colour_cells), provider="cpu")
    before = len(list(node.publishers))
    monkeypatch.setattr(LabelInfoPublisher, "announce", broken)
    assert not bench.change("configure")
    assert bench.state() == "unconfigured"
    (error,) = errors
    sentence, _, traceback = error.partition("\n")
    assert sentence == "configuring failed: RuntimeError: no memory for a message"
    assert traceback.startswith("Traceback (most recent call last):")
    assert len(list(node.publishers)) == before
    warned = eventually(
        lambda: (s := status(diagnostics, bench)) and s.level == DiagnosticStatus.ERROR and s, "an error"
    )
    assert warned.message == f"unconfigured: {sentence}"
    monkeypatch.undo()
    assert bench.change("configure")


def test_with_autostart_the_node_brings_itself_up_once(bench: Bench, colour_cells: Path):
    bench.segmenter(model=str(colour_cells), provider="cpu", autostart=True)
    eventually(lambda: bench.state() == "active", "an active node")
    for transition, state in (("deactivate", "inactive"), ("cleanup", "unconfigured")):
        assert bench.change(transition)
        assert bench.state() == state
    time.sleep(1)  # a node that brought itself up once more would have begun to
    assert bench.state() == "unconfigured"
    assert "read-only" in bench.set(autostart=False).reason


def test_with_autostart_a_model_that_is_not_there_leaves_the_node_unconfigured(bench: Bench, tmp_path: Path):
    diagnostics = bench.listen(DiagnosticArray, "/diagnostics")
    bench.segmenter(model=str(tmp_path / "none"), autostart=True)
    eventually(lambda: "does not exist" in value(status(diagnostics, bench), "last error"), "the reason in diagnostics")
    assert bench.state() == "unconfigured"


def test_shutdown_is_possible_from_every_state(bench: Bench, colour_cells: Path):
    for transitions in ([], ["configure"], ["configure", "activate"]):
        node = bench.segmenter(model=str(colour_cells), provider="cpu")
        for transition in transitions:
            assert bench.change(transition)
        assert bench.change("shutdown")
        assert bench.state() == "finalized"
        bench.executor.remove_node(node)
        bench.nodes.remove(node)
        node.destroy_node()


def resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def test_ten_rounds_in_any_legal_order_leak_nothing(bench: Bench, colour_cells: Path):
    legal = {
        "unconfigured": {"configure": "inactive"},
        "inactive": {"activate": "active", "cleanup": "unconfigured"},
        "active": {"deactivate": "inactive"},
    }
    heard = bench.listen(InstanceArray, "segmenter/instances")
    publish = bench.camera()
    node = bench.segmenter(model=str(colour_cells), provider="cpu", threads=1)
    choose = random.Random(3).choice
    sizes, state = [], "unconfigured"
    for round_number in range(1, 11):
        for _ in range(4):
            transition, after = choose(sorted(legal[state].items()))
            assert bench.change(transition), (round_number, transition)
            state = after
            assert bench.state() == state
        while state != "active":
            transition = {"unconfigured": "configure", "inactive": "activate"}[state]
            assert bench.change(transition)
            state = legal[state][transition]
        bench.matched("segmenter/instances")
        before = len(heard)
        eventually(
            lambda round_number=round_number, before=before: (
                publish(rgb_message(RED, bench.stamped(round_number))) or len(heard) > before
            ),
            "a result",
        )
        assert heard[-1].header.stamp.sec == round_number
        del heard[:]
        for transition in ("deactivate", "cleanup"):
            assert bench.change(transition)
        state = "unconfigured"
        gc.collect()
        counts = (len(list(node.subscriptions)), len(list(node.publishers)), len(list(node.services)),
                  len(list(node.waitables)), len(list(node.timers)), len(node._managed_entities))  # fmt: skip
        # The executor's pool grows when work coincides, and never shrinks.
        threads = [t.name for t in threading.enumerate() if not t.name.startswith("ThreadPoolExecutor")]
        sizes.append((counts, len(threads), len(os.listdir("/proc/self/fd")), resident_bytes()))
    (first_counts, first_threads, first_files, _), (counts, threads, files, _) = sizes[0], sizes[-1]
    assert counts == first_counts
    assert threads <= first_threads
    assert files <= first_files
    assert sizes[-1][3] - sizes[2][3] < 10e6  # bytes over seven rounds, each of which loads a model


def test_deactivation_waits_for_the_image_in_work_and_then_nothing_comes(
    bench: Bench, colour_cells: Path, monkeypatch: pytest.MonkeyPatch
):
    heard = bench.listen(InstanceArray, "segmenter/instances")
    publish = bench.camera()
    bench.active(colour_cells)
    bench.matched("segmenter/instances")
    started, finish, segment = threading.Event(), threading.Event(), Segmenter.segment

    def held(*args: object, **options: object) -> object:
        started.set()
        assert finish.wait(TIMEOUT)
        return segment(*args, **options)

    monkeypatch.setattr(Segmenter, "segment", held)
    publish(rgb_message(RED, bench.stamped(1)))
    assert started.wait(TIMEOUT)
    publish(rgb_message(RED, bench.stamped(2)))  # waits, and is dropped
    with ThreadPoolExecutor(1) as pool:
        deactivation = pool.submit(bench.change, "deactivate")
        eventually(lambda: publish.publisher.get_subscription_count() == 0, "the node's subscription gone")
        with pytest.raises(TimeoutError):
            deactivation.result(timeout=0.3)
        assert not heard
        finish.set()
        assert deactivation.result(TIMEOUT)
    assert bench.change("activate")
    publish(rgb_message(RED, bench.stamped(3)))
    heard.wait(2)
    assert [message.header.stamp.sec for message in heard] == [1, 3]
