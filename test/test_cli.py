"""The `osis` command as a whole: its errors, and what it says of itself."""

import ast
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
import typer.main
from rich.table import Table
from typer.testing import CliRunner

import osis_ros
from osis_ros.cli import app
from osis_ros.cli.console import plain_console
from osis_ros.errors import OsisError

PACKAGE = Path(osis_ros.__file__).parent
WITHOUT = "import sys; sys.modules[sys.argv[1]] = None; from osis_ros.cli import app; app(sys.argv[2:])"


@pytest.mark.parametrize(
    ("module", "arguments", "sentence"),
    [
        (
            "torch",
            ["export", "last.ckpt", "--output", "x"],
            "export needs torch: in the repository, pip install '.[train]'",
        ),
        (
            "faster_coco_eval",
            ["evaluate", "--ground-truth", "a.json", "--detections", "b.json"],
            "evaluate needs faster_coco_eval: in the repository, pip install '.[replay]'",
        ),
        ("scipy", ["pick-benchmark"], "pick-benchmark needs scipy: in the repository, pip install '.[objects]'"),
        ("mujoco", ["scenes", "x"], "scenes needs mujoco: in the repository, pip install '.[sim]'"),
        (
            "rclpy",
            ["demo"],
            "demo needs rclpy, a part of ROS 2 or of this package's messages: source scripts/env.sh, or run make demo",
        ),
    ],
)
def test_a_library_that_is_not_installed_is_one_sentence(module: str, arguments: list[str], sentence: str):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, module, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.strip() == f"osis: {sentence}"


@cache
def nodes_of_the_package() -> list[tuple[Path, ast.AST]]:
    """All that is a class or a call in the package, and its file."""
    return [
        (path, node)
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ClassDef | ast.Call)
    ]


def fail_with(error: BaseException, monkeypatch):
    """`osis segment` where loading the model raises the error."""

    def refuse(*_: object) -> None:
        raise error

    monkeypatch.setattr("osis_ros.inference.segmenter.Segmenter.__init__", refuse)
    return CliRunner().invoke(app, ["segment", "a.png"])


@pytest.mark.parametrize(
    ("error", "status", "sentence"),
    [
        (OsisError("camera.mcap is cut short"), 1, "osis: camera.mcap is cut short"),
        (KeyboardInterrupt(), 130, "osis: segment was stopped"),
        (OSError(28, "No space left on device", "out.json"), 1, "osis: out.json: No space left on device"),
        (OSError(28, "No space left on device"), 1, "osis: No space left on device"),
    ],
)
def test_what_a_user_can_mend_is_one_sentence(error, status, sentence, monkeypatch):
    result = fail_with(error, monkeypatch)
    assert (result.exit_code, result.stderr.strip()) == (status, sentence)


@pytest.mark.parametrize("error", [ValueError("operands could not be broadcast"), OSError(9, "Bad file descriptor")])
def test_a_fault_of_the_program_keeps_its_traceback(error, monkeypatch):
    assert fail_with(error, monkeypatch).exception is error


def test_every_exception_of_the_package_derives_from_osis_error():
    bases = {
        node.name: {ast.unparse(base).rpartition(".")[2] for base in node.bases}
        for _, node in nodes_of_the_package()
        if isinstance(node, ast.ClassDef)
    }

    def is_ours(name: str) -> bool:
        return name == "OsisError" or any(map(is_ours, bases.get(name, ())))

    exceptions = {name for name in bases if name.endswith("Error") or name == "TrainingDiverged"}
    assert len(exceptions) > 15
    assert {name for name in exceptions if not is_ours(name)} == set()


def commands(command: object, name: str = "osis") -> Iterator[tuple[str, object]]:
    """The command and all below it, by their full names."""
    yield name, command
    for child in getattr(command, "commands", {}).values():
        yield from commands(child, f"{name} {child.name}")


def test_every_command_and_option_is_explained_by_whole_sentences():
    faults = []
    for name, command in commands(typer.main.get_command(app)):
        texts = {name: command.help} | {f"{name} {p.name}": getattr(p, "help", None) for p in command.params}
        for place, text in texts.items():
            if not text or not text.rstrip().endswith((".", "…")) or not text[0].isupper():
                faults.append(f"{place}: {text}")
    lower_case = ("osis data check", "osis scenes split", "osis train")  # begin with the name of a choice
    assert [fault for fault in faults if not fault.startswith(lower_case)] == []


def test_a_threshold_and_the_hardware_are_called_alike_in_every_command():
    """As the segmenter's parameters score_threshold, unknown_threshold and provider are."""
    names, providers = set(), set()
    for _, command in commands(typer.main.get_command(app)):
        for option in command.params:
            if option.name in ("score", "unknown") or option.name.endswith("_threshold"):
                names.add(tuple(option.opts))
            if "Hardware" in (option.help or ""):
                providers.add((option.name, option.default))
    assert names == {("--score-threshold",), ("--unknown-threshold",)}
    assert providers == {("provider", "cpu")}


@pytest.mark.parametrize("spelling", [("--score", "7"), ("--score=7",), ("--score-threshold", "7")])
@pytest.mark.parametrize("command", [("segment", "a.png"), ("discover", "a.png")])
def test_a_threshold_may_be_called_by_its_former_name(command, spelling, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").write_bytes(cv2.imencode(".png", np.zeros((8, 8, 3), np.uint8))[1])
    result = CliRunner().invoke(app, [*command, *spelling])
    assert result.exit_code == 1
    assert "score_threshold is 7.0, expected 0..1" in result.stderr


def test_an_option_that_was_never_so_called_is_refused():
    result = CliRunner().invoke(app, ["mask-quality", "--score", "0.3"])
    assert result.exit_code == 2
    assert "No such option: --score" in result.stderr


def test_help_lists_every_command_in_a_group():
    root = typer.main.get_command(app)
    assert {c.rich_help_panel for c in root.commands.values()} == {
        "Run a model", "Teach names", "Make data", "Train a model", "Export and import models", "Evaluate a model",
    }  # fmt: skip
    for name in root.commands:
        assert f" {name} " in CliRunner().invoke(app, ["--help"], env={"COLUMNS": "120"}).output


def calls(name: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call of a function of that name in the package, and where it stands."""
    for path, node in nodes_of_the_package():
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == name:
            yield f"{path.name}:{node.lineno}", node


def test_no_console_or_progress_bar_takes_a_name_for_markup():
    """`[red]` or `:cup:` in the name of a class, a file or a bag stays what it is."""
    faults = []
    for place, call in calls("Console"):
        off = {k.arg for k in call.keywords if isinstance(k.value, ast.Constant) and k.value.value is False}
        faults += [place] if not {"markup", "emoji"} <= off else []
    for place, call in calls("TextColumn"):
        of_a_name = "task.description" in ast.unparse(call.args[0])
        faults += [place] if of_a_name and not any(k.arg == "markup" for k in call.keywords) else []
    faults += [place for place, call in calls("track") if not isinstance(call.args[1], ast.Constant)]
    assert faults == []
    assert len(list(calls("Console"))) >= 2


def test_the_console_shows_names_as_they_are(capsys):
    table = Table("[b]class", title="my[fp16] :cup:")
    table.add_row("bolt [/M8]")
    plain_console().print(table)
    plain_console().print("[red]cup :smile:")
    shown = capsys.readouterr().out
    for name in ("[b]class", "my[fp16] :cup:", "bolt [/M8]", "[red]cup :smile:"):
        assert name in shown


def test_ctrl_c_while_modules_load_leaves_no_traceback():
    program = """
import os, signal, sys
class CtrlC:
    def find_spec(self, name, path=None, target=None):
        if name == "typer":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, CtrlC())
from osis_ros.__main__ import main
main()
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (result.returncode, result.stderr) == (-signal.SIGINT, "")
