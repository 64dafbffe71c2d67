"""docs/reference/ is what the code says today."""

import importlib
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "docs"))
reference = importlib.import_module("reference")
sys.path.pop(0)

OF_EVERY_NODE = ("/rosout", "/parameter_events", "/clock")


@pytest.mark.parametrize("name", reference.PAGES)
def test_a_page_agrees_with_the_code(name):
    try:
        expected = reference.PAGES[name]()
    except ModuleNotFoundError as error:
        pytest.skip(f"the page is made with {error.name}")
    file = reference.FOLDER / name
    same = file.exists() and file.read_text("utf-8") == expected
    assert same, f"docs/reference/{name} is not what the code says: run `make reference` and commit the page"


@pytest.mark.parametrize("folder", reference.MODELS, ids=lambda folder: folder.name)
def test_a_shipped_card_is_what_its_model_yaml_and_sections_say(folder):
    pytest.importorskip("torch", reason="cards are made by the export")
    same = (folder / "README.md").read_text("utf-8") == reference.card(folder)
    assert same, f"models/{folder.name}/README.md is not what the generator writes: run `make reference` and commit it"


def test_every_page_is_there_and_no_other():
    assert {file.name for file in reference.FOLDER.glob("*.md")} == set(reference.PAGES)


def topics_of(node, namespace: str) -> set[tuple[str, str, str]]:
    """What a node has on the graph, as TOPICS lists it: (name, in | out | service, type)."""
    name, own = node.get_name(), f"{namespace}/{node.get_name()}"
    ways = {
        "in": node.get_subscriber_names_and_types_by_node,
        "out": node.get_publisher_names_and_types_by_node,
        "service": node.get_service_names_and_types_by_node,
    }
    found = set()
    for way, ask in ways.items():
        for topic, types in ask(name, namespace):
            of_ros = any(kind.split("/")[0] in ("rcl_interfaces", "lifecycle_msgs") for kind in types)
            of_ros |= topic in OF_EVERY_NODE or kind_of_description(types)
            if not of_ros:
                short = "~" + topic.removeprefix(own) if topic.startswith(own) else topic.removeprefix(f"{namespace}/")
                found.add((short, way, types[0]))
    return found


def kind_of_description(types: list[str]) -> bool:
    return any(kind.startswith("type_description_interfaces/") for kind in types)


def documented(node: str, without: tuple[str, ...] = ()) -> set[tuple[str, str, str]]:
    rows = {(name, way, kind) for name, way, kind, _ in reference.TOPICS[node]}
    return {row for row in rows if not row[2].startswith(without)} if without else rows


def missing(*packages: str) -> tuple[str, ...]:
    return tuple(f"{package}/" for package in packages if importlib.util.find_spec(package) is None)


def test_the_segmenters_topics_are_those_of_the_running_node(request):
    pytest.importorskip("rclpy", reason="the topics are those of a running node")
    pytest.importorskip("osis_ros.msg", reason="the messages are not built: make test builds them")
    bench, model = request.getfixturevalue("bench"), request.getfixturevalue("colour_cells")
    node = bench.active(model)
    assert topics_of(node, bench.namespace) == documented("segmenter", missing("vision_msgs"))


def test_the_localizers_topics_are_those_of_the_running_node(request):
    pytest.importorskip("rclpy", reason="the topics are those of a running node")
    pytest.importorskip("osis_ros.msg", reason="the messages are not built: make test builds them")
    bench = request.getfixturevalue("bench")
    node = bench.localizer()
    assert bench.change("configure")
    assert bench.change("activate")
    # /tf_static has no row of its own
    found = {row for row in topics_of(node, bench.namespace) if row[0] != "/tf_static"}
    assert found == documented("localizer", missing("vision_msgs", "visualization_msgs", "tf2_msgs"))


def test_the_topics_of_planning_scene_are_those_of_the_running_node(request):
    pytest.importorskip("rclpy", reason="the topics are those of a running node")
    pytest.importorskip("osis_ros.msg", reason="the messages are not built: make test builds them")
    pytest.importorskip("moveit_msgs", reason="the node needs moveit_msgs")
    from osis_ros.nodes.planning_scene_node import PlanningSceneNode

    bench = request.getfixturevalue("bench")
    node = bench.add(PlanningSceneNode(namespace=bench.namespace, context=bench.context))
    assert topics_of(node, bench.namespace) == documented("planning_scene")


def test_the_topics_of_the_evaluator_are_those_of_the_running_node(request):
    pytest.importorskip("rclpy", reason="the topics are those of a running node")
    pytest.importorskip("osis_ros.msg", reason="the messages are not built: make test builds them")
    pytest.importorskip("faster_coco_eval", reason="the evaluator scores with faster-coco-eval")
    from osis_ros.nodes.evaluator_node import EvaluatorNode

    bench = request.getfixturevalue("bench")
    node = bench.add(EvaluatorNode(namespace=bench.namespace, context=bench.context))
    assert topics_of(node, bench.namespace) == documented("evaluator")


def test_the_cameras_topics_are_those_of_the_running_node(request):
    pytest.importorskip("rclpy", reason="the topics are those of a running node")
    pytest.importorskip("osis_ros.msg", reason="the messages are not built: make test builds them")
    pytest.importorskip("mujoco", reason="the simulated camera needs MuJoCo")
    from rclpy.parameter import Parameter

    from osis_ros.nodes.sim_camera import SimCamera

    bench = request.getfixturevalue("bench")
    small = [Parameter(name, value=value) for name, value in {"width": 64, "height": 48, "objects": 1}.items()]
    node = bench.add(SimCamera(namespace=bench.namespace, context=bench.context, parameter_overrides=small))
    assert topics_of(node, bench.namespace) == documented("camera", missing("tf2_msgs"))
