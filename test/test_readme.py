"""The README's statements that a machine can check."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text("utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)


def test_every_file_it_links_to_exists():
    links = re.findall(r"\]\(([^)#:]+)\)", README + (REPOSITORY / "CONTRIBUTING.md").read_text("utf-8"))
    assert [link for link in links if not (REPOSITORY / link).exists()] == []


def test_the_example_names_a_place_to_reach_for():
    example = [sys.executable, str(REPOSITORY / "examples" / "pick_best.py")]
    said = subprocess.run([*example, str(REPOSITORY / "docs" / "overview.png")], capture_output=True, text=True)
    assert re.match(r"unknown object of \d+ pixels, .* reach for pixel \(\d+, \d+\)", said.stdout), said.stderr
    without = subprocess.run(example, capture_output=True, text=True)
    assert without.returncode == 1
    assert "pick_best.py IMAGE" in without.stderr


def test_every_make_target_and_subcommand_that_it_names_exists():
    import typer.main

    from osis_ros.cli import app

    targets = re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE)) <= set(targets)
    named = set(re.findall(r"(?:^|`)osis ([a-z-]+)", README, re.MULTILINE))
    assert named <= set(typer.main.get_command(app).commands)
    assert {"segment", "scenes", "train", "export", "evaluate"} <= named


def test_its_options_exist():
    import typer.main

    from osis_ros.cli import app

    commands = typer.main.get_command(app).commands
    for block in (text for language, text in BLOCKS if language == "bash"):
        for command, arguments in re.findall(r"^osis ([a-z-]+)(.*)", block, re.MULTILINE):
            known = {option for parameter in commands[command].params for option in parameter.opts}
            assert set(re.findall(r"--[a-z-]+", arguments.split("#")[0])) <= known, command


def test_its_launch_files_and_their_arguments_exist():
    launches = re.findall(r"ros2 launch osis_ros ([a-z_]+\.launch\.py)(.*)", README)
    assert launches
    for file, arguments in launches:
        text = (REPOSITORY / "launch" / file).read_text("utf-8")
        assert [name for name in re.findall(r"(\w+):=", arguments) if f'"{name}"' not in text] == []


def test_its_parameters_are_the_nodes_with_their_defaults():
    pytest.importorskip("rclpy", reason="the parameters are declared with rclpy")
    from osis_ros.nodes.segmenter_node import SETTINGS

    table = README[README.index("| parameter | default") : README.index("`model`, `provider` and `threads` change")]
    documented = {}
    for names, defaults in re.findall(r"^\| (`.*?) \| (.*?) \|", table, re.MULTILINE):
        names, defaults = re.findall(r"`(.*?)`", names), defaults.replace("`", "").split(", ")
        documented |= dict(zip(names, defaults * (len(names) if len(defaults) == 1 else 1), strict=True))
    declared = {s.name: str(s.default).lower() if isinstance(s.default, bool) else s.default for s in SETTINGS}
    as_numbers = {name: f"{value:g}" if isinstance(value, int | float) else value for name, value in declared.items()}
    assert {name: f"{float(d):g}" if d[-1].isdigit() else d for name, d in documented.items()} == as_numbers


def test_its_example_finds_the_pixels_of_a_mask(capsys):
    messages = pytest.importorskip("osis_ros.msg", reason="the messages are not built: make test builds them")
    (example,) = (text for language, text in BLOCKS if language == "python" and "def on_instances" in text)
    names: dict = {}
    exec(example[: example.index("rclpy.init()")], names)
    cup = messages.Instance(class_name="cup", score=0.5, mask=[255, 0, 255, 255, 0, 255])
    cup.roi.x_offset, cup.roi.y_offset, cup.roi.width, cup.roi.height = 7, 4, 2, 3
    names["on_instances"](messages.InstanceArray(height=7, width=9, instances=[cup]))
    assert capsys.readouterr().out == "cup 0.50 4 pixels\n"
