"""What the judge of a replay says, worked out by hand."""

import numpy as np
import pytest
from std_msgs.msg import Header

pytest.importorskip("faster_coco_eval", reason="answers are scored with faster-coco-eval")
from osis_ros.bags.truth import Judge, TruthSource
from osis_ros.instances import Instances
from osis_ros.messages.errors import MessageError
from osis_ros.messages.instances import instances_to_message
from osis_ros.pipeline.frame import Frame

TRUTH = TruthSource("/truth", ("cup",))


def frame(second: int) -> Frame:
    """A cup and an unknown object, with embeddings."""
    header = Header()
    header.stamp.sec = second
    found = Instances(
        boxes=[[0, 0, 4, 4], [4, 4, 8, 8]], scores=[0.9, 0.8], class_ids=[0, 1], distances=[0.1, 1.2],
        embeddings=np.ones((2, 16)), rois=[[0, 0, 4, 4], [4, 4, 4, 4]], masks=(np.ones((4, 4), bool),) * 2,
        height=8, width=8, class_names=("cup",),
    )  # fmt: skip
    return Frame(rgb=np.zeros((8, 8, 3), np.uint8), header=header, instances=found)


def truth(second: int) -> object:
    return instances_to_message(frame(second).instances, frame(second).header, "truth")


def test_it_waits_for_the_truth_of_each_answer_and_scores_what_there_is():
    judge = Judge(TRUTH)
    assert not judge.waits
    judge.saw_truth(truth(1))
    for second, seconds in ((1, 0.25), (2, 0.75)):
        judge.saw_answer(frame(second), seconds)
    assert judge.waits
    judge.saw_truth(truth(2))
    assert not judge.waits
    verdict, note = judge.verdict()
    assert (verdict.judged, verdict.ap_known, verdict.ap_unknown) == (2, pytest.approx(100), pytest.approx(100))
    assert verdict.latency_p50 == pytest.approx(0.5)
    assert note == "Judged by /truth; AP and AR are of masks, above the score threshold."


def test_why_there_are_no_scores():
    silent, alien, shared = Judge(TruthSource(None)), Judge(TRUTH), Judge(TRUTH)
    for judge in (silent, alien, shared, shared):
        judge.saw_answer(frame(1), 0.1)
    alien.saw_truth(truth(9))
    alien.saw_truth(MessageError("it is damaged"))
    shared.saw_truth(truth(1))
    assert silent.verdict() == (None, "There is no truth, so nothing is judged.")
    assert alien.verdict() == (None, "Nothing on /truth has the stamp of an image: nothing is judged. 1 of its "
                               "messages cannot be used: it is damaged.")  # fmt: skip
    assert shared.verdict()[1].startswith("Images share their stamps, so /truth cannot be told apart")
