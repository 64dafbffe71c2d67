import pytest

from osis_ros.bags.message_types import UnknownTypeError, add_type, jazzy_types


def test_this_packages_messages_have_the_hash_that_the_ros_generators_give_them(monkeypatch):
    """The hash is the one in share/osis_ros/msg/InstanceArray.json of a colcon build, and what goes over DDS."""
    messages = pytest.importorskip("osis_ros.msg", reason="the messages are not built: make test builds them")
    import json
    from pathlib import Path

    store = jazzy_types()
    add_type(store, "osis_ros/msg/InstanceArray")
    add_type(store, "osis_ros/msg/InstanceArray")
    prefix = next(p for p in Path(messages.__file__).parents if (p / "share" / "osis_ros").is_dir())
    built = json.loads((prefix / "share" / "osis_ros" / "msg" / "InstanceArray.json").read_text())
    hashes = {entry["type_name"]: entry["hash_string"] for entry in built["type_hashes"]}
    assert store.hash_rihs01("osis_ros/msg/InstanceArray") == hashes["osis_ros/msg/InstanceArray"]
    assert store.hash_rihs01("osis_ros/msg/Instance") == hashes["osis_ros/msg/Instance"]


def test_the_types_of_a_messages_fields_come_with_it(tmp_path, monkeypatch):
    for package, name, text in (
        ("shelf_msgs", "Shelf", "Board[] boards\ngeometry_msgs/Pose pose\nstack_msgs/Stack[2] stacks\n"),
        ("shelf_msgs", "Board", "float64 length\n"),
        ("stack_msgs", "Stack", "string name\n"),
    ):
        folder = tmp_path / "share" / package / "msg"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.msg").write_text(text)
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    store = jazzy_types()
    add_type(store, "shelf_msgs/msg/Shelf")
    assert {"shelf_msgs/msg/Board", "stack_msgs/msg/Stack"} <= store.fielddefs.keys()
    definition, _ = store.generate_msgdef("shelf_msgs/msg/Shelf", ros_version=2)
    assert "MSG: stack_msgs/Stack\nstring name" in definition


def test_a_type_without_a_definition_is_named(monkeypatch):
    monkeypatch.setenv("AMENT_PREFIX_PATH", "")
    with pytest.raises(UnknownTypeError, match=r"nowhere_msgs/msg/Thing: no share/nowhere_msgs/msg/Thing.msg"):
        add_type(jazzy_types(), "nowhere_msgs/msg/Thing")
