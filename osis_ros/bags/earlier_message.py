"""Messages of this package that an earlier or later release recorded: read by the types that the bag itself holds."""

from collections.abc import Callable

import numpy as np
from rosbags.interfaces import Nodetype
from rosbags.typesys import get_types_from_msg
from rosbags.typesys.store import Typestore

from osis_ros.bags.bag_file import unpacked
from osis_ros.bags.message_types import add_type, jazzy_types

PACKAGE = "osis_ros/"  # types of other packages are those of ROS 2 itself, which do not change
WORDS = {"string": "", "wstring": "", "bool": False, "float32": 0.0, "float64": 0.0}  # else 0
BYTES = {"octet": "uint8", "byte": "uint8", "char": "uint8"}

Converter = Callable[[bytes], bytes]


def converter(kind: str, definition: str) -> Converter | None:
    """What turns recorded messages into those of this release: fields that it does not know are left out, fields that
    were not there yet get their zero. None where the types are the same, or of another package.

    Args:
        kind: for example `osis_ros/msg/InstanceArray`.
        definition: its text and that of the types of its fields, as rosbag2 records it.
    """
    if not kind.startswith(PACKAGE) or not definition:
        return None
    recorded, own = jazzy_types(), jazzy_types()
    try:
        types = get_types_from_msg(definition, kind)
        recorded.register({name: fields for name, fields in types.items() if name not in recorded.fielddefs})
        add_type(own, kind)
    except Exception:  # whatever a damaged definition makes the library stumble over: the messages may still be whole
        return None
    if all(recorded.fielddefs[name][1] == own.fielddefs.get(name, ((), ()))[1] for name in types):
        return None

    def converted(data: bytes) -> bytes:
        try:
            message = recorded.deserialize_cdr(unpacked(data), kind)
            return bytes(own.serialize_cdr(_as_own(message, kind, own), kind))
        except Exception:  # half a message; whoever decodes these bytes says so, with its topic and time
            return b""

    return converted


def _as_own(message: object, kind: str, own: Typestore) -> object:
    """A message with the fields that its type has here."""
    values = {name: _value(getattr(message, name, None), field, own) for name, field in own.fielddefs[kind][1]}
    return own.types[kind](**values)


def _value(value: object, field: tuple, own: Typestore) -> object:
    node, argument = field
    if node == Nodetype.NAME:
        return _as_own(value, argument, own)
    if node == Nodetype.BASE:
        return WORDS.get(argument[0], 0) if value is None else value
    (inner, of), count = argument
    if inner == Nodetype.NAME:
        there = [None] * (count if node == Nodetype.ARRAY else 0) if value is None else value
        return [_as_own(one, of, own) for one in there]
    if value is not None:
        return value
    count = count if node == Nodetype.ARRAY else 0
    return [""] * count if "string" in of[0] else np.zeros(count, BYTES.get(of[0], of[0]))
