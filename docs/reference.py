"""Write docs/reference/ from the code (parameters, topics and messages, commands, configuration), and the model cards.

    make reference              # or, where `source scripts/env.sh` was done: python docs/reference.py

Each page needs only what it describes: the parameters rclpy, the training configuration PyTorch. A page whose library
is missing is left as it is, and that is said. test/test_reference.py fails while a page and the code disagree.
"""

import ast
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDER = REPOSITORY / "docs" / "reference"
NOTE = "<!-- Written by `make reference` from the code. Edit the code, not this page. -->"

TOPICS = {
    "segmenter": (
        ("image", "in", "sensor_msgs/msg/Image",
         "The camera. `image_transport: compressed` takes `CompressedImage`. With `cameras: [left]` it is "
         "`left/image`, and the results are below `~/left/`."),
        ("~/instances", "out", "osis_ros/msg/InstanceArray", "The masks, with the stamp and frame of the image."),
        ("~/tracks", "out", "osis_ros/msg/TrackArray",
         "All objects that are followed, with the class by a vote over time; also those that are not in the image."),
        ("~/detections", "out", "vision_msgs/msg/Detection2DArray", "Boxes. Needs vision_msgs."),
        ("~/label_image", "out", "sensor_msgs/msg/Image",
         "16UC1. Each pixel holds the `id` of its instance, 0 is background. Drawn only while somebody subscribes."),
        ("~/overlay", "out", "sensor_msgs/msg/Image",
         "bgr8. The image with the masks drawn on it. Drawn only while somebody subscribes."),
        ("~/label_info", "out", "vision_msgs/msg/LabelInfo",
         "Class ids and names, the taught names with ids from 32768 on, and the names that guesses may be, with a "
         "question mark, from 49152 on. Latched. Needs vision_msgs."),
        ("/diagnostics", "out", "diagnostic_msgs/msg/DiagnosticArray",
         "Once a second: rates, latency, dropped and failed images, the last error. A warning while no image arrives."),
        ("~/segment", "service", "osis_ros/srv/Segment",
         "Segments one image on request. Answers in the states inactive and active."),
        ("~/teach", "service", "osis_ros/srv/Teach",
         "Teaches the name of an object that is in view. Answers while active, if `teaching.gallery` is set."),
        ("~/forget", "service", "osis_ros/srv/Forget", "Forgets a taught name."),
        ("~/taught", "service", "osis_ros/srv/Taught", "Lists the taught names, and how well each can be told apart."),
        ("~/reset_tracks", "service", "std_srvs/srv/Trigger", "Forgets all tracks. Their ids are not used again."),
    ),
    "localizer": (
        ("instances", "in", "osis_ros/msg/InstanceArray", "The segmenter's masks."),
        ("depth", "in", "sensor_msgs/msg/Image",
         "16UC1 millimetres or 32FC1 metres, aligned to the image of the masks: same size, same `frame_id`."),
        ("depth_camera_info", "in", "sensor_msgs/msg/CameraInfo", "Calibration of the depth images."),
        ("image", "in", "sensor_msgs/msg/Image", "The colour image, for `~/points` and exported files."),
        ("/tf", "in", "tf2_msgs/msg/TFMessage", "And `/tf_static`: where the camera is in `target_frame`."),
        ("~/objects", "out", "osis_ros/msg/ObjectArray",
         "Boxes and evidence. One message for each InstanceArray that is worked on, also where there is no object."),
        ("~/tracks", "out", "osis_ros/msg/TrackArray",
         "The objects that the localizer follows itself, with their positions. Only with `tracking.in_space`."),
        ("~/detections", "out", "vision_msgs/msg/Detection3DArray", "The boxes. Needs vision_msgs."),
        ("~/markers", "out", "visualization_msgs/msg/MarkerArray", "Boxes, while somebody subscribes."),
        ("~/plane", "out", "visualization_msgs/msg/Marker", "The support plane, while somebody subscribes."),
        ("~/grasps", "out", "osis_ros/msg/GraspArray",
         "Simple grasps for a parallel gripper, made of the boxes. Made only while somebody subscribes."),
        ("~/points", "out", "sensor_msgs/msg/PointCloud2",
         "Organised cloud in the camera's frame: x, y, z, rgb, `instance` (the id). Only while somebody subscribes."),
        ("~/depth_without_objects", "out", "sensor_msgs/msg/Image",
         "32FC1. The depth image, NaN at and round the objects, for an octomap. Made only while somebody subscribes."),
        ("/diagnostics", "out", "diagnostic_msgs/msg/DiagnosticArray",
         "Once a second: rates, messages without depth or transform, the last error. A warning while one is in force."),
        ("~/pick_candidates", "service", "osis_ros/srv/PickCandidates",
         "The next frames as one: objects, points and grasps, with a code for what was wrong. Answers while active."),
        ("~/export_grasp_input", "service", "osis_ros/srv/ExportGraspInput",
         "Writes the newest frame as files for a grasp planner. Answers while active."),
        ("~/reset_tracks", "service", "std_srvs/srv/Trigger",
         "Forgets the localizer's own tracks. Their ids are not used again."),
    ),
    "planning_scene": (
        ("localizer/objects", "in", "osis_ros/msg/ObjectArray", "The localizer's objects, which need a `track_id`."),
        ("localizer/tracks", "in", "osis_ros/msg/TrackArray", "Which of them are hidden, and which are gone."),
        ("~/sync", "service", "std_srvs/srv/Trigger", "Brings MoveIt's planning scene up to date."),
    ),
    "evaluator": (
        ("image", "in", "sensor_msgs/msg/Image",
         "The segmenter's images, to count dropped ones. `image_transport: compressed` takes `CompressedImage`."),
        ("truth", "in", "osis_ros/msg/InstanceArray",
         "The true masks. `truth_type` takes label images: `Image`, or `CompressedImage` with PNG."),
        ("instances", "in", "osis_ros/msg/InstanceArray", "The segmenter's results."),
        ("/diagnostics", "out", "diagnostic_msgs/msg/DiagnosticArray",
         "Once a second: dropped images, latency, recall, precision. A warning while no instances arrive."),
        ("~/write_report", "service", "std_srvs/srv/Trigger", "Writes the report now; it is also written at the end."),
        ("~/reset", "service", "std_srvs/srv/Trigger", "Forgets everything seen so far."),
    ),
    "camera": (
        ("~/color/image_raw", "out", "sensor_msgs/msg/Image", "rgb8. The rendered picture."),
        ("~/color/image_raw/compressed", "out", "sensor_msgs/msg/CompressedImage", "The same picture as JPEG."),
        ("~/color/camera_info", "out", "sensor_msgs/msg/CameraInfo", "Calibration, without distortion."),
        ("~/depth/image_raw", "out", "sensor_msgs/msg/Image",
         "16UC1. Millimetres along the optical axis, registered to the colour image; 0 means no measurement. "
         "`depth_noise` makes it as noisy as a real camera's."),
        ("~/depth/camera_info", "out", "sensor_msgs/msg/CameraInfo", "The same values as on `~/color/camera_info`."),
        ("~/ground_truth", "out", "osis_ros/msg/InstanceArray", "The true masks. The score of each object is 1, and "
         "its `track_id` is its number in the scene."),
        ("~/ground_truth_objects", "out", "osis_ros/msg/ObjectArray", "The true upright boxes and visible shares, "
         "with the ids of `~/ground_truth`, and the table top. Nothing is measured: centroids and nearest points are "
         "the middles of the boxes."),
        ("/tf", "out", "tf2_msgs/msg/TFMessage", "`world` to `camera_link`. Needs tf2_msgs."),
        ("/tf_static", "out", "tf2_msgs/msg/TFMessage",
         "`camera_link` to `camera_color_optical_frame`. Latched. Needs tf2_msgs."),
    ),
}  # fmt: skip


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [
        [" ".join(cell.split()).replace("|", "\\|") for cell in line] for line in (head, ["---"] * len(head), *rows)
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def page(title: str, *parts: str) -> str:
    return "\n\n".join((NOTE, f"# {title}", *parts)) + "\n"


def code(value: object) -> str:
    """A value as it is written in YAML or on a command line."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if str(value) else ""


def sentence(text: str) -> str:
    """With a capital letter and a full stop, unless it begins with a symbol's name or with values to choose from."""
    text = " ".join(text.split())
    if re.match(r"[a-z]+\b(?!_|:|, | or )", text) and not re.match(r"[a-z] in ", text):
        text = text[0].upper() + text[1:]
    return text if not text or text[-1] in ".!?…" else text + "."


# --- parameters -------------------------------------------------------------------------------------------------------


def parameters() -> str:
    """Parameters of the nodes and arguments of the launch files."""
    from osis_ros.nodes import evaluator_node, localizer_node, planning_scene_node, segmenter_node
    from osis_ros.nodes.sim_camera import PARAMETERS

    rows, placing, planning, scoring = (
        [(code(s.name), code(s.default), _allowed(s), s.changes, sentence(s.description)) for s in node.SETTINGS]
        for node in (segmenter_node, localizer_node, planning_scene_node, evaluator_node)
    )
    camera = [(code(name), code(default), sentence(text)) for name, (default, text) in PARAMETERS.items()]
    return page(
        "Parameters",
        "## Node `segmenter`",
        "[config/segmenter.yaml](../../config/segmenter.yaml) lists the same parameters, ready to be copied. "
        "`ros2 param describe /segmenter NAME` prints the description of one. Write floating-point parameters with a "
        "decimal point, `1.0` and not `1`.",
        table(("parameter", "default", "allowed", "changes", "meaning"), rows),
        "## Node `localizer`",
        "[config/localizer.yaml](../../config/localizer.yaml) lists the same parameters.",
        table(("parameter", "default", "allowed", "changes", "meaning"), placing),
        "## Node `planning_scene`",
        table(("parameter", "default", "allowed", "changes", "meaning"), planning),
        "## Node `evaluator`",
        table(("parameter", "default", "allowed", "changes", "meaning"), scoring),
        "## Node `camera` (simulated)",
        "These are read once, when the node starts.",
        table(("parameter", "default", "meaning"), camera),
        *(f"## `{file}`\n\n{table(('argument', 'default', 'meaning'), launch_arguments(file))}"
          for file in ("segmenter.launch.py", "localizer.launch.py", "demo.launch.py", "replay.launch.py")),
        "`demo.launch.py` and `replay.launch.py` take the other arguments of `segmenter.launch.py` too.",
    )  # fmt: skip


def _allowed(setting: Any) -> str:
    if setting.choices:
        return ", ".join(map(code, setting.choices))
    if setting.low is None:
        return {bool: "`true`, `false`", str: "text"}.get(type(setting.default), "")
    return f"{setting.low:g} to {setting.high:g}" + (", or -1" if setting.models_own else "")


def launch_arguments(file: str) -> list[tuple[str, str, str]]:
    """Name, default and meaning of a launch file's arguments, read from its text: `launch` need not be installed.

    They stand in dictionaries at the top of the file, name → (default, …, meaning).
    """
    rows = []
    for statement in ast.parse((REPOSITORY / "launch" / file).read_text("utf-8")).body:
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Dict):
            for name, value in zip(statement.value.keys, statement.value.values, strict=True):
                if isinstance(name, ast.Constant) and isinstance(value, ast.Tuple):
                    words = [node.value for node in ast.walk(value.elts[0]) if isinstance(node, ast.Constant)]
                    rows.append(
                        (code(name.value), code(words[-1] if words else ""), sentence(ast.literal_eval(value.elts[-1])))
                    )
    return rows


# --- topics and messages ----------------------------------------------------------------------------------------------


def interfaces() -> str:
    """Topics and services of the nodes, messages with their comments."""
    parts = [
        "`~` stands for the name of the node: `~/instances` is `/segmenter/instances`. Messages are described by the "
        "comments of their files in [msg/](../../msg) and [srv/](../../srv).",
    ]
    for node, topics in TOPICS.items():
        rows = [(code(name), way, code(kind.replace("/msg/", "/").replace("/srv/", "/")), text)
                for name, way, kind, text in topics]  # fmt: skip
        parts += [f"## Node `{node}`", table(("name", "", "type", "content"), rows)]
    for file in sorted((*(REPOSITORY / "msg").glob("*.msg"), *(REPOSITORY / "srv").glob("*.srv"))):
        parts.append(_message(file))
    return page("Topics, services and messages", *parts)


def _message(file: Path) -> str:
    """A message file: the first comment is about the whole, each further one about the fields below it."""
    request, *response = re.split(r"^---$", file.read_text("utf-8"), flags=re.MULTILINE)
    about, request = re.match(r"((?:#[^\n]*\n)*)(.*)", request, re.DOTALL).groups()
    parts = [f"## `osis_ros/{file.stem}`", _uncommented(about)]
    for title, text in zip(("Request", "Response") if response else ("",), (request, *response), strict=True):
        parts += [f"**{title}**"] if title else []
        parts.append(table(("field", "type", "meaning"), _fields(text)))
    return "\n\n".join(parts)


def _fields(text: str) -> list[tuple[str, str, str]]:
    rows, comment, used = [], [], False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("#"):
            comment, used = ([line], False) if used else ([*comment, line], False)
        elif line:
            kind, name = line.split()[:2]
            own = line.partition("#")[2]
            rows.append((code(name), code(kind), own.strip() or _uncommented("\n".join(comment))))
            used = True
    return rows


def _uncommented(text: str) -> str:
    """The comment's words in one line; each item of a list, and what follows the list, after a <br>."""
    words, in_list = [], False
    for line in text.strip().splitlines():
        line = line.removeprefix("#").removeprefix(" ")
        item = line.startswith("- ")
        if item or (in_list and not line.startswith(" ")):
            words.append("<br>")
        in_list = item or (in_list and line.startswith(" "))
        words.append(line.strip())
    return " ".join(words)


# --- commands ---------------------------------------------------------------------------------------------------------


def commands() -> str:
    """Every `osis` command with its arguments and options."""
    import typer.main

    from osis_ros.cli import app

    root = typer.main.get_command(app)
    found = list(_commands(root, "osis"))
    return page(
        "Commands",
        "`osis COMMAND --help` prints the same on the terminal.",
        table(("command", "what it does"), [(f"[`{name}`](#{_anchor(name)})", _first(c.help)) for name, c in found]),
        *(_command(name, command) for name, command in found),
    )


def _commands(group: Any, name: str) -> Iterable[tuple[str, Any]]:
    for word, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{name} {word}")
        else:
            yield f"{name} {word}", command


def _command(name: str, command: Any) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and p.name != "help"]
    usage = " ".join([name, *map(_metavar, arguments)])
    parts = [f"## `{name}`", f"`{usage}{' [OPTIONS]' if options else ''}`", _paragraphs(command.help)]
    rows = [(code(_metavar(p)), "", p.help or "") for p in arguments]
    rows += [(", ".join(map(code, [*p.opts, *p.secondary_opts])), _default(p), p.help or "") for p in options]
    return "\n\n".join([*parts, table(("", "default", "meaning"), rows)] if rows else parts)


def _metavar(argument: Any) -> str:
    return (argument.metavar or argument.name.upper()) + ("…" if argument.nargs == -1 else "")


def _default(option: Any) -> str:
    if option.required:
        return "required"
    default = option.default() if callable(option.default) else option.default
    if isinstance(default, bool):
        return "yes" if default else "no"
    return "" if default in (None, (), []) else code(getattr(default, "value", default))


def _first(text: str | None) -> str:
    return re.split(r"(?<=\.)\s(?=[A-Z])", " ".join((text or "").split("\n\n")[0].split()), maxsplit=1)[0]


def _paragraphs(text: str | None) -> str:
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in (text or "").replace("\b", "").split("\n\n"))


def _anchor(heading: str) -> str:
    return re.sub(r"[^a-z0-9 _-]", "", heading.lower()).replace(" ", "-")


# --- configuration ----------------------------------------------------------------------------------------------------


def configuration() -> str:
    """The training configuration, entry by entry, from its pydantic model."""
    from osis_ros.training.config import TrainConfig

    return page(
        "Training configuration",
        "The entries of a file for `osis train --config FILE.yaml`. [Your own objects](../own-objects.md) has a "
        "complete example. `--set optimiser.learning_rate=0.0001` replaces one entry on the command line. An entry "
        "that is not listed here is an error. In YAML, write `null` for none.",
        *_sections(TrainConfig.model_json_schema(mode="validation")),
    )


def manifest() -> str:
    """model.yaml, entry by entry, from its pydantic model."""
    from osis_ros.inference.manifest import Manifest

    return page(
        "model.yaml",
        "The manifest of a model bundle. `osis export` writes it, and `osis calibrate --write` changes its thresholds. "
        "A bundle is a folder with `model.onnx`, `model.yaml`, a model card `README.md` and, for further training, "
        "`weights.safetensors`.",
        *_sections(Manifest.model_json_schema(mode="validation")),
    )


def _sections(schema: dict[str, Any]) -> Iterable[str]:
    """A heading and a table for the file and for each section in it, named by their place: `model.roi`."""
    places: dict[str, str] = {}  # class → the first place where it stands
    waiting = [("", schema)]
    order = []
    while waiting:
        place, section = waiting.pop(0)
        order.append((place, section))
        children = []
        for entry, form in section["properties"].items():
            for child, name in _references(form, f"{place}.{entry}".lstrip(".")):
                if child not in places:
                    places[child] = name
                    children.append((name, schema["$defs"][child]))
        waiting = children + waiting
    for place, section in order:
        yield f"## `{place}`" if place else "## The file"
        yield from filter(None, [_paragraphs(section.get("description", "").split("\n\n")[0])])
        rows = []
        for entry, form in section["properties"].items():
            default = "required" if entry in section.get("required", ()) else _default_of(form)
            rows.append((code(entry), _kind(form, places), default, sentence(form.get("description", ""))))
        yield table(("entry", "type", "default", "meaning"), rows)


def _references(form: Any, place: str) -> Iterable[tuple[str, str]]:
    """The sections that an entry holds, each with its place; NAME stands for a key of the user's."""
    if "$ref" in form:
        yield form["$ref"].rsplit("/", 1)[-1], place
    for option in (*form.get("anyOf", ()), *form.get("oneOf", ())):
        yield from _references(option, place)
    if isinstance(form.get("items"), dict):
        yield from _references(form["items"], place)
    if isinstance(form.get("additionalProperties"), dict):
        yield from _references(form["additionalProperties"], f"{place}.NAME")


def _kind(form: dict[str, Any], places: dict[str, str]) -> str:
    """The type of an entry in words, with its range or its choices."""
    if "$ref" in form:
        name = form["$ref"].rsplit("/", 1)[-1]
        return f"[section](#{_anchor(places[name])})"
    if "anyOf" in form or "oneOf" in form:
        kinds = [_kind(option, places) for option in form.get("anyOf") or form["oneOf"] if option.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in form or "const" in form:
        return ", ".join(map(code, form.get("enum") or [form["const"]]))
    if form.get("type") == "array":
        items = form.get("prefixItems") or [form.get("items", {})]
        return (
            f"list of {len(items)} {_kind(items[0], places)}"
            if "prefixItems" in form
            else f"list of {_kind(items[0], places)}"
        )
    if form.get("type") == "object":
        inner = form.get("additionalProperties")
        return f"mapping of {_kind(inner, places)}" if isinstance(inner, dict) else "mapping"
    if form.get("format") == "path":
        return "path"
    names = {"integer": "integer", "number": "number", "boolean": "`true`, `false`", "string": "text"}
    return names.get(form.get("type"), "any") + _range(form)


def _range(form: dict[str, Any]) -> str:
    low, high = form.get("minimum"), form.get("maximum")
    if low is not None and high is not None:
        return f", {low:g} to {high:g}"
    limits = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{sign} {form[key]:g}" for key, sign in limits.items() if key in form]
    return f", {' and '.join(bounds)}" if bounds else ""


def _default_of(form: dict[str, Any]) -> str:
    default = form.get("default")
    if default is None:
        return "none"
    if isinstance(default, dict) and default:
        return "see there"
    return code(default)


# --- model cards ------------------------------------------------------------------------------------------------------


def card(folder: Path) -> str:
    """A shipped model's README.md, from its model.yaml and the sections beside it."""
    from osis_ros.inference.bundle import load_bundle
    from osis_ros.training.export import card_of

    sections = (folder / "figures" / "figures.md", *sorted((folder / "card").glob("*.md")))
    return card_of(load_bundle(folder), [file.read_text("utf-8") for file in sections if file.exists()])


MODELS = tuple(sorted(file.parent for file in (REPOSITORY / "models").glob("*/model.yaml")))
PAGES: dict[str, Callable[[], str]] = {
    "parameters.md": parameters,
    "interfaces.md": interfaces,
    "commands.md": commands,
    "configuration.md": configuration,
    "model-yaml.md": manifest,
}


def main() -> None:
    pages = {FOLDER / name: write for name, write in PAGES.items()}
    pages |= {folder / "README.md": partial(card, folder) for folder in MODELS}
    for file, write in pages.items():
        shown = file.relative_to(REPOSITORY)
        try:
            text = write()
        except ModuleNotFoundError as error:
            print(f"{shown}: left as it is, no module {error.name}")
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")
        print(shown)


if __name__ == "__main__":
    sys.path.insert(0, str(REPOSITORY))
    main()
