"""`~/pick_candidates`: some frames seen as one, with objects, points and grasps, and what was wrong if anything was."""

import math
from collections.abc import Mapping, Sequence

from osis_ros.geometry.fusion import fused
from osis_ros.geometry.grasps import box_grasps
from osis_ros.geometry.objects import Objects
from osis_ros.messages.clouds import LARGEST_ID, objects_cloud
from osis_ros.messages.objects import grasps_to_message, objects_to_message
from osis_ros.messages.stamps import time_of
from osis_ros.nodes.frame_board import FrameBoard
from osis_ros.nodes.object_outputs.grasps import gripper
from osis_ros.nodes.placing import PlacedFrame
from osis_ros.srv import PickCandidates

MOST_FRAMES, LONGEST = 30, 60.0  # s
Code = PickCandidates.Response


def complaint(request: PickCandidates.Request) -> str | None:
    """What is wrong with the request, in one sentence; None where nothing is."""
    if not 1 <= request.frames <= MOST_FRAMES:
        return f"frames is {request.frames}, expected 1..{MOST_FRAMES}"
    if not (math.isfinite(request.timeout) and 0 < request.timeout <= LONGEST):
        return f"timeout is {request.timeout:g}, expected above 0 and at most {LONGEST:g} seconds"
    return None


def answer(
    request: PickCandidates.Request,
    response: PickCandidates.Response,
    board: FrameBoard[PlacedFrame] | None,
    values: Mapping[str, object],
    silence: str,
) -> PickCandidates.Response:
    """Fill the response.

    Args:
        board: None while the node is not active.
        values: of all parameters.
        silence: what to say where no frame comes.
    """
    if sentence := complaint(request):
        return _told(response, Code.BAD_REQUEST, sentence)
    if board is None:
        return _told(response, Code.NOT_ACTIVE, "the node is not active")
    since = request.not_before
    frames = board.following(request.frames, request.timeout, time_of(since))
    if not frames and board.closed:
        return _told(response, Code.NOT_ACTIVE, "the node was deactivated while it waited for frames")
    if not frames:
        which, why = "", silence
        if since.sec or since.nanosec:
            which, why = " of not_before or later", "is it a time of the clock that stamps the images?"
        return _told(response, Code.NO_INSTANCES, f"no instances{which} came within {request.timeout:g} s: {why}")
    placed = [frame for frame in frames if frame.depth is not None]
    if not placed:
        response.objects = objects_to_message(frames[-1].objects, frames[-1].found, frames[-1].header)
        return _told(response, Code.NO_DEPTH, frames[-1].problem)
    last = placed[-1]
    looks = [frame for frame in placed if frame.header.frame_id == last.header.frame_id]
    objects = wanted(fused([frame.objects for frame in looks]), last, request.class_names)
    grasps = box_grasps(objects, gripper(values))
    response.frames_used = len(looks)
    response.objects = objects_to_message(objects, last.found, last.header, last.problem)
    response.points = objects_cloud(objects.take(objects.ids <= LARGEST_ID), last.header)
    response.grasps = grasps_to_message(grasps, last.header)
    return _told(response, *_judgement(objects, len(grasps), last, request.class_names))


def wanted(objects: Objects, frame: PlacedFrame, class_names: Sequence[str]) -> Objects:
    """The objects of these classes; all where none is named."""
    if not class_names:
        return objects
    names = {instance.id: instance.class_name for instance in frame.found.instances}
    return objects.take([row for row, id_ in enumerate(objects.ids.tolist()) if names[id_] in class_names])


def _judgement(objects: Objects, grasps: int, frame: PlacedFrame, class_names: Sequence[str]) -> tuple[int, str]:
    if frame.in_camera_frame:
        return Code.NO_TRANSFORM, frame.problem
    if not len(objects):
        of = f" of the classes {', '.join(class_names)}" if class_names else ""
        why = next(iter(frame.objects.missing.values()), "")
        return Code.NOTHING_FOUND, f"no object{of} has a place in space" + (f": {why}" if why else "")
    if objects.plane is None:
        return Code.NO_PLANE, "the plane that the objects stand on was not seen, so there are no grasps"
    if not grasps:
        return Code.NO_GRASP, "no object fits between the jaws: see the parameter gripper.opening"
    return Code.OK, ""


def _told(response: PickCandidates.Response, code: int, message: str) -> PickCandidates.Response:
    response.code, response.message = code, message
    return response
