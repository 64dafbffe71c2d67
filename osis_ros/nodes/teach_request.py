"""`~/teach`, `~/forget` and `~/taught`: names for objects, taught while the node runs."""

import math
import time
from collections.abc import Callable

import numpy as np

from osis_ros.messages.image_layout import samples
from osis_ros.messages.stamps import stamp_of, time_of
from osis_ros.msg import TaughtName
from osis_ros.nodes.frame_board import FrameBoard
from osis_ros.pipeline.frame import Frame
from osis_ros.srv import Forget, Taught, Teach
from osis_ros.teaching.errors import GalleryError, TeachError
from osis_ros.teaching.follow import Follower
from osis_ros.teaching.gallery import NotToldApartError
from osis_ros.teaching.kept_gallery import KeptGallery
from osis_ros.teaching.lesson import (
    Lesson,
    instance_in_mask,
    instance_in_region,
    instance_of_track,
    instance_with_id,
    lesson,
    total,
)
from osis_ros.teaching.recognition import Separation, in_words

MOST_VIEWS, LONGEST, USUAL_TIMEOUT = 100, 120.0, 10.0
NO_GALLERY = "the parameter teaching.gallery is empty: clean the node up, set it to a folder, and configure again"
NOT_ACTIVE = "the node is not active"


def teach(
    request: Teach.Request,
    response: Teach.Response,
    board: FrameBoard[Frame] | None,
    kept: KeptGallery | None,
    silence: Callable[[], str],
) -> Teach.Response:
    """Learn from the next frames, and fill the response.

    Args:
        board: of processed frames; None while the node is not active.
        kept: None where there is no gallery.
        silence: tells why no frame comes.
    Raises:
        OsisError: the name, the object, or the frames; nothing has changed then.
    """
    if kept is None:
        raise GalleryError(NO_GALLERY)
    name = kept.checked(request.name)
    ways, timeout = _ways(request), request.timeout or USUAL_TIMEOUT
    if len(ways) != 1:
        given = ", ".join(ways) or "none"
        raise TeachError(f"which object is given by {given}, expected one of track_id, instance_id, roi and mask")
    if request.views > MOST_VIEWS:
        raise TeachError(f"views is {request.views}, expected 0..{MOST_VIEWS}")
    if not (math.isfinite(timeout) and 0 < timeout <= LONGEST):
        raise TeachError(f"timeout is {request.timeout:g}, expected 0..{LONGEST:g} seconds")
    if board is None:
        raise TeachError(NOT_ACTIVE)
    (choose,) = ways.values()
    end = time.monotonic() + timeout
    first, index = _first(request, choose, board, end, silence)
    learnt = _watch(board, first, index, request.views or 1, end)
    try:
        kept.teach(name, learnt, force=request.force)
    except NotToldApartError as err:
        response.taught = _message(name, len(learnt.views), err.separation)
        raise
    found, views = kept.gallery.separations[name], len(kept.gallery[name].views)
    response.taught = _message(name, views, found)
    response.success, response.message = True, in_words(name, views, found)
    return response


def forget(request: Forget.Request, response: Forget.Response, kept: KeptGallery | None) -> Forget.Response:
    """Forget a name. Raises OsisError: there is none such, or no gallery."""
    if kept is None:
        raise GalleryError(NO_GALLERY)
    kept.forget(request.name)
    response.success = True
    return response


def taught(response: Taught.Response, kept: KeptGallery | None) -> Taught.Response:
    """List the names. Raises OsisError: there is no gallery."""
    if kept is None:
        raise GalleryError(NO_GALLERY)
    gallery = kept.gallery
    response.success, response.gallery = True, str(kept.folder)
    response.names = [_message(one.name, len(one.views), gallery.separations[one.name]) for one in gallery.taught]
    return response


def _ways(request: Teach.Request) -> dict[str, Callable[[Frame], int]]:
    """For each way to say which object, if it was used: what finds it in a frame."""
    ways = {}
    if request.track_id:
        ways["track_id"] = lambda frame: instance_of_track(frame.instances, request.track_id)
    if request.instance_id:
        ways["instance_id"] = lambda frame: instance_with_id(frame.instances, request.instance_id)
    roi = request.roi
    if roi.x_offset or roi.y_offset or roi.width or roi.height:
        corners = roi.x_offset, roi.y_offset, roi.x_offset + roi.width, roi.y_offset + roi.height
        ways["roi"] = lambda frame: instance_in_region(frame.instances, *corners)
    if request.mask.encoding or request.mask.height or request.mask.width or len(request.mask.data):
        ways["mask"] = lambda frame: instance_in_mask(frame.instances, _mask(request))
    return ways


def _mask(request: Teach.Request) -> np.ndarray:
    if request.mask.encoding not in ("mono8", "8UC1"):
        raise TeachError(f"the mask has the encoding '{request.mask.encoding}', expected mono8")
    return samples(request.mask, np.uint8, 1) > 0


def _first(
    request: Teach.Request,
    choose: Callable[[Frame], int],
    board: FrameBoard[Frame],
    end: float,
    silence: Callable[[], str],
) -> tuple[Frame, int]:
    """The first frame to learn from, and the index of the object in it.

    A track that is not in the newest frame, but is remembered, is waited for.

    Args:
        end: the time.monotonic() at which to stop waiting.
    """
    frame = _named_frame(request, board, end, silence)
    while True:
        try:
            return frame, choose(frame)
        except TeachError:
            remembered = frame.tracks is not None and request.track_id in frame.tracks.ids
            later = board.following(1, _left(end)) if remembered else []
            if not later:
                raise
            (frame,) = later


def _named_frame(request: Teach.Request, board: FrameBoard[Frame], end: float, silence: Callable[[], str]) -> Frame:
    """The frame of the request's stamp, else the newest one."""
    if stamp := time_of(request.stamp):
        frame = board.with_stamp(stamp)
        if frame is None:
            raise TeachError(f"there is no frame of the stamp {stamp * 1e-9:.9f} s among the last {board.keep}, "
                             "expected that of a recent InstanceArray, or zero for the newest")  # fmt: skip
        return frame
    frame = board.newest() or next(iter(board.following(1, _left(end))), None)
    if frame is None:
        raise TeachError(NOT_ACTIVE if board.closed else f"no frame came in time: {silence()}")
    return frame


def _watch(board: FrameBoard[Frame], first: Frame, index: int, views: int, end: float) -> Lesson:
    """What the first frame and those that follow teach of the object with this index in the first."""
    follower = Follower(first.rgb, first.instances, index)
    lessons = [lesson(first.rgb, first.instances, index, _label(first))]
    for frame in board.following(views - 1, _left(end)):
        index = follower.find(frame.rgb, frame.instances)
        if index is not None:
            lessons.append(lesson(frame.rgb, frame.instances, index, _label(frame)))
    return total(lessons)


def _left(end: float) -> float:
    return max(0.0, end - time.monotonic())


def _label(frame: Frame) -> str:
    return f"{frame.header.frame_id or 'camera'} at {stamp_of(frame) * 1e-9:.3f} s"


def _message(name: str, views: int, found: Separation) -> TaughtName:
    return TaughtName(
        name=name, views=views, threshold=found.threshold, nearest_similarity=found.nearest,
        nearest_name=found.nearest_name, recognised=found.recognised,
    )  # fmt: skip
