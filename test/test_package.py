"""What packages say of this one: package.xml for ROS, setup.py for pip, the Dockerfile for containers."""

import re
import runpy
from pathlib import Path
from xml.etree import ElementTree

import pytest
from test_import_rules import MODULES, imports_of

import osis_ros

REPOSITORY = Path(__file__).parents[1]
MANIFEST = ElementTree.parse(REPOSITORY / "package.xml").getroot()
DEPENDENCIES = {element.text for element in MANIFEST if element.tag in ("depend", "exec_depend")}
# What a ROS installation has by name of the import; rosdep's keys for the libraries of pip's install_requires.
ROS_PACKAGES = {"rclpy", "launch", "launch_ros", "ament_index_python", "cv_bridge"}
KEYS = {
    "numpy": "python3-numpy", "opencv-python-headless": "python3-opencv", "pydantic": "python3-pydantic",
    "pyyaml": "python3-yaml", "typer": "python3-typer", "onnxruntime": "python3-onnxruntime-pip",
}  # fmt: skip


@pytest.fixture
def arguments(monkeypatch) -> dict:
    """What setup.py hands to setuptools."""
    handed: dict = {}
    monkeypatch.chdir(REPOSITORY)
    monkeypatch.setattr("setuptools.setup", lambda **arguments: handed.update(arguments))
    runpy.run_path("setup.py")
    return handed


def test_the_version_is_the_same_everywhere(arguments):
    assert MANIFEST.findtext("version") == arguments["version"] == osis_ros.__version__
    assert re.fullmatch(r"\d+\.\d+\.\d+", osis_ros.__version__)


def test_licence_and_description_are_the_same_for_ros_and_pip(arguments):
    assert MANIFEST.findtext("license") == arguments["license"] == "Apache-2.0"
    assert MANIFEST.findtext("description") == arguments["description"]
    assert "Apache License" in (REPOSITORY / "LICENSE").read_text()


def test_package_xml_names_every_ros_package_that_is_imported():
    imported = {name.split(".")[0] for module in MODULES for name in imports_of(module)}
    for file in (REPOSITORY / "launch").glob("*.py"):
        imported |= set(re.findall(r"^(?:from|import) (\w+)", file.read_text(), re.MULTILINE))
    wanted = {name for name in imported if name in ROS_PACKAGES or name.endswith(("_msgs", "_interfaces"))}
    assert {"rclpy", "sensor_msgs", "launch_ros"} <= wanted
    assert wanted - DEPENDENCIES == set()


def test_package_xml_names_every_library_that_pip_installs(arguments):
    names = {re.split(r"[<>=\[]", requirement)[0] for requirement in arguments["install_requires"]}
    assert {KEYS[name] for name in names} - DEPENDENCIES == set()


def test_pip_installs_every_file_that_is_no_python(arguments):
    package_data = {
        file.relative_to(REPOSITORY)
        for package, patterns in arguments["package_data"].items()
        for pattern in patterns
        for file in (REPOSITORY / package.replace(".", "/")).glob(pattern)
    }
    data_files = {Path(file) for _, files in arguments["data_files"] for file in files}
    there = {
        file.relative_to(REPOSITORY)
        for file in (REPOSITORY / "osis_ros").rglob("*")
        if file.is_file() and file.suffix not in (".py", ".pyc")
    }
    assert there
    assert there - package_data == set()
    bundle = [Path("models/tabletop") / name for name in ("model.onnx", "model.yaml", "weights.safetensors")]
    assert {*bundle, *(file.relative_to(REPOSITORY) for file in REPOSITORY.glob("msg/*.msg"))} <= data_files


def test_every_folder_with_python_is_a_package_that_pip_installs(arguments):
    folders = {".".join(file.relative_to(REPOSITORY).parent.parts) for file in MODULES.values()}
    assert folders == set(arguments["packages"])


def test_the_image_installs_the_versions_of_setup_py(arguments):
    image = (REPOSITORY / "Dockerfile").read_text()
    for requirement in arguments["install_requires"]:
        if requirement.startswith(("pydantic", "typer", "onnxruntime")):
            assert f'"{requirement}"' in image


def test_the_image_is_given_every_file_that_it_builds_from():
    """.dockerignore leaves all out but what it names."""
    given = {line[1:] for line in (REPOSITORY / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    cmake = (REPOSITORY / "CMakeLists.txt").read_text()
    built = set(re.findall(r"\b(?:cmake|msg|srv|osis_ros|scripts|launch|config|models)\b", cmake))
    image = (REPOSITORY / "Dockerfile").read_text()
    copied = {path.split("/")[0] for path in re.findall(r"^COPY ([\w.]+\S*) ", image, re.MULTILINE)} - {"."}
    assert {"CMakeLists.txt", "package.xml"} | built | copied <= given
    assert all((REPOSITORY / name).exists() for name in given)
