"""The segmenter on a camera's topic: `ros2 launch osis_ros segmenter.launch.py image_topic:=/camera/image_raw`.

An empty argument does not set the node's parameter. The parameter then comes from params_file, or from a SetParameter
in the launch file that includes this one. If neither sets it, it has its default (see config/segmenter.yaml).
"""

import difflib
import os

from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, LogInfo, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

CONFIG = PathJoinSubstitution([FindPackageShare("osis_ros"), "config"])
ARGUMENTS = {
    "namespace": ("", "Namespace of the node and its topics."),
    "image_topic": ("/camera/color/image_raw", "The camera's raw topic, also with image_transport:=compressed."),
    "cameras": ("", "Names of several cameras, separated by commas; image_topic then has CAMERA in place of the name."),
    "image_transport": ("", "raw or compressed; compressed subscribes to IMAGE_TOPIC/compressed."),
    "model": ("", "Folder of a model bundle, or the name of a model in the package."),
    "provider": ("", "What the model runs on: auto, cpu, cuda or tensorrt."),
    "params_file": ("", "YAML file with the node's parameters; copy config/segmenter.yaml to begin one."),
    "use_sim_time": ("", "true or false: take the time from /clock."),
    "autostart": ("true", "true or false: configure and activate the node at its start."),
    "respawn": ("false", "true or false: start the node again when it ends by itself."),
    "log_level": ("info", "debug, info, warn, error or fatal."),
    "objects": ("false", "true or false: start the localizer too; then give the arguments of localizer.launch.py too."),
    "rviz": ("false", "true or false: show the results in RViz."),
    "rviz_config": (PathJoinSubstitution([CONFIG, "osis.rviz"]), "RViz configuration file."),
}
OF_EACH = "/CAMERA/color/image_raw"  # image_topic of several cameras, unless another one is given
YES, NO = ("true", "1", "yes", "on"), ("false", "0", "no", "off")
RESPAWN_DELAY = 2.0  # s


def generate_launch_description() -> LaunchDescription:
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, description) in ARGUMENTS.items()
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=nodes)])


def nodes(context: LaunchContext) -> list:
    """The segmenter, and RViz if requested. The segmenter configures and activates itself, so that this also works when
    it is started again."""
    values = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    given = {name: values[name] for name in ("model", "provider", "image_transport") if values[name]}
    compressed = given.get("image_transport") == "compressed"
    if values["params_file"] and not os.path.isfile(values["params_file"]):  # launch_ros would go on without it
        raise ValueError(f"params_file:={values['params_file']} is no file")
    if values["use_sim_time"]:
        given["use_sim_time"] = truth(values, "use_sim_time")
    cameras = [name.strip() for name in values["cameras"].split(",") if name.strip()]
    if cameras:
        given["cameras"] = cameras
    segmenter = Node(
        package="osis_ros",
        executable="segmenter",
        name="segmenter",
        namespace=values["namespace"],
        parameters=[*filter(None, [values["params_file"]]), {"autostart": truth(values, "autostart"), **given}],
        remappings=[(name, topic + ("/compressed" if compressed else "")) for name, topic in topics(values, cameras)],
        arguments=["--ros-args", "--log-level", values["log_level"]],
        output="screen",
        respawn=truth(values, "respawn"),
        respawn_delay=RESPAWN_DELAY,
    )
    if cameras and truth(values, "objects"):
        raise ValueError("objects:=true is for a single camera; start localizer.launch.py once for each of several")
    placed = [localizer()] if truth(values, "objects") else []
    shown = [rviz(values, given.get("use_sim_time", False))] if truth(values, "rviz") else []
    return [*mistyped(context), segmenter, *placed, *shown]


def topics(values: dict[str, str], cameras: list[str]) -> list[tuple[str, str]]:
    """The node's name of each camera's raw topic, and the topic.

    Raises:
        ValueError: several cameras, and a topic that is the same for all.
    """
    topic = values["image_topic"]
    if not cameras:
        return [("image", topic)]
    if topic == ARGUMENTS["image_topic"][0]:
        topic = OF_EACH
    if "CAMERA" not in topic:
        raise ValueError(f"image_topic:={topic} is one topic for several cameras, write CAMERA in place of the name")
    return [(f"{name}/image", topic.replace("CAMERA", name)) for name in cameras]


def localizer() -> IncludeLaunchDescription:
    """The localizer. launch hands it the arguments that were given to this file."""
    file = PathJoinSubstitution([FindPackageShare("osis_ros"), "launch", "localizer.launch.py"])
    return IncludeLaunchDescription(PythonLaunchDescriptionSource(file))


def mistyped(context: LaunchContext) -> list[LogInfo]:
    """A message for each argument that looks like a misspelt one: `ros2 launch` itself ignores unknown arguments."""
    near = {name: difflib.get_close_matches(name, ARGUMENTS, n=1, cutoff=0.8) for name in context.launch_configurations}
    return [
        LogInfo(msg=f"there is no launch argument {name}, it is ignored: did you mean {meant[0]}?")
        for name, meant in near.items()
        if meant and meant[0] not in name  # ros_namespace is another's
    ]


def rviz(values: dict[str, str], use_sim_time: bool) -> Node | LogInfo:
    """RViz, or a message if it is not installed: the segmenter is useful without it."""
    try:
        get_package_prefix("rviz2")
    except PackageNotFoundError:
        package = f"ros-{os.environ.get('ROS_DISTRO', 'jazzy')}-rviz2"
        return LogInfo(msg=f"rviz2 is not installed, so nothing is shown: sudo apt install {package}")
    arguments = ["-d", values["rviz_config"]]
    return Node(package="rviz2", executable="rviz2", arguments=arguments, parameters=[{"use_sim_time": use_sim_time}])


def truth(values: dict[str, str], name: str) -> bool:
    """The argument as true or false.

    Raises:
        ValueError: it is neither, which ends the launch.
    """
    word = values[name].lower()
    if word not in YES + NO:
        raise ValueError(f"{name}:={values[name]} is neither true nor false")
    return word in YES
