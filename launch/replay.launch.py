"""A recorded bag is played to the segmenter, and the evaluator scores the results and writes a report.

`ros2 launch osis_ros replay.launch.py bag:=BAG truth_topic:=/camera/ground_truth rviz:=true`

With play:=false nothing is played: use it with a live camera, a simulator, or a player that you start yourself.
"""

import asyncio
import os

from ament_index_python.packages import PackageNotFoundError, get_package_prefix
from launch import Event, LaunchContext, LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    ExecuteProcess,
    IncludeLaunchDescription,
    LogInfo,
    OpaqueCoroutine,
    OpaqueFunction,
    RegisterEventHandler,
    Shutdown,
    TimerAction,
)
from launch.conditions import IfCondition
from launch.event_handler import EventHandler
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.ros_adapters import get_ros_node
from launch_ros.substitutions import FindPackageShare

PLAYER = {
    "play": ("true", "true or false: play the bag, and end with it; nodes then take the time from the bag."),
    "bag": ("", "The bag: a folder, or a .mcap or .db3 file."),
    "rate": ("1.0", "How many times as fast as recorded."),
    "more_topics": ("", "Further topics to play, separated by commas, such as /tf,/tf_static."),
}
EVALUATOR = {
    "truth_topic": ("/camera/ground_truth", "Topic of the true masks."),
    "truth_type": ("instances", "What it carries: instances, labels, compressed_labels, or none."),
    "truth_classes": ("", "YAML file with the class of each value in label images."),
    "truth_areas": ("false", "true or false: each connected area of a label image is one object."),
    "report": ("evaluation.json", "JSON file that is written at the end."),
    "criteria": ("", "YAML file of criteria to meet; the verdicts are printed at the end and are in the report."),
}
BOTH = {
    "namespace": ("", "Namespace of the nodes and their topics."),
    "image_topic": ("/camera/color/image_raw", "The camera's raw topic, also with image_transport:=compressed."),
    "image_transport": ("raw", "raw or compressed; compressed plays and subscribes to IMAGE_TOPIC/compressed."),
    "model": ("tabletop", "Folder of a model bundle, or the name of a model in the package."),
}
LISTENERS = {"segmenter", "evaluator"}  # of the images; the bag is played when both are there
LOOK_PERIOD = 0.2  # s
LAST_ANSWER = 3.0  # s that the segmenter has for the last image
SCORING = "120"  # s that the evaluator has to score and write


class Listening(Event):
    """The segmenter and the evaluator listen to the images."""

    name = "osis_ros.Listening"


def generate_launch_description() -> LaunchDescription:
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, description) in {**PLAYER, **EVALUATOR, **BOTH}.items()
    ]
    # All other arguments of segmenter.launch.py are known here too: launch passes them on.
    segmenter = IncludeLaunchDescription(
        PythonLaunchDescriptionSource(
            PathJoinSubstitution([FindPackageShare("osis_ros"), "launch", "segmenter.launch.py"])
        ),
        launch_arguments={"use_sim_time": LaunchConfiguration("play")}.items(),
    )
    playing = OpaqueFunction(function=player, condition=IfCondition(LaunchConfiguration("play")))
    return LaunchDescription([*arguments, playing, segmenter, OpaqueFunction(function=evaluator)])


def images(values: dict[str, object]) -> str:
    """The topic of the images that are played and segmented."""
    return values["image_topic"] + ("/compressed" if values["image_transport"] == "compressed" else "")


def evaluator(context: LaunchContext) -> list:
    """The evaluator, which writes its report when it is told to end."""
    values = context.launch_configurations
    names = ("truth_type", "truth_classes", "report", "criteria", "image_transport", "model")
    parameters = {name: values[name] for name in names}
    flags = {"truth_areas": "truth_areas", "use_sim_time": "play"}
    return [
        Node(
            package="osis_ros",
            executable="evaluator",
            name="evaluator",
            namespace=values["namespace"],
            parameters=[
                parameters
                | {name: ParameterValue(LaunchConfiguration(of), value_type=bool) for name, of in flags.items()}
            ],
            remappings=[
                ("image", images(values)),
                ("truth", values["truth_topic"]),
                ("instances", "segmenter/instances"),
            ],
            output="screen",
            sigterm_timeout=SCORING,
            on_exit=lambda _, context: [] if context.is_shutdown else [Shutdown(reason="the evaluator has ended")],
        )
    ]


def player(context: LaunchContext) -> list:
    """`ros2 bag play` of the topics that are needed, once the nodes listen. When it ends, so does the launch.

    Raises:
        ValueError: there is no bag, or no player, which ends the launch.
    """
    values = context.launch_configurations
    if not os.path.exists(values["bag"]):
        raise ValueError(f"bag:={values['bag']} does not exist, expected a bag's folder or file; or give play:=false")
    try:
        get_package_prefix("ros2bag")
    except PackageNotFoundError:
        distribution = f"ros-{os.environ.get('ROS_DISTRO', 'jazzy')}"
        raise ValueError(
            f"ros2bag is not installed, so nothing can be played: sudo apt install {distribution}-ros2bag "
            f"{distribution}-rosbag2-storage-mcap; or give play:=false and start a player yourself"
        ) from None
    truth = [] if values["truth_type"] == "none" else [values["truth_topic"]]
    more = [topic.strip() for topic in values["more_topics"].split(",") if topic.strip()]
    play = ExecuteProcess(
        cmd=["ros2", "bag", "play", values["bag"], "--clock", "100", "--rate", values["rate"],
             "--topics", images(values), *truth, *more],
        output="screen",
        on_exit=[TimerAction(period=LAST_ANSWER, actions=[Shutdown(reason="the bag has been played")])],
    )  # fmt: skip

    async def wait() -> None:
        node = get_ros_node(context)
        topic = images(values)
        while not LISTENERS <= {info.node_name for info in node.get_subscriptions_info_by_topic(topic)}:
            await asyncio.sleep(LOOK_PERIOD)
        await context.emit_event(Listening())

    return [
        LogInfo(msg="the bag is played as soon as the segmenter is active"),
        RegisterEventHandler(EventHandler(matcher=lambda event: isinstance(event, Listening), entities=[play])),
        OpaqueCoroutine(coroutine=wait, ignore_context=True),
    ]
