import contextlib

import numpy as np
import pytest

from osis_ros.coco.annotations import EvaluationError
from osis_ros.evaluation.metrics.referee import Referee
from osis_ros.instances import Instances

SECOND = 1_000_000_000


def instance(x: int, name: str, score: float = 1.0) -> tuple[int, str, float]:
    """A filled 20x10 rectangle at x, y 5."""
    return x, name, score


def frame(*found: tuple[int, str, float], names: tuple[str, ...] = ("bowl", "cup"), height: int = 48) -> Instances:
    """What was found in an image of 100 pixels width."""
    numbers = {name: number for number, name in enumerate((*names, "unknown"))}
    return Instances(
        boxes=np.array([(x, 5, x + 20, 15) for x, _, _ in found]).reshape(-1, 4), scores=[s for _, _, s in found],
        class_ids=np.array([numbers[name] for _, name, _ in found], int), distances=np.zeros(len(found)),
        embeddings=np.zeros((len(found), 0)), rois=np.array([(x, 5, 20, 10) for x, _, _ in found], int).reshape(-1, 4),
        masks=tuple(np.ones((10, 20), bool) for _ in found), height=height, width=100, class_names=names,
    )  # fmt: skip


def test_frames_latency_and_accuracy_of_a_run_worked_out_by_hand():
    referee = Referee()
    for second in range(5):  # frame 0 came before the node was ready
        referee.saw_frame(second * SECOND)
        referee.saw_truth(second * SECOND, frame(instance(0, "cup"), instance(50, "unknown")))
    # Frame 1: both right. Frame 3: the unknown object alone, and something where there is nothing. 2 and 4: no answer.
    answer = frame(instance(0, "cup", 0.9), instance(50, "unknown", 0.8))
    referee.saw_answer(1 * SECOND, answer, 1 * SECOND + SECOND // 10)
    answer = frame(instance(50, "unknown", 0.9), instance(75, "unknown", 0.1))
    referee.saw_answer(3 * SECOND, answer, 3 * SECOND + 3 * SECOND // 10)

    verdict = referee.verdict()

    assert (verdict.frames_in, verdict.processed, verdict.dropped, verdict.judged) == (4, 2, 2, 2)
    assert verdict.latency_p50 == pytest.approx(0.2)
    assert verdict.latency_p95 == pytest.approx(0.29)  # 0.1 + 0.95 * 0.2
    assert verdict.known_per_frame == 0.5
    assert verdict.unknown_per_frame == 1.5
    assert verdict.ap_known == pytest.approx(100 * 51 / 101)  # one cup of two: precision 1 up to recall 0.5
    assert verdict.ap_unknown == pytest.approx(100)  # the false one has the lowest score of all
    assert verdict.ar_unknown == pytest.approx(100)


def test_an_answer_to_a_frame_that_was_never_seen_does_not_count():
    referee = Referee()
    referee.saw_answer(1, frame(instance(0, "cup")), 2)
    referee.saw_frame(5)
    verdict = referee.verdict()
    assert (verdict.frames_in, verdict.processed, verdict.dropped) == (0, 0, 0)
    assert np.isnan(verdict.latency_p50)
    assert verdict.ap_known == -100


def test_a_known_object_called_by_another_class_scores_nothing_and_a_mask_half_off_only_half_the_thresholds():
    referee = Referee()
    for stamp, truth, answer in ((1, "cup", instance(0, "bowl")), (2, "cup", instance(4, "cup"))):
        referee.saw_frame(stamp)
        referee.saw_truth(stamp, frame(instance(0, truth)))
        referee.saw_answer(stamp, frame(answer), stamp)
    # 4 px aside of 20: IoU 16/24 = 0.667, right at the thresholds .50, .55, .60, .65, for one cup of two
    assert referee.verdict().ap_known == pytest.approx(100 * 4 / 10 * 51 / 101)


def test_classes_are_told_by_name_whatever_their_numbers():
    referee = Referee()
    referee.saw_frame(1)
    referee.saw_truth(1, frame(instance(0, "cup"), instance(50, "unknown")))
    referee.saw_answer(1, frame(instance(0, "cup"), instance(50, "unknown"), names=("cup", "can", "jug")), 1)
    verdict = referee.verdict()
    assert (verdict.ap_known, verdict.ap_unknown) == (pytest.approx(100), pytest.approx(100))


def test_truth_of_another_size_than_its_image_is_one_sentence_and_the_rest_is_judged():
    truth, answer = frame(instance(0, "cup"), height=96), frame(instance(0, "cup"))
    told = "the truth at stamp 7 ns is of 100x96 pixels, its image of 100x48"
    for truth_first in (True, False):
        referee = Referee()
        for stamp, true in ((7, truth), (8, answer)):
            referee.saw_frame(stamp)
            with pytest.raises(EvaluationError, match=told) if stamp == 7 else contextlib.nullcontext():
                if truth_first:
                    referee.saw_truth(stamp, true)
                referee.saw_answer(stamp, answer, stamp)
                referee.saw_truth(stamp, true)
        verdict = referee.verdict()
        assert (verdict.processed, verdict.judged, verdict.ap_known) == (2, 1, pytest.approx(100))


def test_the_first_of_two_answers_counts_and_what_is_forgotten_is_not_waited_for():
    referee = Referee()
    for stamp in (1, 2, 3):
        referee.saw_frame(stamp)
        referee.saw_answer(stamp, frame(instance(0, "cup")), stamp)
    referee.saw_answer(1, frame(), 1)
    referee.forget(before=2)
    assert referee.waits
    for stamp in (1, 2, 3, 3):
        referee.saw_truth(stamp, frame(instance(0, "cup")))
    verdict = referee.verdict()
    assert (verdict.processed, verdict.judged, verdict.ap_known) == (3, 2, pytest.approx(100))
    assert (referee.repeated, referee.waits, referee.agreement.figures()["same"]) == (1, False, 2)
