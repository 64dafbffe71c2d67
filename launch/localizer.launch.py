"""The localizer: the segmenter's masks and an aligned depth image become objects in space.

`ros2 launch osis_ros localizer.launch.py depth_topic:=/camera/aligned_depth_to_color/image_raw target_frame:=base_link`

An empty argument does not set the node's parameter. The parameter then comes from localizer_params_file, or from a
SetParameter in the launch file that includes this one. If neither sets it, it has its default (see
config/localizer.yaml).
"""

import os

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

ARGUMENTS = {
    "namespace": ("", "Namespace of the node and its topics, and of the segmenter's."),
    "instances_topic": ("", "Topic of the segmenter's masks; empty for segmenter/instances in the namespace."),
    "depth_topic": ("/camera/depth/image_raw", "Depth images that are aligned to the colour image."),
    "depth_info_topic": ("", "CameraInfo of the depth images; empty for the topic camera_info beside depth_topic."),
    "image_topic": ("/camera/color/image_raw", "The camera's raw colour topic, for the colours of points."),
    "image_transport": ("", "raw or compressed; compressed subscribes to IMAGE_TOPIC/compressed."),
    "target_frame": ("", "Frame of the objects, such as base_link; empty for the camera's."),
    "export_folder": ("", "Folder below which ~/export_grasp_input may write."),
    "localizer_params_file": ("", "YAML file with the node's parameters; copy config/localizer.yaml to begin one."),
    "use_sim_time": ("", "true or false: take the time from /clock."),
    "autostart": ("true", "true or false: configure and activate the node at its start."),
    "respawn": ("false", "true or false: start the node again when it ends by itself."),
    "log_level": ("info", "debug, info, warn, error or fatal."),
}
YES, NO = ("true", "1", "yes", "on"), ("false", "0", "no", "off")
RESPAWN_DELAY = 2.0  # s


def generate_launch_description() -> LaunchDescription:
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, description) in ARGUMENTS.items()
    ]
    return LaunchDescription([*arguments, OpaqueFunction(function=nodes)])


def nodes(context: LaunchContext) -> list:
    """The localizer, which configures and activates itself."""
    values = {name: LaunchConfiguration(name).perform(context) for name in ARGUMENTS}
    given = {name: values[name] for name in ("target_frame", "export_folder", "image_transport") if values[name]}
    file = values["localizer_params_file"]
    if file and not os.path.isfile(file):  # launch_ros would go on without it
        raise ValueError(f"localizer_params_file:={file} is no file")
    if values["use_sim_time"]:
        given["use_sim_time"] = truth(values, "use_sim_time")
    depth, compressed = values["depth_topic"], given.get("image_transport") == "compressed"
    return [
        Node(
            package="osis_ros",
            executable="localizer",
            name="localizer",
            namespace=values["namespace"],
            parameters=[*filter(None, [file]), {"autostart": truth(values, "autostart"), **given}],
            remappings=[
                ("instances", values["instances_topic"] or "segmenter/instances"),
                ("depth", depth),
                ("depth_camera_info", values["depth_info_topic"] or f"{depth.rpartition('/')[0]}/camera_info"),
                ("image", values["image_topic"] + ("/compressed" if compressed else "")),
            ],
            arguments=["--ros-args", "--log-level", values["log_level"]],
            output="screen",
            respawn=truth(values, "respawn"),
            respawn_delay=RESPAWN_DELAY,
        )
    ]


def truth(values: dict[str, str], name: str) -> bool:
    """The argument as true or false.

    Raises:
        ValueError: it is neither, which ends the launch.
    """
    word = values[name].lower()
    if word not in YES + NO:
        raise ValueError(f"{name}:={values[name]} is neither true nor false")
    return word in YES
