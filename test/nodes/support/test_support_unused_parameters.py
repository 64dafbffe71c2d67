"""What was given as a parameter and is none, or is meant for a node of another name."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rclpy.node import Node

from osis_ros.nodes.support.unused_parameters import unknown_parameters, unread_files


@pytest.fixture
def given(ros: object, tmp_path: Path) -> Iterator[Callable[..., tuple[Node, list[str]]]]:
    """Starts a node with a parameter file, and gives the command line too."""
    nodes = []

    def start(content: str, namespace: str = "") -> tuple[Node, list[str]]:
        file = tmp_path / "given.yaml"
        file.write_text(content)
        arguments = ["--ros-args", "--params-file", str(file)]
        nodes.append(
            Node("segmenter", namespace=namespace, context=ros, cli_args=arguments, use_global_arguments=False)
        )
        nodes[-1].declare_parameter("score_threshold", 0.5)
        nodes[-1].declare_parameter("qos.depth", 1)
        return nodes[-1], arguments

    yield start
    for node in nodes:
        node.destroy_node()


def test_the_nearest_name_is_told_or_all_of_them(given):
    node, _ = given(
        "/**:\n  ros__parameters:\n    score_treshold: 0.9\n    qos: {dept: 2, depth: 3}\n    serial: 7\n"
        "    use_sim_time: true\n    qos_overrides: {/parameter_events: {publisher: {depth: 10}}}\n"
    )
    assert sorted(unknown_parameters(node)) == [
        f"there is no parameter {given}, what was given for it is ignored: {hint}"
        for given, hint in (
            ("qos.dept", "did you mean qos.depth?"),
            ("score_treshold", "did you mean score_threshold?"),
            ("serial", f"the parameters are {', '.join(sorted(node._parameters))}"),
        )
    ]


@pytest.mark.parametrize("namespace", ["", "/arm", "/arm/left"])
@pytest.mark.parametrize(
    "section",
    ["segmentor", "segmenter", "/segmenter", "/arm/segmenter", "arm: segmenter", "/**", "/*", "/**/segmenter",
     "/*/segmenter", "/arm/**"],
)  # fmt: skip
def test_a_file_for_other_nodes_is_told_exactly_where_ros_ignores_it(given, section: str, namespace: str):
    above, _, name = section.rpartition(": ")
    content = f"{above}:\n  {name}:\n    ros__parameters:\n      score_threshold: 0.9\n"
    if not above:
        content = f"{name}:\n  ros__parameters:\n    score_threshold: 0.9\n"
    node, arguments = given(content, namespace)
    ignored = node.get_parameter("score_threshold").value == 0.5
    own = f"{namespace}/segmenter"
    listed = "/" + section.strip("/").replace(": ", "/")
    sentence = f"{arguments[-1]} has parameters for {listed}, none for {own}: name the section {own} or /**"
    assert list(unread_files(node, arguments)) == [sentence] * ignored
