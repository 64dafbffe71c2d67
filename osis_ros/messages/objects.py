"""`Objects` and `Grasps` to this package's messages, and back."""

from collections.abc import Sequence

import numpy as np
from std_msgs.msg import Header

from osis_ros.geometry.grasps import Grasps
from osis_ros.geometry.objects import Objects
from osis_ros.geometry.support_plane import Plane
from osis_ros.messages.errors import MessageError
from osis_ros.messages.poses import point_to_message, pose_of, rotation_from_message, vector_to_message, xyz
from osis_ros.msg import (
    Grasp,
    GraspArray,
    Instance,
    InstanceArray,
    Object3D,
    ObjectArray,
    SupportPlane,
    UnplacedInstance,
)


def objects_to_message(objects: Objects, found: InstanceArray, header: Header, problem: str = "") -> ObjectArray:
    """The message of what was placed in space.

    Args:
        objects: in the frame of the header; their measured points are not in the message.
        found: the instances that they were made of, for class, score and track.
        header: the image's stamp and the frame of the objects.
        problem: what was wrong with the frame, in one sentence.
    """
    instances = {instance.id: instance for instance in found.instances}
    return ObjectArray(
        header=header,
        model=found.model,
        objects=[_object(objects, row, instances[int(id_)]) for row, id_ in enumerate(objects.ids)],
        plane=plane_to_message(objects.plane),
        unplaced=[UnplacedInstance(id=id_, reason=reason) for id_, reason in objects.missing.items()],
        problem=problem,
    )


def _object(objects: Objects, row: int, instance: Instance) -> Object3D:
    return Object3D(
        id=instance.id,
        class_id=instance.class_id,
        class_name=instance.class_name,
        unknown=instance.unknown,
        score=instance.score,
        centroid=point_to_message(objects.centroids[row]),
        nearest=point_to_message(objects.nearest[row]),
        box_pose=pose_of(objects.box_centres[row], objects.box_axes[row]),
        box_size=vector_to_message(objects.box_sizes[row]),
        support=int(objects.supports[row]),
        point_count=int(objects.point_counts[row]),
        valid_share=float(objects.valid_shares[row]),
        visible_share=float(objects.visible_shares[row]),
        touches_border=bool(objects.touching_border[row]),
        track_id=instance.track_id,
        track_state=instance.track_state,
    )


def plane_to_message(plane: Plane | None) -> SupportPlane:
    """The support plane, or that none was found."""
    if plane is None:
        return SupportPlane()
    return SupportPlane(found=True, normal=vector_to_message(plane.normal), offset=float(plane.offset))


def plane_from_message(message: SupportPlane) -> Plane | None:
    """The plane, None where none was found.

    Raises:
        MessageError: a normal that is no unit vector.
    """
    if not message.found:
        return None
    normal = np.array(xyz(message.normal))
    length = np.linalg.norm(normal)
    if not abs(length - 1) < 0.01:
        raise MessageError(f"plane.normal has length {length:g}, expected 1")
    return Plane(normal / length, message.offset)


def objects_from_message(message: ObjectArray) -> Objects:
    """A received message as `Objects`, in the frame of its header; their `points` are empty.

    Raises:
        MessageError: an id that is there twice, a box whose orientation is no rotation, or a plane that is none.
    """
    found = message.objects
    _check_ids([one.id for one in found])
    turns = [rotation_from_message(one.box_pose.orientation, f"the box of object {one.id}") for one in found]
    return Objects(
        ids=[one.id for one in found],
        centroids=_rows([xyz(one.centroid) for one in found], 3),
        nearest=_rows([xyz(one.nearest) for one in found], 3),
        box_centres=_rows([xyz(one.box_pose.position) for one in found], 3),
        box_axes=_rows(turns, 3, 3),
        box_sizes=_rows([xyz(one.box_size) for one in found], 3),
        supports=[one.support for one in found],
        point_counts=[one.point_count for one in found],
        valid_shares=[one.valid_share for one in found],
        visible_shares=[one.visible_share for one in found],
        touching_border=np.array([one.touches_border for one in found], bool),
        points=tuple(np.zeros((0, 3), np.float32) for _ in found),
        plane=plane_from_message(message.plane),
        missing={one.id: one.reason for one in message.unplaced},
    )


def grasps_to_message(grasps: Grasps, header: Header) -> GraspArray:
    """The message of grasps in the frame of the header."""
    return GraspArray(
        header=header,
        grasps=[
            Grasp(
                object_id=int(grasps.object_ids[row]),
                pose=pose_of(grasps.positions[row], grasps.axes[row]),
                width=float(grasps.widths[row]),
                quality=float(grasps.qualities[row]),
                kind=int(grasps.kinds[row]),
            )
            for row in range(len(grasps))
        ],
    )


def grasps_from_message(message: GraspArray) -> Grasps:
    """Received grasps, in the frame of the message's header.

    Raises:
        MessageError: a pose whose orientation is no rotation.
    """
    found = message.grasps
    turns = [rotation_from_message(one.pose.orientation, f"grasps[{row}]") for row, one in enumerate(found)]
    return Grasps(
        object_ids=[one.object_id for one in found],
        positions=_rows([xyz(one.pose.position) for one in found], 3),
        axes=_rows(turns, 3, 3),
        widths=[one.width for one in found],
        qualities=[one.quality for one in found],
        kinds=[one.kind for one in found],
    )


def _rows(values: Sequence, *shape: int) -> np.ndarray:
    """[N, *shape], also where N is 0."""
    return np.array(values, float).reshape(-1, *shape)


def _check_ids(ids: list[int]) -> None:
    if len(set(ids)) < len(ids):
        raise MessageError(f"two objects have the id {max(ids, key=ids.count)}, expected each id once")
