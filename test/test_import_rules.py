"""The import rules between the parts: which may need PyTorch, ROS or MuJoCo, and what setup.py says about it.

They keep a robot's installation small: a node needs neither PyTorch nor MuJoCo, the inference library no ROS either.
"""

import ast
import os
import runpy
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
PACKAGE = REPOSITORY / "osis_ros"

TORCH = {"torch", "torchvision", "lightning", "pytorch_lightning", "torchmetrics"}
ROS = {"rclpy", "launch", "launch_ros", "cv_bridge", "vision_msgs", "sensor_msgs", "std_msgs"}
MUJOCO = {"mujoco"}

# part of osis_ros -> what it may not import, at the top of a file or inside a function, itself or through another part
FORBIDDEN = {
    "instances": TORCH | ROS | MUJOCO,
    "errors": TORCH | ROS | MUJOCO,
    "columns": TORCH | ROS | MUJOCO,
    "files": TORCH | ROS | MUJOCO,
    "words": TORCH | ROS | MUJOCO,
    "parallel": TORCH | ROS | MUJOCO,
    "coco": TORCH | ROS | MUJOCO,
    "inference": TORCH | ROS | MUJOCO,
    "geometry": TORCH | ROS | MUJOCO,
    "tracking": TORCH | ROS | MUJOCO,
    "teaching": TORCH | ROS | MUJOCO,
    "messages": TORCH | MUJOCO | {"rclpy"},
    "pipeline": TORCH | MUJOCO | {"rclpy"},
    "bags": TORCH | MUJOCO,
    "discovery": TORCH | MUJOCO,
    "nodes": TORCH,
    "demo": TORCH,
    "simulation": TORCH | ROS,
    "evaluation": TORCH | ROS,
    "training": ROS,
}
# part -> what may not even be needed to import it (a function may, when it runs)
NOT_AT_IMPORT = {
    "nodes": TORCH | MUJOCO,
    "bags": TORCH | MUJOCO,
    "inference": TORCH | ROS | MUJOCO,
    "pipeline": TORCH | ROS | MUJOCO,
    "discovery": TORCH | ROS | MUJOCO,
    "cli": TORCH | ROS | MUJOCO,
}

# import name -> distribution name, where they differ
DISTRIBUTIONS = {
    "cv2": "opencv-python-headless", "yaml": "pyyaml", "sklearn": "scikit-learn", "PIL": "pillow",
    "faster_coco_eval": "faster-coco-eval",
}  # fmt: skip
# part -> the extras of setup.py that its users install
EXTRAS = {
    "instances": (), "files": (), "coco": ("replay",), "inference": (), "words": (), "geometry": ("objects",),
    "parallel": ("ray",), "cli": (), "tracking": (), "discovery": ("discover",), "teaching": (),
    "simulation": ("sim",), "evaluation": ("replay", "figures", "objects"), "training": ("train",),
}  # fmt: skip


def module_name(path: Path) -> str:
    parts = path.relative_to(REPOSITORY).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def part_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


def modules_of(part: str) -> list[str]:
    return [module for module in MODULES if part_of(module) == part]


@cache
def imports_of(module: str) -> frozenset[str]:
    """The full dotted names that a file imports, wherever in it the import stands."""
    names: set[str] = set()
    package = module.split(".") if MODULES[module].name == "__init__.py" else module.split(".")[:-1]
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*start, *([node.module] if node.module else [])])
            names |= {origin} | {f"{origin}.{alias.name}" for alias in node.names}
    return frozenset(names)


@cache
def reachable(module: str) -> frozenset[str]:
    """Every module of this package that `module` may import, directly or through others, and itself."""
    seen, new = {module}, {module}
    while new:
        new = set().union(*map(imports_of, new)) & MODULES.keys() - seen
        seen |= new
    return frozenset(seen)


def run_python(program: str) -> subprocess.CompletedProcess:
    path = os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")])
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120,
                          env=os.environ | {"PYTHONPATH": path})  # fmt: skip


def block(names: set[str]) -> str:
    """The head of a program in which importing any of `names` fails, as where they are not installed."""
    return f"""
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"{{name}} is blocked", name=name)
sys.meta_path.insert(0, Blocked())
"""


@pytest.mark.parametrize("part", FORBIDDEN)
def test_a_part_never_imports_what_it_may_not(part):
    breaches = []
    for module in modules_of(part):
        for source in reachable(module):
            breaches += [
                f"{module} imports {name}" + (f" through {source}" if source != module else "")
                for name in imports_of(source)
                if name.split(".")[0] in FORBIDDEN[part]
            ]
    assert modules_of(part), f"osis_ros/{part} has no module"
    assert breaches == []


@pytest.mark.parametrize("part", NOT_AT_IMPORT)
def test_a_part_imports_where_the_rest_is_not_installed(part):
    if part in ("nodes", "bags"):
        pytest.importorskip("rclpy", reason="the nodes need a ROS 2")
        pytest.importorskip("osis_ros.msg", reason="the messages are not built: make test builds them")
    program = block(NOT_AT_IMPORT[part]) + "".join(f"import {module}\n" for module in modules_of(part))
    done = run_python(program)
    assert done.returncode == 0, done.stderr


def test_the_segmenter_starts_without_what_it_needs_only_later():
    """SciPy's optimiser alone would take half a second and 47 MB."""
    pytest.importorskip("rclpy", reason="the nodes need a ROS 2")
    pytest.importorskip("osis_ros.msg", reason="the messages are not built: make test builds them")
    program = block({"scipy", "rich", "typer"}) + (
        "import osis_ros.nodes.segmenter_node\n"
        "print(*(name for name in sys.modules if name.startswith(('osis_ros.teaching', 'osis_ros.geometry.objects'))))"
    )
    done = run_python(program)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr


def test_the_blocker_blocks():
    done = run_python(block({"json"}) + "import json.decoder")
    assert "json is blocked" in done.stderr


@pytest.mark.parametrize("part", EXTRAS)
def test_setup_py_declares_every_package_that_a_part_imports(part, monkeypatch):
    declared: dict = {}
    monkeypatch.setattr("setuptools.setup", lambda **arguments: declared.update(arguments))
    runpy.run_path(str(REPOSITORY / "setup.py"))
    requirements = list(declared["install_requires"])
    for extra in EXTRAS[part]:
        requirements += declared["extras_require"][extra]
    installable = {
        requirement.split("[")[0].split(">")[0].split("<")[0].strip().lower() for requirement in requirements
    }

    imported = {name.split(".")[0] for module in modules_of(part) for name in imports_of(module)}
    if part == "cli":  # a subcommand may import what the part that it calls declares
        imported &= {"typer", "numpy", "cv2"}
    foreign = imported - set(sys.stdlib_module_names) - {"osis_ros", "osis_ros.msg"} - ROS
    undeclared = {DISTRIBUTIONS.get(name, name) for name in foreign} - installable
    assert undeclared == set()


def test_the_command_and_every_subcommand_explain_themselves_without_torch_mujoco_and_ros():
    program = (
        block(TORCH | ROS | MUJOCO)
        + """
from typer.testing import CliRunner
import typer.main
from osis_ros.cli import app
names = sorted(typer.main.get_command(app).commands)
for arguments in [[], *([name] for name in names)]:
    result = CliRunner().invoke(app, [*arguments, "--help"])
    assert result.exit_code == 0 and "Usage:" in result.output, (arguments, result.output, result.exception)
print(*names)
"""
    )
    done = run_python(program)
    assert done.returncode == 0, done.stderr
    assert {"evaluate", "export", "scenes", "segment", "train"} <= set(done.stdout.split())
