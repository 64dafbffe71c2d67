"""AP, AR, AOSE, WI and class-agnostic figures of rectangles, worked out by hand."""

import numpy as np
import pytest
from rectangles import KNOWN, annotation, data, detection

from osis_ros.evaluation.jobs.evaluate import limited
from osis_ros.evaluation.metrics.class_agnostic import score_class_agnostic
from osis_ros.evaluation.metrics.open_set import score_open_set
from osis_ros.evaluation.metrics.open_set_errors import greedy_matches
from osis_ros.evaluation.metrics.split import open_set_split

CUP, BOWL, TOY, TOOL, UNKNOWN = 1, 3, 7, 9, 1000
A, B, C = (0, 0, 20, 20), (40, 0, 20, 20), (0, 40, 20, 20)  # apart from each other; 400 px²: small objects


def scores(folder, annotations, detections, known=KNOWN, **more):
    ground_truth, found = data(folder, annotations, detections, **more)
    return score_open_set(ground_truth, found, open_set_split(ground_truth, known))


def test_two_of_three_cups_found_after_one_mistake(tmp_path):
    """Scores .9 right, .8 wrong, .7 right: precision 1 up to recall 1/3 (34 of the 101 points: 0 … .33), then 2/3 up to
    recall 2/3 (33 points: .34 … .66), then 0."""
    found = [detection(1, CUP, A, 0.9), detection(1, CUP, (70, 70, 9, 9), 0.8), detection(1, CUP, B, 0.7)]
    figures = scores(tmp_path, [annotation(1, CUP, box) for box in (A, B, C)], found)["known"]
    assert figures["AP"] == pytest.approx((34 + 33 * 2 / 3) / 101 * 100)
    assert figures["AR100"] == pytest.approx(200 / 3)
    assert figures["APs"] == pytest.approx(figures["AP"])
    assert figures["APm"] == figures["ARl"] == -100


def test_iou_of_three_quarters_counts_up_to_that_threshold(tmp_path):
    """15 × 20 inside 20 × 20: IoU 0.75, so right at .50, .55, … .75, 6 of the 10 thresholds."""
    figures = scores(tmp_path, [annotation(1, CUP, A)], [detection(1, CUP, (0, 0, 15, 20), 0.9)])["known"]
    assert (figures["AP"], figures["AP50"], figures["AP75"]) == pytest.approx((60, 100, 100))


def test_ap_k_is_the_mean_over_known_classes_that_have_objects(tmp_path):
    truth = [annotation(1, CUP, A), annotation(1, BOWL, B)]
    report = scores(tmp_path, truth, [detection(1, CUP, A, 0.9)], known=("cup", "bowl", "tool"))
    assert report["AP_per_known_class"] == {"cup": pytest.approx(100), "bowl": 0, "tool": -100}
    assert report["known"]["AP"] == pytest.approx(50)


def test_unknown_categories_merge_into_one_class(tmp_path):
    """Toy and tool are one class: one detection of two objects, recall 1/2 and 51 of 101 points at precision 1."""
    report = scores(tmp_path, [annotation(1, TOY, A), annotation(1, TOOL, B)], [detection(1, UNKNOWN, A, 0.9)])
    assert report["unknown"]["AR100"] == pytest.approx(50)
    assert report["unknown"]["AP"] == pytest.approx(51 / 101 * 100)
    assert report["objects"] == {"known": 0, "unknown": 2, "ignored": 0}


def test_a_detection_that_names_an_unknown_category_counts_as_unknown(tmp_path):
    report = scores(tmp_path, [annotation(1, TOY, A)], [detection(1, TOOL, A, 0.9)])
    assert report["unknown"]["AP"] == pytest.approx(100)
    assert report["AOSE"] == 0


def test_recall_grows_with_the_budget_of_detections(tmp_path):
    """Twelve 8 × 8 objects, found with falling scores: 10 of 12 within the first 10."""
    boxes = [(12 * (i % 6), 12 * (i // 6), 8, 8) for i in range(12)]
    found = [detection(1, UNKNOWN, box, 0.9 - i / 100) for i, box in enumerate(boxes)]
    figures = scores(tmp_path, [annotation(1, TOY, box) for box in boxes], found)["unknown"]
    assert figures["AR10"] == pytest.approx(10 / 12 * 100)
    assert figures["AR30"] == figures["AR100"] == pytest.approx(100)


def test_limits_keep_the_best_of_each_image(tmp_path):
    truth = [annotation(i, TOY, box) for i in (1, 2) for box in (A, B)]
    found = [detection(i, UNKNOWN, box, s) for i in (1, 2) for box, s in ((A, 0.4), (B, 0.8))]
    found.append(detection(1, CUP, A, 0.3))
    ground_truth, masks = data(tmp_path, truth, found, images=2)
    split = open_set_split(ground_truth, KNOWN)
    kept = limited(masks, split, known=None, unknown=1)
    assert kept.score.tolist() == [0.8, 0.8, 0.3]
    report = score_open_set(ground_truth, kept, split)
    assert report["unknown"]["AR100"] == pytest.approx(50)
    assert report["most_detections_per_image"] == {"known": 1, "unknown": 1}


def test_aose_counts_an_unknown_object_once_for_each_class_that_claims_it(tmp_path):
    """Toy A: two cups and a bowl lie on it -> once each. Tool B: a cup at IoU .45 -> none. Cup C: its own."""
    truth = [annotation(1, TOY, A), annotation(1, TOOL, B), annotation(1, CUP, C)]
    found = [
        detection(1, CUP, A, 0.9), detection(1, CUP, A, 0.8), detection(1, BOWL, A, 0.06),
        detection(1, CUP, (40, 0, 9, 20), 0.9), detection(1, CUP, C, 0.9), detection(1, UNKNOWN, A, 0.9),
    ]  # fmt: skip
    report = scores(tmp_path, truth, found)
    assert report["AOSE"] == 2
    assert report["AOSE_per_1000_images"] == 2000


def test_aose_sees_the_best_hundred_detections_of_a_class(tmp_path):
    """100 better cups elsewhere push the cup on the toy out; a bowl on it is of another class."""
    found = [*(detection(1, CUP, C, 0.9) for _ in range(100)), detection(1, CUP, A, 0.8)]
    assert scores(tmp_path, [annotation(1, TOY, A)], found)["AOSE"] == 0
    assert scores(tmp_path, [annotation(1, TOY, A)], [*found, detection(1, BOWL, A, 0.1)])["AOSE"] == 1
    assert scores(tmp_path, [annotation(1, TOY, A)], found[1:])["AOSE"] == 1


def test_aose_takes_iou_of_exactly_one_half(tmp_path):
    assert scores(tmp_path, [annotation(1, TOY, A)], [detection(1, CUP, (0, 0, 10, 20), 0.9)])["AOSE"] == 1


def test_a_crowd_of_unknown_objects_is_no_object_to_mistake(tmp_path):
    report = scores(tmp_path, [annotation(1, TOY, A, iscrowd=1)], [detection(1, CUP, A, 0.9)])
    assert report["AOSE"] == 0
    assert report["unknown"]["AP"] == -100


def test_wilderness_impact_at_the_recall_nearest_to_four_fifths(tmp_path):
    """Cup has 3 objects; recall 2/3 (nearest to .8: 1/3, 2/3, 1 are .47, .13, .2 away) is first reached by its fourth
    detection: 2 TP, 1 on an unknown toy, 1 elsewhere -> open 1, closed 3. Bowl: 1 object, recall 1 at once, by its
    first detection -> open 0, closed 1. The later detections do not matter. WI = mean(1, 0) / mean(3, 1) = 25 %;
    of all, the denominator is mean(4, 1): 20 %."""
    toy = (40, 40, 20, 20)
    truth = [*(annotation(1, CUP, box) for box in (A, B, C)), annotation(1, BOWL, (70, 0, 20, 20)),
             annotation(1, TOY, toy)]  # fmt: skip
    found = [
        detection(1, CUP, A, 0.9), detection(1, CUP, toy, 0.8), detection(1, CUP, (80, 80, 9, 9), 0.7),
        detection(1, CUP, B, 0.6), detection(1, CUP, (70, 60, 9, 9), 0.5),
        detection(1, BOWL, (70, 0, 20, 20), 0.9), detection(1, BOWL, toy, 0.8),
    ]  # fmt: skip
    report = scores(tmp_path, truth, found)
    assert report["WI"] == pytest.approx(25)
    assert report["WI_of_all"] == pytest.approx(20)


def test_without_known_detections_there_is_no_wilderness_impact(tmp_path):
    assert scores(tmp_path, [annotation(1, CUP, A)], [])["WI"] == -100


def test_greedy_matching_prefers_the_larger_overlap_and_falls_back_to_the_other():
    iou = np.array([[0.6, 0.9], [0.7, 0.8], [0.4, 0.0]])
    assert greedy_matches(iou, 0.5).tolist() == [1, 0, -1]


def test_a_crowd_takes_any_number_of_detections_after_all_others():
    iou = np.array([[0.9, 0.6], [0.9, 0.1], [0.9, 0.6]])
    assert greedy_matches(iou, 0.5, np.array([True, False])).tolist() == [1, 0, 0]


def test_images_without_unknown_objects_have_undefined_unknown_figures(tmp_path):
    report = scores(tmp_path, [annotation(1, CUP, A)], [detection(1, CUP, A, 0.9), detection(1, UNKNOWN, B, 0.9)])
    assert set(report["unknown"].values()) == {-100}
    assert report["known"]["AP"] == pytest.approx(100)


def test_no_detections_at_all_score_zero(tmp_path):
    report = scores(tmp_path, [annotation(1, CUP, A), annotation(1, TOY, B)], [])
    assert (report["known"]["AP"], report["unknown"]["AR100"], report["AOSE"]) == (0, 0, 0)


def test_a_crowd_excuses_detections_inside_it(tmp_path):
    """Both detections in the crowd region are ignored, so the lone cup still has AP 100."""
    truth = [annotation(1, CUP, A), annotation(1, CUP, (40, 40, 50, 50), iscrowd=1)]
    found = [detection(1, CUP, A, 0.5), *(detection(1, CUP, (x, 50, 9, 9), 0.9) for x in (45, 60))]
    assert scores(tmp_path, truth, found)["known"]["AP"] == pytest.approx(100)


def test_ignored_categories_neither_reward_nor_punish(tmp_path):
    """The detections on the ignored tool (one unknown, one cup) are left out; the one on the empty table is not. It
    ranks first, so the toy is found at precision 1/2."""
    truth = [annotation(1, CUP, A), annotation(1, TOY, B), annotation(1, TOOL, C)]
    found = [
        detection(1, CUP, A, 0.5), detection(1, CUP, C, 0.9), detection(1, UNKNOWN, C, 0.9),
        detection(1, UNKNOWN, (70, 70, 20, 20), 0.8), detection(1, UNKNOWN, B, 0.5),
    ]  # fmt: skip
    report = scores(tmp_path, truth, found, known=None, open_set={CUP: "known", TOOL: "ignore"})
    assert report["known"]["AP"] == pytest.approx(100)
    assert report["unknown"]["AP"] == pytest.approx(50)
    assert report["AOSE"] == 0
    assert report["objects"] == {"known": 1, "unknown": 1, "ignored": 1}


def test_a_detection_on_an_ignored_and_a_counted_object_counts(tmp_path):
    truth = [annotation(1, TOY, B), annotation(1, TOOL, B)]
    report = scores(
        tmp_path, truth, [detection(1, UNKNOWN, B, 0.9)], known=None, open_set={CUP: "known", TOOL: "ignore"}
    )
    assert report["unknown"]["AP"] == pytest.approx(100)


def test_a_detection_that_names_an_ignored_category_counts_neither_way(tmp_path):
    found = [detection(1, TOOL, C, 0.9), detection(1, UNKNOWN, B, 0.5)]
    report = scores(tmp_path, [annotation(1, TOY, B)], found, known=None, open_set={CUP: "known", TOOL: "ignore"})
    assert report["unknown"]["AP"] == pytest.approx(100)


def test_class_agnostic_counts_every_object_whatever_its_class(tmp_path):
    """Three objects (one of them "ignored"), two found under wrong names, one of the two at IoU .55: recall at .5 is
    2/3; AR: both count at .50 and .55, one alone at the other eight thresholds -> (2·2 + 8·1) / 30."""
    truth = [annotation(1, CUP, A), annotation(1, TOY, B), annotation(1, TOOL, C)]
    found = [detection(1, BOWL, A, 0.9), detection(1, UNKNOWN, (40, 0, 11, 20), 0.8)]
    ground_truth, masks = data(tmp_path, truth, found, open_set={TOOL: "ignore"})
    figures = score_class_agnostic(ground_truth, masks)["object"]
    assert figures["recall50"] == pytest.approx(200 / 3)
    assert figures["AR100"] == pytest.approx(40)
