"""Warnings about parameter values that the node does not use, such as misspelt names. ROS 2 itself ignores them."""

import contextlib
import difflib
import re
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import yaml
from rclpy.node import Node


def warn_of_unused(node: Node) -> None:
    """Warn of each such thing. To be called when the node has declared its parameters.

    It is not refused, because a file of `/**` may be meant for several nodes.
    """
    for sentence in (*unknown_parameters(node), *unread_files(node, sys.argv)):
        node.get_logger().warning(sentence)


def unknown_parameters(node: Node) -> Iterator[str]:
    """A sentence for each value that was given at the start and that no parameter takes: rclpy says nothing."""
    known = sorted(node._parameters)
    for name in node._parameter_overrides:
        if not node.has_parameter(name) and not name.startswith("qos_overrides."):
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"the parameters are {', '.join(known)}"
            yield f"there is no parameter {name}, what was given for it is ignored: {hint}"


def unread_files(node: Node, arguments: Sequence[str]) -> Iterator[str]:
    """A sentence for each parameter file that has nothing for this node, because its section names another one."""
    own = node.get_fully_qualified_name()
    for flag, file in pairwise(arguments):
        if flag != "--params-file":
            continue
        with contextlib.suppress(OSError, yaml.YAMLError):  # what rcl could not read has ended the start already
            sections = list(_sections(yaml.safe_load(Path(file).read_text("utf-8"))))
            if sections and not any(_section_pattern(section).fullmatch(own) for section in sections):
                given = ", ".join(sections)
                yield f"{file} has parameters for {given}, none for {own}: name the section {own} or /**"


def _sections(content: object, above: str = "") -> Iterator[str]:
    """The nodes that a parameter file names, `/**` and the like among them."""
    for name, inner in content.items() if isinstance(content, dict) else ():
        node = f"{above}/{str(name).strip('/')}"
        if name == "ros__parameters":
            yield above
        else:
            yield from _sections(inner, node)


def _section_pattern(section: str) -> re.Pattern:
    """What a section's name matches: `*` stands for one part of a node's full name, `**` for any number."""
    parts = {"**": "(/[^/]+)*", "*": "/[^/]+"}
    return re.compile("".join(parts.get(part, f"/{re.escape(part)}") for part in section.strip("/").split("/")))
