"""The documents' statements that a machine can check: links, commands, launch arguments, examples."""

import ast
import contextlib
import importlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[1]
README = (REPOSITORY / "README.md").read_text("utf-8")
PAGES = {
    str(file.relative_to(REPOSITORY)): file.read_text("utf-8")
    for file in sorted(
        [*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md"), *(REPOSITORY / "models").glob("*/README.md")]
    )
}
every_page = pytest.mark.parametrize("page", PAGES)


def blocks(text: str, *languages: str) -> list[str]:
    return [body for language, body in re.findall(r"```(\w*)\n(.*?)```", text, re.DOTALL) if language in languages]


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def commands() -> dict:
    import typer.main

    from osis_ros.cli import app

    return typer.main.get_command(app).commands


def test_the_readme_is_short():
    assert len(README.splitlines()) <= 150


def test_every_guide_and_reference_page_is_linked_from_the_readme():
    pages = {page for page in PAGES if page.startswith("docs/") and not page.startswith("docs/photographs")}
    linked = {link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", README)}
    assert pages - linked == set()


def test_the_citation_and_the_newest_release_have_the_packages_version():
    import osis_ros

    citation = yaml.safe_load((REPOSITORY / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == osis_ros.__version__
    assert re.findall(r"^## \[(\d[^]]*)\]", PAGES["CHANGELOG.md"], re.MULTILINE)[0] == osis_ros.__version__


def test_the_issue_forms_are_complete():
    forms = list((REPOSITORY / ".github" / "ISSUE_TEMPLATE").glob("*.yaml"))
    assert len(forms) == 3
    for form in map(yaml.safe_load, (file.read_text("utf-8") for file in forms)):
        assert {"name", "description", "body"} <= set(form)


@every_page
def test_what_it_links_to_exists(page):
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", PAGES[page]):
        path, _, anchor = link.partition("#")
        if ":" in path:
            continue
        target = (REPOSITORY / page).parent / path if path else REPOSITORY / page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text("utf-8"))):
            broken.append(link)
    assert broken == []


@every_page
def test_its_osis_commands_parse(page):
    """Every command line of a shell block is parsed by the command itself; nothing is run."""
    for block in blocks(PAGES[page], "bash", "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            for part in re.split(r"&&|;", line.split(" #")[0]):
                words = shlex.split(part, comments=True)
                words = words[words.index("osis") + 1 :] if "osis" in words else []
                if words:
                    parse(commands(), words)


def parse(group: dict, words: list[str]) -> None:
    command, rest = group[words[0]], words[1:]
    if hasattr(command, "commands"):
        default = [] if rest[0] in command.commands else [command.DEFAULT]
        parse(command.commands, [*default, *rest])
    elif not any("…" in word for word in rest):
        command.make_context(words[0], rest)  # raises what the user would see


@every_page
def test_the_commands_and_options_that_it_names_exist(page):
    known = commands()
    for words in re.findall(r"`osis ([^`]+)`", PAGES[page]):
        first, *rest = words.split()
        if not re.fullmatch(r"[a-z][a-z-]+", first):
            continue  # osis COMMAND, osis --help
        assert first in known, words
        command = known[first]
        if hasattr(command, "commands"):
            if not rest:
                continue
            command = command.commands[rest[0] if rest[0] in command.commands else command.DEFAULT]
        options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
        assert set(re.findall(r"(?<![\w-])--[a-z-]+", words)) - {"--help"} <= options, words


@every_page
def test_the_make_targets_that_it_names_exist(page):
    targets = re.findall(r"^([a-z]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", PAGES[page], re.MULTILINE)) <= set(targets)


@every_page
def test_its_launch_files_and_their_arguments_exist(page):
    for file, arguments in re.findall(r"ros2 launch osis_ros ([a-z_]+\.launch\.py)([^`\n]*)", PAGES[page]):
        text, files = "", [file]
        for included in files:  # grows while it is read
            text += (read := (REPOSITORY / "launch" / included).read_text("utf-8"))
            files += [other for other in re.findall(r'"([a-z_]+\.launch\.py)"', read) if other not in files]
        assert [name for name in re.findall(r"(\w+):=", arguments) if f'"{name}"' not in text] == []


@every_page
def test_its_programs_and_scripts_exist(page):
    named = re.findall(r"(?:python|source|run) ((?:benchmarks|examples|scripts|docs)/[\w./]+)", PAGES[page])
    assert [file for file in named if not (REPOSITORY / file).exists()] == []
    executables = {file.name for file in (REPOSITORY / "scripts").iterdir()}
    assert set(re.findall(r"ros2 run osis_ros (\w+)", PAGES[page])) <= executables


@every_page
def test_its_python_is_valid_and_what_it_imports_exists(page):
    for block in blocks(PAGES[page], "python"):
        for statement in ast.walk(ast.parse(block)):
            if isinstance(statement, ast.ImportFrom) and statement.module.startswith("osis_ros"):
                with contextlib.suppress(ModuleNotFoundError):  # messages that are not built, MuJoCo
                    module = importlib.import_module(statement.module)
                    assert [alias.name for alias in statement.names if not hasattr(module, alias.name)] == []


def test_its_topics_are_the_references():
    sys.path.insert(0, str(REPOSITORY / "docs"))
    try:
        topics = importlib.import_module("reference").TOPICS["segmenter"]
    finally:
        sys.path.pop(0)
    named = re.findall(r"^\| `([~/]?[\w/]+)`", README, re.MULTILINE)
    assert set(named) == {name for name, *_ in topics}


def test_the_configuration_for_own_objects_is_the_shipped_network_with_other_classes(tmp_path):
    pytest.importorskip("torch", reason="the training configuration is read with PyTorch")
    from osis_ros.training.checkpoint import load_checkpoint
    from osis_ros.training.config import load_config

    (text,) = blocks(PAGES["docs/own-objects.md"], "yaml")
    (tmp_path / "my.yaml").write_text(text, "utf-8")
    mine = load_config(str(tmp_path / "my.yaml")).model
    shipped = load_checkpoint(REPOSITORY / "models/tabletop/weights.safetensors")[0].config
    assert mine.class_names == ("mug", "gearbox")
    assert mine == shipped.replace(class_names=mine.class_names)


def test_the_graphs_inputs_and_outputs_are_the_segmenters():
    from osis_ros.inference.class_table import COLUMNS
    from osis_ros.inference.segmenter import INPUTS, NAMES, OUTPUTS, SCENE_OUTPUTS

    named = re.findall(r"^\| `(\w+)`", PAGES["docs/graph.md"], re.MULTILINE)
    assert tuple(named) == (*INPUTS, *COLUMNS, NAMES, *OUTPUTS, "count", *SCENE_OUTPUTS)


def test_the_example_names_a_place_to_reach_for():
    example = [sys.executable, str(REPOSITORY / "examples" / "pick_best.py")]
    said = subprocess.run([*example, str(REPOSITORY / "docs" / "overview.png")], capture_output=True, text=True)
    assert re.match(r"unknown object of \d+ pixels, .* reach for pixel \(\d+, \d+\)", said.stdout), said.stderr
    without = subprocess.run(example, capture_output=True, text=True)
    assert without.returncode == 1
    assert "pick_best.py IMAGE" in without.stderr


def test_its_examples_find_the_pixels_of_a_mask(capsys):
    messages = pytest.importorskip("osis_ros.msg", reason="the messages are not built: make test builds them")
    cup = messages.Instance(class_name="cup", unknown=True, score=0.5, mask=[255, 0, 255, 255, 0, 255])
    cup.roi.x_offset, cup.roi.y_offset, cup.roi.width, cup.roi.height = 7, 4, 2, 3
    said = {
        "README.md": "cup 0.50 4 pixels\n",
        "docs/masks.md": "unknown object of 4 pixels around (8, 5)\n",  # mean of x 7 7 8 8, of y 4 5 5 6; 7.5 → 8
    }
    for page, expected in said.items():
        (example,) = (text for text in blocks(PAGES[page], "python") if "def on_instances" in text)
        names: dict = {}
        exec(example[: example.index("rclpy.init()")], names)
        names["on_instances"](messages.InstanceArray(height=7, width=9, instances=[cup]))
        assert capsys.readouterr().out == expected
