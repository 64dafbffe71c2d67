"""`SceneDiff` to moveit_msgs, and what MoveIt says that it has. Import it only where moveit_msgs is installed."""

import numpy as np
from moveit_msgs.msg import CollisionObject, PlanningScene
from shape_msgs.msg import SolidPrimitive
from std_msgs.msg import Header

from osis_ros.geometry.collision_scene import CollisionBox, SceneDiff
from osis_ros.messages.poses import pose_of

LEAST_SIDE = 1e-3  # m; MoveIt refuses a box without thickness


def diff_to_scene(diff: SceneDiff, header: Header, padding: float = 0.0) -> PlanningScene:
    """The diff as MoveIt takes it: z of each object points up, x along its longer side.

    Args:
        header: the frame of the boxes.
        padding: metres to add on each side of a box.
    """
    scene = PlanningScene(is_diff=True)
    scene.robot_state.is_diff = True  # else MoveIt would take the robot for one without attached objects
    scene.world.collision_objects = [
        *(_added(id_, item, header, padding) for id_, item in sorted(diff.add.items())),
        *(_object(id_, CollisionObject.MOVE, header, item) for id_, item in sorted(diff.move.items())),
        *(_object(id_, CollisionObject.REMOVE, header) for id_ in sorted(diff.remove)),
    ]
    return scene


def _added(id_: str, item: CollisionBox, header: Header, padding: float) -> CollisionObject:
    message = _object(id_, CollisionObject.ADD, header, item)
    message.type.key = item.label
    size = np.maximum(item.box.size + 2 * padding, LEAST_SIDE)
    message.primitives = [SolidPrimitive(type=SolidPrimitive.BOX, dimensions=size.tolist())]
    message.primitive_poses = [pose_of(np.zeros(3), np.eye(3))]
    return message


def _object(id_: str, operation: bytes, header: Header, item: CollisionBox | None = None) -> CollisionObject:
    message = CollisionObject(header=header, id=id_, operation=operation)
    if item is not None:
        message.pose = pose_of(item.box.centre, item.box.axes)
    return message


def ids_in_scene(scene: PlanningScene) -> tuple[set[str], set[str]]:
    """The ids of the objects in MoveIt's world, and of those that are attached to the robot."""
    attached = scene.robot_state.attached_collision_objects
    return {item.id for item in scene.world.collision_objects}, {item.object.id for item in attached}
