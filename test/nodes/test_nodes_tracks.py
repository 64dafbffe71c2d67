"""Tracks of the segmenter over real DDS: in the instances, on a topic of their own, and reset by a service."""

from collections.abc import Callable

import numpy as np
from bench import Bench, Heard, eventually, picture, rgb_message
from sensor_msgs.msg import Image
from std_srvs.srv import Trigger

from osis_ros.inference.overlay import track_colour
from osis_ros.messages.image_decoding import image_to_rgb
from osis_ros.msg import Instance, InstanceArray, Track, TrackArray
from osis_ros.srv import Segment

SCENE = picture((16, 16, 96, 96, (255, 0, 0)), (120, 120, 200, 200, (0, 0, 204)))
ONE = picture((120, 120, 200, 200, (0, 0, 204)))


class Stream:
    """A camera, an active segmenter, and what it says of each image."""

    def __init__(self, bench: Bench, model: object, **values: object) -> None:
        self.bench = bench
        self.instances: Heard = bench.listen(InstanceArray, "segmenter/instances")
        self.tracks: Heard = bench.listen(TrackArray, "segmenter/tracks")
        self._publish: Callable = bench.camera()
        bench.active(model, **values)
        for topic in ("instances", "tracks"):
            bench.matched(f"segmenter/{topic}")

    def shows(self, seconds: float, rgb: np.ndarray = SCENE) -> InstanceArray:
        """The instances of one image, after it has been worked on."""
        sec, nanosec = divmod(round(seconds * 1e9), 1_000_000_000)
        before = len(self.instances)
        self._publish(rgb_message(rgb, self.bench.stamped(sec, nanosec)))
        return self.instances.wait(before + 1)[-1]

    def ids(self, *seconds: float, rgb: np.ndarray = SCENE) -> list[list[int]]:
        return [[one.track_id for one in self.shows(moment, rgb).instances] for moment in seconds]

    def told(self, seconds: float) -> dict[int, Track]:
        """The tracks that were sent with the image of this stamp."""
        sec, nanosec = divmod(round(seconds * 1e9), 1_000_000_000)
        stamp = self.bench.stamped(sec, nanosec).stamp
        message = eventually(lambda: next((m for m in list(self.tracks) if m.header.stamp == stamp), None), "tracks")
        assert (message.model, message.header.frame_id) == ("colour_cells", "camera_optical_frame")
        return {track.id: track for track in message.tracks}


def test_an_object_keeps_its_id_and_those_that_are_not_seen_are_told_of(bench: Bench, colour_cells):
    stream = Stream(bench, colour_cells)
    first = stream.shows(10.0)
    assert [(one.track_id, one.track_state) for one in first.instances] == [(0, Instance.TENTATIVE)] * 2
    second = stream.shows(10.5)
    assert [(one.track_id, one.track_state) for one in second.instances] == [
        (1, Instance.CONFIRMED),
        (2, Instance.CONFIRMED),
    ]
    assert stream.ids(11.0, rgb=ONE) == [[2]]
    tracks = stream.told(11.0)
    assert {id_: (track.state, track.class_name, track.instance_id) for id_, track in tracks.items()} == {
        1: (Track.LOST, "red", 0), 2: (Track.CONFIRMED, "blue", 1)}  # fmt: skip
    assert (tracks[1].last_seen.sec, tracks[1].last_seen.nanosec) == (10, 500_000_000)
    assert stream.ids(11.5) == [[1, 2]]


def test_reset_tracks_forgets_the_tracks_and_ids_go_on(bench: Bench, colour_cells):
    stream = Stream(bench, colour_cells)
    assert stream.ids(10.0, 10.5) == [[0, 0], [1, 2]]
    answer = bench.call(Trigger, "reset_tracks", Trigger.Request())
    assert (answer.success, answer.message) == (True, "2 tracks forgotten; the next id is 3")
    assert stream.ids(11.0, 11.5) == [[0, 0], [3, 4]]
    assert bench.change("deactivate")
    assert bench.change("cleanup")
    assert bench.change("configure")
    assert bench.change("activate")
    assert stream.ids(12.0, 12.5) == [[0, 0], [5, 6]], "nor are they used again after a clean-up"


def test_a_node_without_a_model_has_no_tracks_to_reset(bench: Bench):
    bench.segmenter()
    refused = bench.call(Trigger, "reset_tracks", Trigger.Request())
    assert (refused.success, refused.message) == (False, "the node is not configured")


def test_a_recording_that_begins_again_resets_the_tracks_and_says_so(bench: Bench, colour_cells, warnings: list[str]):
    stream = Stream(bench, colour_cells)
    assert stream.ids(10.0, 10.5, 2.0, 2.5) == [[0, 0], [1, 2], [0, 0], [3, 4]]
    assert "the stamps went back by 8.5 s, so all tracks begin anew" in warnings


def test_a_request_has_no_tracks_and_disturbs_none(bench: Bench, colour_cells):
    stream = Stream(bench, colour_cells)
    assert stream.ids(10.0, 10.5) == [[0, 0], [1, 2]]
    request = Segment.Request(image=rgb_message(ONE, bench.stamped(500)))
    (alone,) = bench.call(Segment, "segment", request).instances.instances
    assert (alone.track_id, alone.track_state) == (0, Instance.NO_TRACK)
    assert stream.ids(11.0) == [[1, 2]]


def test_tracking_is_switched_off_and_tuned_while_the_node_runs(bench: Bench, colour_cells):
    stream = Stream(bench, colour_cells)
    assert bench.set(tracking__confirm_after=1.5).successful
    assert stream.ids(10.0, 11.0, 12.0) == [[0, 0], [0, 0], [1, 2]]
    assert bench.set(tracking__enabled=False).successful
    assert {(one.track_id, one.track_state) for one in stream.shows(12.5).instances} == {(0, Instance.NO_TRACK)}
    refused = bench.set(tracking__forget_after=0.0)
    assert not refused.successful
    assert "tracking.forget_after" in refused.reason


def test_the_overlay_shows_the_number_in_the_tracks_colour(bench: Bench, colour_cells):
    overlays = bench.listen(Image, "segmenter/overlay")
    stream = Stream(bench, colour_cells)
    bench.matched("segmenter/overlay")
    stream.ids(10.0, 10.5)
    before, after = (image_to_rgb(message) for message in overlays.wait(2))
    for number in (1, 2):
        plates = [int((picture == track_colour(number)).all(-1).sum()) for picture in (before, after)]
        assert plates[0] < 20 < plates[1], f"a label in the colour of track {number}"
