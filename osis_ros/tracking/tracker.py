"""`Tracker`: gives every instance the id of its object, image after image."""

import math
from typing import TYPE_CHECKING

import numpy as np

from osis_ros.inference.mask_nms import mask_nms
from osis_ros.instances import Instances
from osis_ros.tracking.assignment import assign
from osis_ros.tracking.camera_shift import camera_shift
from osis_ros.tracking.cost import mask_place, place_cost, space_place, total_cost
from osis_ros.tracking.errors import TrackingError
from osis_ros.tracking.mask_overlap import mask_overlap
from osis_ros.tracking.parameters import TrackerParameters
from osis_ros.tracking.sight import Sight
from osis_ros.tracking.states import TrackState
from osis_ros.tracking.track import Track
from osis_ros.tracking.tracks import Tracks
from osis_ros.tracking.views import Views, nearest_view

if TYPE_CHECKING:
    from osis_ros.geometry.objects import Objects

LATE = 1.0  # s before the newest stamp: images out of order are nearer, else time has gone back
STANDING = 10  # images in a row that are no newer than the one before, after which this is told
COVERED = 0.5  # share of an unseen object's mask that another instance covers, for it to be hidden
ELSEWHERE = 0.95  # place_cost from which an instance is not at the track's place
TENTATIVE_COST = 0.1  # so that an object with an id goes first
MOST_TRACKS = 500  # remembered at most; those not seen for longest are forgotten first


class Tracker:
    """Follows the objects of one camera. Not safe for calls from several threads at once.

    Every result must be given, also one without instances: time passes by the stamps alone. There is no motion model of
    each object: on a table objects stand still while the camera moves, so the shift that they have in common is used.

    Attributes:
        parameters: may be replaced between two updates.
        next_id: of the next track. Ids are never used again, also after `reset`.
        notice: one sentence if the last update had to begin anew or could not use its stamp, else empty.
    """

    def __init__(self, parameters: TrackerParameters | None = None, first_id: int = 1) -> None:
        self.parameters = parameters or TrackerParameters()
        self.next_id, self.notice = first_id, ""
        self.reset()

    def reset(self) -> None:
        """Forget all objects; ids go on where they were."""
        self._tracks: list[Track] = []
        self._stamp = -math.inf
        self._standing = 0

    @property
    def tracks(self) -> Tracks:
        """All objects that have an id, as they were after the last update."""
        return Tracks.of(self._tracks)

    def update(
        self, instances: Instances, stamp: float, objects3d: "Objects | None" = None, sight: Sight | None = None
    ) -> Instances:
        """One image's instances with `track_ids` and `track_states`.

        An image that is not newer than the one before (the same one twice, or out of order) gets its ids, and changes
        nothing. One that is older by more than a second, or newer by more than `forget_after`, begins anew.

        Args:
            instances: of one camera and one model, best first, also where there are none. Classes are told apart by
                their names, so their order may change.
            stamp: seconds, when the image was taken.
            objects3d: the instances in a frame that does not move with the camera, as far as they are known there.
            sight: the depth image, which tells hidden objects from those that are gone; only with `objects3d`.
        Returns:
            the instances; `track_ids` is 0 and the state TENTATIVE where an object is too new to have an id, and where
            an instance is a duplicate of a better one.
        Raises:
            TrackingError: a stamp that is no number.
        """
        self._heed(instances, stamp)
        newer = stamp > self._stamp
        self._standing = 0 if newer else self._standing + 1
        if self._standing == STANDING:
            self.notice = (
                f"the last {STANDING} images are no newer than the one before them, so no object gets a track: "
                "let the camera stamp its images"
            )
        kept = mask_nms(instances.rois, instances.masks, self.parameters.duplicate_iou)
        found, instances = instances, instances.take(kept) if len(kept) < len(instances) else instances
        centres, clouds = _in_space(instances, objects3d)
        distance = nearest_view([track.views for track in self._tracks], _looks(instances))
        shift = self._camera_shift(instances, distance)
        rows, columns, covered = self._assigned(instances, centres, distance, shift, max(stamp, self._stamp))
        owner: list[Track | None] = [None] * len(instances)
        for row, column in zip(rows.tolist(), columns.tolist()):
            owner[column] = self._tracks[row]
        if newer:
            self._stamp = stamp
            self._learn(instances, owner, covered, centres, clouds, shift, sight)
        ids, states = np.zeros(len(found), np.int64), np.full(len(found), TrackState.TENTATIVE, np.uint8)
        for row, track in zip(kept.tolist(), owner):
            if track and track.id:
                ids[row], states[row] = track.id, track.state
        return found.replaced(track_ids=ids, track_states=states)

    def _heed(self, instances: Instances, stamp: float) -> None:
        """Begin anew where the time calls for it; forget looks that cannot be compared with the new ones."""
        self.notice = ""
        if not math.isfinite(stamp):
            raise TrackingError(f"stamp is {stamp}, expected seconds")
        size = instances.embeddings.shape[1]
        for track in self._tracks if len(instances) else ():
            if track.views.size != size:  # of another model, or no longer sent: not to be compared
                track.views = Views(size)
        gap = stamp - self._stamp
        if gap < -LATE:
            self.notice = f"the stamps went back by {-gap:.1f} s, so all tracks begin anew"
        elif self.parameters.forget_after < gap < math.inf:
            self.notice = (
                f"no image for {gap:.1f} s, longer than forget_after ({self.parameters.forget_after:g} s), so all "
                "tracks begin anew"
            )
        if self.notice:
            self.reset()

    def _camera_shift(self, instances: Instances, distance: np.ndarray) -> np.ndarray:
        """[2] pixels, how far the objects that were seen in the last image have moved together."""
        seen = [row for row, track in enumerate(self._tracks) if track.instance_id]
        if not seen or not len(instances):
            return np.zeros(2)
        rois = np.array([self._tracks[row].roi for row in seen])
        likeness = np.exp(-np.nan_to_num(distance[seen]) / self.parameters.appearance_scale)
        likeness *= _like_areas(rois, instances.rois)
        diagonal = float(np.hypot(instances.width, instances.height))
        return camera_shift(_centres(rois), _centres(instances.rois), likeness, diagonal)

    def _assigned(
        self, instances: Instances, centres: np.ndarray, distance: np.ndarray, shift: np.ndarray, now: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows of tracks and columns of instances that belong together, and [T, N] covered shares of the tracks."""
        tracks, count = self._tracks, len(instances)
        in_image, in_space = np.full((len(tracks), count), np.nan), np.full((len(tracks), count), np.nan)
        covered = np.zeros((len(tracks), count))
        if not tracks or not count:
            none = np.zeros(0, np.int64)
            return none, none, covered
        shown = [row for row, track in enumerate(tracks) if track.roi is not None]
        if shown:
            rois = np.array([tracks[row].roi for row in shown])
            rois[:, :2] = np.round(rois[:, :2] + shift)
            gap = np.linalg.norm(_centres(rois)[:, None] - _centres(instances.rois)[None], axis=2)
            size = np.minimum(_diagonals(rois)[:, None], _diagonals(instances.rois)[None])
            iou, covered[shown] = mask_overlap(
                rois.astype(int), [tracks[row].mask for row in shown], instances.rois, instances.masks
            )
            in_image[shown] = mask_place(iou, gap, size, _like_areas(rois, instances.rois))
        placed = [row for row, track in enumerate(tracks) if track.position is not None]
        if placed:
            gap = np.linalg.norm(np.array([tracks[row].position for row in placed])[:, None] - centres[None], axis=2)
            in_space[placed] = space_place(gap, self.parameters.gate)
        place = place_cost(in_image, in_space, self.parameters.position_weight)
        unseen = np.array([now - track.last_seen for track in tracks])[:, None]
        cost = total_cost(place, distance, self.parameters, unseen)
        cost += np.array([0.0 if track.id else TENTATIVE_COST for track in tracks])[:, None]
        cost[place > ELSEWHERE] = np.inf
        return *assign(cost, self.parameters.max_cost), covered

    def _learn(
        self,
        instances: Instances,
        owner: list[Track | None],
        covered: np.ndarray,
        centres: np.ndarray,
        clouds: list[np.ndarray],
        shift: np.ndarray,
        sight: Sight | None,
    ) -> None:
        """Take in a new image; `owner` of an instance without a track becomes a new one."""
        for track in self._tracks:
            track.move(shift)
            track.instance_id = 0
        for row, track in enumerate(owner):
            if track is None:
                owner[row] = track = Track(instances, row, self._stamp)
            else:
                track.saw(instances, row, self._stamp)
            if not np.isnan(centres[row]).any():
                track.placed(centres[row], clouds[row], self.parameters.gate)
        for row, track in enumerate(self._tracks):
            if track.id and not track.instance_id:
                self._missed(track, covered[row].max(initial=0.0), sight)
        known = {id(track) for track in self._tracks}
        self._tracks += [track for track in owner if id(track) not in known]
        self._confirm(owner)
        self._forget()

    def _confirm(self, seen: list[Track]) -> None:
        """Give an id to what was seen for long enough: that of an object not seen since, where one looks like it."""
        newcomers = []
        for track in seen:
            if track.id:
                track.state = TrackState.CONFIRMED
            elif track.sightings > 1 and track.last_seen - track.first_seen >= self.parameters.confirm_after - 1e-9:
                newcomers.append(track)
        unseen = [track for track in self._tracks if track.id and not track.instance_id]
        if newcomers and unseen:
            distance = nearest_view([track.views for track in unseen], [track.views.array for track in newcomers])
            cost = total_cost(1.0, distance, self.parameters)
            both = [[old.last_seen >= new.first_seen for new in newcomers] for old in unseen]
            cost[np.array(both)] = np.inf  # seen in one image, so they are two
            for row, column in zip(*assign(cost, self.parameters.max_cost)):
                newcomers[column].continues(unseen[row])
                self._tracks.remove(unseen[row])
        for track in newcomers:
            track.state = TrackState.CONFIRMED
            if not track.id:
                track.id = self.next_id
                self.next_id += 1

    def _missed(self, track: Track, covered: float, sight: Sight | None) -> None:
        """An object that is not in the image: hidden, gone, or lost for a reason that is not known."""
        if track.state == TrackState.GONE:
            return
        if sight is not None and len(track.points):
            hidden, empty = sight.hidden_and_empty(track.points)
            if empty and not hidden:
                track.vanished()
                return
            if hidden:
                track.believed = self._stamp
        else:
            hidden = covered >= COVERED
        track.state = TrackState.OCCLUDED if hidden else TrackState.LOST

    def _forget(self) -> None:
        """Drop the tracks that have not been seen for too long, and those not seen again before they had an id."""
        longest, brief = self.parameters.forget_after, max(1.0, 2 * self.parameters.confirm_after)
        self._tracks = [
            track for track in self._tracks
            if track.instance_id or self._stamp - track.believed <= (longest if track.id else min(brief, longest))
        ]  # fmt: skip
        if len(self._tracks) > MOST_TRACKS:
            self._tracks = sorted(self._tracks, key=lambda track: -track.believed)[:MOST_TRACKS]


def _in_space(instances: Instances, objects3d: "Objects | None") -> tuple[np.ndarray, list[np.ndarray]]:
    """[N, 3] centre of each instance in the fixed frame, NaN where it is not known, and N measured clouds [M, 3]."""
    centres, clouds = np.full((len(instances), 3), np.nan), [np.zeros((0, 3), np.float32)] * len(instances)
    if objects3d is not None:
        row_of = {id_: row for row, id_ in enumerate(instances.ids.tolist())}
        for index, id_ in enumerate(objects3d.ids.tolist()):
            if (row := row_of.get(id_)) is not None:
                centres[row], clouds[row] = objects3d.box_centres[index], objects3d.points[index]
    return centres, clouds


def _looks(instances: Instances) -> list[np.ndarray]:
    """Of each instance, its one view [1, D]."""
    return [look[None] for look in instances.embeddings.astype(float)]


def _centres(rois: np.ndarray) -> np.ndarray:
    return rois[:, :2] + rois[:, 2:] / 2


def _diagonals(rois: np.ndarray) -> np.ndarray:
    return np.hypot(rois[:, 2], rois[:, 3]).astype(float)


def _like_areas(rois: np.ndarray, others: np.ndarray) -> np.ndarray:
    """[T, N] in [0, 1], the smaller of two areas divided by the larger."""
    one, other = (some[:, 2:].prod(1).astype(float) for some in (rois, others))
    return np.minimum(one[:, None], other[None]) / np.maximum(np.maximum(one[:, None], other[None]), 1)
