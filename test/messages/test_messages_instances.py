"""Instances as messages: there and back, and one sentence for what does not fit."""

import re

import numpy as np
import pytest
from sensor_msgs.msg import RegionOfInterest
from std_msgs.msg import Header

from osis_ros.instances import Instances
from osis_ros.messages.errors import MessageError
from osis_ros.messages.images import byte_array
from osis_ros.messages.instances import instances_from_message, instances_to_message, mask_from_message
from osis_ros.msg import Instance, InstanceArray

NAMES = ("cup", "can")


def example() -> Instances:
    """A can, an L of three pixels at x 2..3, y 1..2, and an unknown object without pixels; the ids are a tracker's."""
    return Instances(
        boxes=[[2.25, 1, 4, 2.5], [5, 5, 5, 5]], scores=[0.9, 0.5], class_ids=[1, 2], distances=[0.1, 1.2],
        embeddings=[[1, 0], [0.6, 0.8]], rois=[[2, 1, 2, 2], [5, 5, 0, 0]],
        masks=(np.array([[1, 0], [1, 1]], bool), np.zeros((0, 0), bool)), height=6, width=8,
        class_names=NAMES, ids=[7, 3],
    )  # fmt: skip


def message() -> InstanceArray:
    header = Header(frame_id="eye")
    header.stamp.sec = 5
    return instances_to_message(example(), header, "m", embeddings=True)


def test_each_field_by_hand():
    sent = message()
    assert (sent.height, sent.width, sent.model) == (6, 8, "m")
    assert (sent.header.stamp.sec, sent.header.frame_id) == (5, "eye")
    can, unknown = sent.instances
    assert (can.id, can.class_id, can.class_name, can.unknown) == (7, 1, "can", False)
    assert (unknown.id, unknown.class_id, unknown.class_name, unknown.unknown) == (3, 2, "unknown", True)
    assert (can.score, can.distance) == (pytest.approx(0.9), pytest.approx(0.1))
    assert can.roi == RegionOfInterest(x_offset=2, y_offset=1, width=2, height=2)
    assert can.mask.tobytes() == bytes([255, 0, 255, 255])
    assert unknown.embedding.tolist() == pytest.approx([0.6, 0.8])
    assert not any(i.embedding for i in instances_to_message(example(), Header(), "m").instances)


def test_instances_come_back_but_for_their_boxes_which_are_then_the_regions_of_the_masks():
    sent, again = example(), instances_from_message(message(), NAMES)
    for name in ("scores", "class_ids", "distances", "embeddings", "rois", "ids"):
        np.testing.assert_array_equal(getattr(again, name), getattr(sent, name), name)
    assert (again.height, again.width, again.class_names) == (6, 8, NAMES)
    for i in range(2):
        np.testing.assert_array_equal(again.full_mask(i), sent.full_mask(i))
    assert again.boxes.tolist() == [[2, 1, 4, 3], [5, 5, 5, 5]]
    assert len(instances_from_message(instances_to_message(example(), Header(), "m"), NAMES).embeddings[0]) == 0


def test_tracks_and_taught_names_come_back_where_there_are_any():
    sent = example().replaced(
        track_ids=[0, 12], track_states=[0, 2], taught_names=["", "my mug"], taught_scores=[0, 0.75]
    )
    wire = instances_to_message(sent, Header(), "m")
    assert [i.track_id for i in wire.instances] == [0, 12]
    assert wire.instances[1].track_state == Instance.CONFIRMED
    again = instances_from_message(wire, NAMES)
    for name in ("track_ids", "track_states", "taught_names", "taught_scores"):
        assert getattr(again, name).tolist() == getattr(sent, name).tolist()

    only_tracks = instances_from_message(instances_to_message(sent.replaced(taught_names=None), Header(), "m"), NAMES)
    assert (only_tracks.track_ids.tolist(), only_tracks.taught_names) == ([0, 12], None)
    assert instances_from_message(message(), NAMES).track_ids is None


def test_guesses_come_back_where_there_are_any():
    sent = example().replaced(guesses=["", "kettle"], guess_scores=[0, 0.5])
    wire = instances_to_message(sent, Header(), "m")
    assert [(i.guess, i.guess_score) for i in wire.instances] == [("", 0), ("kettle", 0.5)]
    assert wire.instances[1].class_name == "unknown"
    again = instances_from_message(wire, NAMES)
    assert (again.guesses.tolist(), again.guess_scores.tolist()) == (["", "kettle"], [0, 0.5])
    assert again.taught_names is None
    assert instances_from_message(message(), NAMES).guesses is None


def test_an_empty_array_comes_back_with_its_size():
    again = instances_from_message(InstanceArray(height=6, width=8), NAMES)
    assert (len(again), again.height, again.width, again.class_names) == (0, 6, 8, NAMES)
    assert instances_from_message(InstanceArray(height=6, width=8)).class_names == ()


def test_without_the_class_names_those_of_the_message_serve():
    sent = message()
    sent.instances.append(Instance(id=1, class_name="ant", score=0.1, embedding=[0.0, 1.0]))
    again = instances_from_message(sent)
    assert again.class_names == ("ant", "can")
    assert [again.class_name(i) for i in range(3)] == ["can", "unknown", "ant"]
    assert again.unknown.tolist() == [False, True, False]


def test_a_mask_is_that_of_its_region_whatever_marks_the_object():
    roi = RegionOfInterest(x_offset=3, y_offset=9, width=3, height=2)
    mask = mask_from_message(Instance(id=1, roi=roi, mask=byte_array(bytes([0, 1, 255, 0, 0, 9]))))
    assert mask.dtype == bool
    assert mask.tolist() == [[False, True, True], [False, False, True]]


def changed(index: int = 0, **fields: object) -> InstanceArray:
    sent = message()
    for name, value in fields.items():
        setattr(sent.instances[index], name, value)
    return sent


@pytest.mark.parametrize(
    ("sent", "names", "sentence"),
    [
        (changed(mask=byte_array(b"\xff" * 3)), NAMES,
         "instance 7: mask holds 3 bytes, expected 4 for its roi of 2x2 pixels"),
        (changed(1, mask=byte_array(b"\xff")), NAMES, "instance 3: mask holds 1 bytes, expected 0"),
        (changed(roi=RegionOfInterest(x_offset=7, y_offset=1, width=2, height=2)), NAMES,
         "instance 7: roi of 2x2 pixels at x 7, y 1 leaves the image of 8x6"),
        (changed(roi=RegionOfInterest(x_offset=2, y_offset=5, width=2, height=2)), NAMES, "at x 2, y 5 leaves"),
        (changed(roi=RegionOfInterest(x_offset=2, y_offset=1, width=2**32 - 1, height=2)), NAMES, "leaves the image"),
        (changed(1, id=7), NAMES, "two instances have the id 7, expected each id once"),
        (changed(1, id=0), NAMES, "instances[1] has id 0, which is the background; expected 1 or more"),
        (changed(score=float("nan")), NAMES, "instance 7: score is nan, expected a number in 0..1"),
        (changed(embedding=[1.0]), NAMES, "embeddings have 1 and 2 numbers, expected one length for all"),
        (changed(class_id=0), NAMES, "instance 7 is 'can' with class_id 0, which is 'cup' among the 2 class names"),
        (changed(class_id=2), NAMES, "instance 7 is 'can' with class_id 2, which is unknown among"),
        (changed(class_id=3), NAMES, "instance 7 is 'can' with class_id 3, which does not exist among"),
        (message(), ("a", "b", "c"), "instance 7 is 'can' with class_id 1, which is 'b' among the 3 class names given"),
        (message(), ("cup", "can", "jug"), "instance 3 is unknown with class_id 2, which is 'jug' among"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_sentence(sent: InstanceArray, names: tuple[str, ...], sentence: str):
    with pytest.raises(MessageError, match=re.escape(sentence)) as caught:
        instances_from_message(sent, names)
    assert "\n" not in str(caught.value)


def test_objects_too_new_for_a_number_are_tentative_on_the_other_side_too():
    sent = message()
    for instance in sent.instances:
        instance.track_state = Instance.TENTATIVE
    again = instances_from_message(sent, NAMES)
    assert again.track_ids.tolist() == [0] * len(again)
    assert again.track_states.tolist() == [Instance.TENTATIVE] * len(again)
