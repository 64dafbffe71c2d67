"""`~/grasps`: simple grasps on the objects' boxes, for a parallel gripper."""

from collections.abc import Mapping
from dataclasses import fields

from osis_ros.geometry.grasps import Gripper, box_grasps
from osis_ros.messages.objects import grasps_to_message
from osis_ros.msg import GraspArray
from osis_ros.nodes.outputs.output import Output
from osis_ros.pipeline.setting import Setting

PUBLISH = Setting("publish.grasps", True, "Publish ~/grasps, while somebody subscribes.")
MEANINGS = {
    "opening": "Metres, the widest distance between the jaws.",
    "clearance": "Metres kept free on each side of the object while the jaws go down.",
    "finger_length": "Metres from the fingertips to the palm.",
    "finger_height": "Metres that the fingertips stay above what the object stands on.",
    "finger_width": "Metres of a jaw across the direction in which it closes.",
}
GRIPPER = tuple(
    Setting(f"gripper.{part.name}", part.default, MEANINGS[part.name], low=0.0, high=1.0) for part in fields(Gripper)
)


def gripper(values: Mapping[str, object]) -> Gripper:
    """The gripper that the parameters describe."""
    return Gripper(**{setting.name.removeprefix("gripper."): values[setting.name] for setting in GRIPPER})


GRASPS = Output(
    topic="grasps",
    message_type=GraspArray,
    make=lambda frame, values: grasps_to_message(box_grasps(frame.objects, gripper(values)), frame.header),
    wanted=lambda values, subscribers: values[PUBLISH.name] and subscribers > 0,
    settings=(PUBLISH, *GRIPPER),
)
