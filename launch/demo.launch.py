"""A simulated RGB-D camera over cluttered tables, and the segmenter.

`ros2 launch osis_ros demo.launch.py rviz:=true`
"""

import os

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, SetEnvironmentVariable
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

SHARE = FindPackageShare("osis_ros")
CAMERA = {
    "rate": ("5.0", float, "Images a second."),
    "width": ("640", int, "Width of the images in pixels."),
    "height": ("480", int, "Height of the images in pixels."),
    "seed": ("0", int, "Seed of the first scene."),
    "orbit": ("true", bool, "Whether the camera circles the scene, where no wall is near."),
}
SEGMENTER = {
    "model": ("", "A model bundle: its folder, or the name of one that came with the package."),
    "provider": ("", "What the model runs on: auto, cpu, cuda or tensorrt."),
    "image_transport": ("", "raw or compressed."),
    "autostart": ("true", "Configure and activate the segmenter at once."),
    "log_level": ("info", "debug, info, warn, error or fatal."),
    "rviz": ("false", "Show the results in RViz."),
}


def generate_launch_description() -> LaunchDescription:
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, *_, description) in {**CAMERA, **SEGMENTER}.items()
    ]
    parameters = {
        name: ParameterValue(LaunchConfiguration(name), value_type=kind) for name, (_, kind, _) in CAMERA.items()
    }
    camera = Node(package="osis_ros", executable="sim_camera", name="camera", parameters=[parameters], output="screen")
    segmenter = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(PathJoinSubstitution([SHARE, "launch", "segmenter.launch.py"])),
        launch_arguments={
            "image_topic": "/camera/color/image_raw",
            **{name: LaunchConfiguration(name) for name in SEGMENTER},
        }.items(),
    )
    # Fast DDS' own shared memory has no room for an image; a profile that the user has chosen stays.
    profiles = "FASTRTPS_DEFAULT_PROFILES_FILE"
    room = SetEnvironmentVariable(
        profiles, os.environ.get(profiles) or PathJoinSubstitution([SHARE, "config", "fastdds.xml"])
    )
    return LaunchDescription([*arguments, room, camera, segmenter])
