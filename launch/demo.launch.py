"""A simulated RGB-D camera over cluttered tables, and the segmenter; with objects:=true the localizer too.

`ros2 launch osis_ros demo.launch.py rviz:=true objects:=true target_frame:=world`
"""

import os

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, SetEnvironmentVariable, Shutdown
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

SHARE = FindPackageShare("osis_ros")
CAMERA = {
    "rate": ("5.0", float, "Images per second."),
    "width": ("640", int, "Width of the images in pixels."),
    "height": ("480", int, "Height of the images in pixels."),
    "seed": ("0", int, "Seed of the first scene."),
    "depth_noise": ("none", str, "The depth camera's noise: none, stereo or structured."),
    "orbit": ("true", bool, "true or false: the camera circles the scene, unless a wall is near."),
}
BOTH = {"image_topic": ("/camera/color/image_raw", "Where the camera publishes and the segmenter listens.")}


def generate_launch_description() -> LaunchDescription:
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, *_, description) in {**CAMERA, **BOTH}.items()
    ]
    parameters = {
        name: ParameterValue(LaunchConfiguration(name), value_type=kind) for name, (_, kind, _) in CAMERA.items()
    }
    image_topic = LaunchConfiguration("image_topic")
    camera = Node(
        package="osis_ros",
        executable="sim_camera",
        name="camera",
        parameters=[parameters],
        remappings=[
            ("~/color/image_raw", image_topic),
            ("~/color/image_raw/compressed", [image_topic, "/compressed"]),
        ],
        output="screen",
        on_exit=Shutdown(reason="the camera has ended"),
    )
    # The demo has all other arguments of segmenter.launch.py too: launch passes them on.
    segmenter = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(PathJoinSubstitution([SHARE, "launch", "segmenter.launch.py"]))
    )
    # Fast DDS's default shared memory is too small for an image. A profile that the user has chosen is kept.
    profiles = "FASTRTPS_DEFAULT_PROFILES_FILE"
    room = SetEnvironmentVariable(
        profiles, os.environ.get(profiles) or PathJoinSubstitution([SHARE, "config", "fastdds.xml"])
    )
    return LaunchDescription([*arguments, room, camera, segmenter])
