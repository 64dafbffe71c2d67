"""`Objects` to visualization_msgs, for RViz. Import it only where visualization_msgs is installed."""

import numpy as np
from builtin_interfaces.msg import Duration
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from osis_ros.geometry.box import CORNERS
from osis_ros.geometry.box import EDGES as SIDES
from osis_ros.geometry.objects import Objects
from osis_ros.geometry.support_plane import Plane
from osis_ros.inference.overlay import UNKNOWN_COLOUR, class_colour, track_colour
from osis_ros.messages.poses import point_to_message, pose_of, vector_to_message
from osis_ros.msg import Instance, InstanceArray

BOXES, EDGES, NAMES, PLANE = "boxes", "edges", "names", "plane"  # namespaces
LIFETIME = Duration(sec=5)  # after which RViz drops what nobody renews
LINE_WIDTH, LETTERS, PLANE_MARGIN = 0.002, 0.025, 0.15  # m
LEAST_SIDE = 1e-3  # m; RViz warns of a cube with a side of 0


def objects_to_markers(objects: Objects, found: InstanceArray, header: Header, gone: set[int]) -> MarkerArray:
    """Boxes with their edges and names; unknown objects stand out by colour, opacity and thick edges.

    A tracked object's edges have the colour of its track, and its number stands before its name.

    Args:
        gone: `marker_id` of what was drawn before and is no longer there.
    """
    instances = {instance.id: instance for instance in found.instances}
    markers = [Marker(header=header, ns=ns, id=id_, action=Marker.DELETE)
               for id_ in sorted(gone) for ns in (BOXES, EDGES, NAMES)]  # fmt: skip
    for row, id_ in enumerate(objects.ids.tolist()):
        markers += _object(objects, row, instances[id_], header)
    return MarkerArray(markers=markers)


def marker_id(instance: Instance) -> int:
    """The id of an instance's markers: that of its track, so that they stay; without one the negative instance id."""
    return instance.track_id or -instance.id


def all_deleted(header: Header) -> MarkerArray:
    """What takes away whatever an earlier node has drawn."""
    return MarkerArray(markers=[Marker(header=header, action=Marker.DELETEALL)])


def _object(objects: Objects, row: int, instance: Instance, header: Header) -> list[Marker]:
    box = objects.box(row)
    colour = UNKNOWN_COLOUR if instance.unknown else class_colour(instance.class_id)
    pose = pose_of(box.centre, box.axes)
    common = {"header": header, "id": marker_id(instance), "action": Marker.ADD, "lifetime": LIFETIME}
    size = np.maximum(box.size, LEAST_SIDE)
    solid = Marker(ns=BOXES, type=Marker.CUBE, pose=pose, scale=vector_to_message(size),
                   color=_colour(colour, 0.45 if instance.unknown else 0.25), **common)  # fmt: skip
    width = LINE_WIDTH * (2 if instance.unknown else 1)
    edge_colour = track_colour(instance.track_id) if instance.track_id else colour
    edges = Marker(ns=EDGES, type=Marker.LINE_LIST, pose=pose, color=_colour(edge_colour, 1.0), **common)
    edges.scale.x = width
    edges.points = [point_to_message(CORNERS[end] * size) for side in SIDES for end in side]
    number = f"#{instance.track_id} " if instance.track_id else ""
    text = f"{number}{instance.class_name} {instance.score:.2f}"
    above = box.centre + box.axes[:, 2] * (box.size[2] / 2 + LETTERS)
    name = Marker(ns=NAMES, type=Marker.TEXT_VIEW_FACING, text=text, pose=pose_of(above, np.eye(3)),
                  color=_colour(UNKNOWN_COLOUR if instance.unknown else (255, 255, 255), 1.0), **common)  # fmt: skip
    name.scale.z = LETTERS
    return [solid, edges, name]


def plane_to_marker(plane: Plane | None, around: np.ndarray, header: Header) -> Marker:
    """A sheet on the support plane, below the objects; or its removal where no plane was seen.

    Args:
        around: [N, 3] places of the objects. Without any the sheet is where the frame's origin is above it.
    """
    if plane is None:
        return Marker(header=header, ns=PLANE, action=Marker.DELETE)
    local = (around if len(around) else np.zeros((1, 3))) @ plane.axes[:, :2]
    low, high = local.min(0) - PLANE_MARGIN, local.max(0) + PLANE_MARGIN
    centre = plane.axes[:, :2] @ ((low + high) / 2) - plane.offset * plane.normal
    return Marker(
        header=header, ns=PLANE, type=Marker.CUBE, action=Marker.ADD, pose=pose_of(centre, plane.axes),
        scale=vector_to_message([*(high - low), LEAST_SIDE]), color=_colour((80, 160, 255), 0.3), lifetime=LIFETIME,
    )  # fmt: skip


def _colour(rgb: tuple[int, int, int], opacity: float) -> ColorRGBA:
    r, g, b = (value / 255 for value in rgb)
    return ColorRGBA(r=r, g=g, b=b, a=opacity)
