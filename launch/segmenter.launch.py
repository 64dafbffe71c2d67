"""The segmenter on a camera's topic: `ros2 launch osis_ros segmenter.launch.py image_topic:=/camera/image_raw`.

Defaults of the node's parameters live in config/segmenter.yaml; an argument that is left empty does not change them.
"""

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, EmitEvent, OpaqueFunction, RegisterEventHandler
from launch.conditions import IfCondition
from launch.event_handlers import OnProcessStart
from launch.events import matches_action
from launch.substitutions import EqualsSubstitution, LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import LifecycleNode, Node
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events.lifecycle import ChangeState
from launch_ros.substitutions import FindPackageShare
from lifecycle_msgs.msg import Transition

CONFIG = PathJoinSubstitution([FindPackageShare("osis_ros"), "config"])
ARGUMENTS = {
    "namespace": ("", "Namespace of the node and its topics."),
    "image_topic": ("/camera/color/image_raw", "The camera's Image topic, also with image_transport:=compressed."),
    "image_transport": ("", "raw or compressed; compressed takes IMAGE_TOPIC/compressed."),
    "model": ("", "A model bundle: its folder, or the name of one that came with the package."),
    "provider": ("", "What the model runs on: auto, cpu, cuda or tensorrt."),
    "params_file": (PathJoinSubstitution([CONFIG, "segmenter.yaml"]), "The node's parameters."),
    "use_sim_time": ("", "true or false: take the time from /clock."),
    "autostart": ("true", "Configure and activate the node at once."),
    "log_level": ("info", "debug, info, warn, error or fatal."),
    "rviz": ("false", "Show the results in RViz."),
    "rviz_config": (PathJoinSubstitution([CONFIG, "osis.rviz"]), "What RViz shows."),
}


def generate_launch_description() -> LaunchDescription:
    arguments = [
        DeclareLaunchArgument(name, default_value=default, description=description)
        for name, (default, description) in ARGUMENTS.items()
    ]
    rviz = Node(
        package="rviz2",
        executable="rviz2",
        arguments=["-d", LaunchConfiguration("rviz_config")],
        parameters=[{"use_sim_time": EqualsSubstitution(LaunchConfiguration("use_sim_time"), "true")}],
        condition=IfCondition(LaunchConfiguration("rviz")),
    )
    return LaunchDescription([*arguments, OpaqueFunction(function=segmenter), rviz])


def segmenter(context: LaunchContext) -> list:
    """The node, and what brings it up."""

    def value(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    given = {name: value(name) for name in ("model", "provider", "image_transport") if value(name)}
    compressed = given.get("image_transport") == "compressed"
    if value("use_sim_time"):
        given["use_sim_time"] = value("use_sim_time").lower() == "true"
    node = LifecycleNode(
        package="osis_ros",
        executable="segmenter",
        name="segmenter",
        namespace=value("namespace"),
        parameters=[value("params_file"), *([given] if given else [])],
        remappings=[("image", value("image_topic") + ("/compressed" if compressed else ""))],
        arguments=["--ros-args", "--log-level", value("log_level")],
        output="screen",
    )
    if value("autostart").lower() != "true":
        return [node]

    def change(transition: int) -> EmitEvent:
        return EmitEvent(event=ChangeState(lifecycle_node_matcher=matches_action(node), transition_id=transition))

    # Once: whoever configures it again, with another model perhaps, says himself when it is to go on.
    activate = OnStateTransition(
        target_lifecycle_node=node,
        start_state="configuring",
        goal_state="inactive",
        entities=[change(Transition.TRANSITION_ACTIVATE)],
        handle_once=True,
    )
    configure = OnProcessStart(target_action=node, on_start=[change(Transition.TRANSITION_CONFIGURE)])
    return [RegisterEventHandler(activate), RegisterEventHandler(configure), node]
