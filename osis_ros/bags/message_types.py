"""The message types that a bag needs: ROS 2 Jazzy's, and those of any package that is installed or sourced."""

from collections.abc import Iterator
from pathlib import Path

from rosbags.interfaces import Nodetype
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from osis_ros.errors import OsisError
from osis_ros.files.share import share_folders

REPOSITORY = Path(__file__).parents[2]  # its msg/ serves where nothing was built


class UnknownTypeError(OsisError):
    """A message type whose definition is nowhere to be found; the message is one sentence."""


def jazzy_types() -> Typestore:
    """A store of ROS 2 Jazzy's message types, to which `add_type` adds others."""
    return get_typestore(Stores.ROS2_JAZZY)


def add_type(store: Typestore, name: str) -> None:
    """Add a message type, and the types of its fields, to the store; nothing happens if they are there.

    Args:
        name: for example `osis_ros/msg/InstanceArray`.
    Raises:
        UnknownTypeError: no `share/PACKAGE/msg/TYPE.msg` on AMENT_PREFIX_PATH.
    """
    if name in store.fielddefs:
        return
    types = get_types_from_msg(_definition(name), name)
    for _, fields in types.values():
        for _, kind in fields:
            for needed in _message_names(kind):
                add_type(store, needed)
    store.register(types)


def _definition(name: str) -> str:
    package, _, kind = name.split("/")
    candidates = [share / package / "msg" / f"{kind}.msg" for share in share_folders()]
    if package == "osis_ros":
        candidates.append(REPOSITORY / "msg" / f"{kind}.msg")
    for path in candidates:
        if path.is_file():
            return path.read_text()
    raise UnknownTypeError(f"{name}: no share/{package}/msg/{kind}.msg on AMENT_PREFIX_PATH; is its package sourced?")


def _message_names(kind: tuple) -> Iterator[str]:
    node, argument = kind
    if node == Nodetype.NAME:
        yield argument
    elif node in (Nodetype.ARRAY, Nodetype.SEQUENCE):
        yield from _message_names(argument[0])
