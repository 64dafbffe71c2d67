"""GOSS quality and zero-shot figures, worked out by hand."""

import pytest
from rectangles import KNOWN, annotation, data, detection

from osis_ros.evaluation.metrics.goss import score_goss
from osis_ros.evaluation.metrics.split import open_set_split
from osis_ros.evaluation.metrics.zero_shot import harmonic_mean, score_zero_shot

CUP, BOWL, TOY, TOOL, UNKNOWN = 1, 3, 7, 9, 1000
A, B, C = (0, 0, 20, 20), (40, 0, 20, 20), (0, 40, 20, 20)


def goss(folder, annotations, detections, known=KNOWN, **more):
    ground_truth, found = data(folder, annotations, detections, **more)
    return score_goss(ground_truth, found, open_set_split(ground_truth, known))


def test_a_perfect_label_image_has_quality_100(tmp_path):
    truth = [annotation(1, CUP, A), annotation(1, TOY, B), annotation(1, TOOL, C)]
    found = [detection(1, CUP, A, 0.9), detection(1, UNKNOWN, B, 0.9), detection(1, UNKNOWN, C, 0.9)]
    assert goss(tmp_path, truth, found) == dict.fromkeys(("GQ_known", "GQ_unknown", "GQ", "GQ_clu"), 100)


def test_known_instances_of_a_class_are_one_segment_and_unknown_ones_stay_apart(tmp_path):
    """One 60 × 20 detection over two 20 × 20 objects 20 apart. As cups: one segment of 800 px, IoU 800/1200 = 2/3. As
    unknown: the IoU with either is 1/3, so 1 false positive and 2 misses: 0."""
    wide = (0, 0, 60, 20)
    as_cups = goss(tmp_path, [annotation(1, CUP, A), annotation(1, CUP, B)], [detection(1, CUP, wide, 0.9)])
    assert as_cups["GQ_known"] == pytest.approx(200 / 3)
    assert as_cups["GQ_clu"] == 0
    assert as_cups["GQ_unknown"] == as_cups["GQ"] == -100
    as_toys = goss(tmp_path, [annotation(1, TOY, A), annotation(1, TOY, B)], [detection(1, UNKNOWN, wide, 0.9)])
    assert as_toys["GQ_unknown"] == 0


def test_quality_divides_by_matches_and_half_the_rest_and_gq_is_the_mean(tmp_path):
    """Unknown: one match at IoU 15·20/20² = .75, one miss, one false positive: .75 / (1 + ½ + ½) = 37.5 %. Cup: matched
    at IoU 1; bowl: missed, 0. GQ_known = 50, GQ = 43.75. As clusters: IoUs .75 + 1, 2 misses, 1 false positive:
    1.75 / 3.5 = 50 %."""
    truth = [
        annotation(1, TOY, A),
        annotation(1, TOOL, B),
        annotation(1, CUP, C),
        annotation(1, BOWL, (40, 40, 20, 20)),
    ]
    found = [detection(1, UNKNOWN, (0, 0, 15, 20), 0.9), detection(1, UNKNOWN, (70, 70, 20, 20), 0.9),
             detection(1, CUP, C, 0.9)]  # fmt: skip
    quality = goss(tmp_path, truth, found)
    assert quality == pytest.approx({"GQ_known": 50, "GQ_unknown": 37.5, "GQ": 43.75, "GQ_clu": 50})


def test_high_scores_are_painted_over_low_ones(tmp_path):
    """The cup of score .9 hides the unknown of score .8 behind it entirely: a segment without pixels does not exist."""
    found = [detection(1, CUP, A, 0.9), detection(1, UNKNOWN, A, 0.8)]
    quality = goss(tmp_path, [annotation(1, CUP, A), annotation(1, TOY, B)], found)
    assert (quality["GQ_known"], quality["GQ_unknown"]) == (100, 0)
    assert quality["GQ_clu"] == pytest.approx(100 / 1.5)  # one match, one miss


def test_masks_at_the_borders_and_without_pixels_are_painted_right(tmp_path):
    """The whole image under a corner: IoU of the large segment 9600/9600, of the corner 400/400; no empty segment."""
    whole, corner = (0, 0, 100, 100), (80, 80, 20, 20)
    found = [
        detection(1, CUP, whole, 0.5),
        detection(1, UNKNOWN, corner, 0.9),
        detection(1, UNKNOWN, (0, 0, 0, 0), 0.9),
    ]
    assert goss(tmp_path, [annotation(1, CUP, whole), annotation(1, TOY, corner)], found)["GQ"] == 100


def test_pixels_of_ignored_objects_and_crowds_are_void(tmp_path):
    """The toy's detection spills 10 columns into the ignored tool: no harm. The one on the crowd counts neither way."""
    tool = (20, 0, 20, 20)
    truth = [annotation(1, TOY, A), annotation(1, TOOL, tool), annotation(1, TOY, C, iscrowd=1)]
    found = [detection(1, UNKNOWN, (0, 0, 30, 20), 0.9), detection(1, UNKNOWN, C, 0.9)]
    quality = goss(tmp_path, truth, found, known=None, open_set={CUP: "known", TOOL: "ignore"})
    assert quality["GQ_unknown"] == 100


def test_the_score_limits_what_is_painted(tmp_path):
    ground_truth, found = data(tmp_path, [annotation(1, TOY, A)], [detection(1, UNKNOWN, A, 0.4)])
    assert score_goss(ground_truth, found, open_set_split(ground_truth, KNOWN), score=0.5)["GQ_unknown"] == 0


def test_zero_shot_recall_by_class_and_harmonic_mean(tmp_path):
    """Seen cup: 1 of 2 found (bowl has no object). Unseen: toy found at IoU .55, tool not. Recall: seen 50 at each IoU;
    unseen 50, 50, 0. HM at .5: 50, at .6: 0. mAP at .5: cup and toy: 51/101 (recall 1/2) and 1."""
    truth = [annotation(1, CUP, A), annotation(1, CUP, B), annotation(1, TOY, C), annotation(1, TOOL, (40, 40, 20, 20))]
    found = [detection(1, CUP, A, 0.9), detection(1, TOY, (0, 40, 11, 20), 0.8)]
    ground_truth, masks = data(tmp_path, truth, found)
    figures = score_zero_shot(ground_truth, masks, open_set_split(ground_truth, KNOWN))
    seen, unseen, mean = (figures["GZSI"][name] for name in ("seen", "unseen", "HM"))
    assert [seen[f"recall{t}"] for t in (40, 50, 60)] == pytest.approx([50, 50, 50])
    assert [unseen[f"recall{t}"] for t in (40, 50, 60)] == pytest.approx([50, 50, 0])
    assert [mean[f"recall{t}"] for t in (40, 50, 60)] == pytest.approx([50, 50, 0])
    assert seen["mAP"] == pytest.approx(51 / 101 * 100)
    assert unseen["mAP"] == pytest.approx(50)
    assert figures["ZSI"] == unseen


def test_zero_shot_keeps_the_best_hundred_of_all_classes_together(tmp_path):
    """100 better cups push the toy out in the generalised setting, but not where only unseen classes are looked at."""
    found = [*(detection(1, CUP, A, 0.9) for _ in range(100)), detection(1, TOY, C, 0.8)]
    ground_truth, masks = data(tmp_path, [annotation(1, CUP, A), annotation(1, TOY, C)], found)
    figures = score_zero_shot(ground_truth, masks, open_set_split(ground_truth, KNOWN))
    assert figures["GZSI"]["unseen"]["recall50"] == 0
    assert figures["ZSI"]["recall50"] == pytest.approx(100)


def test_harmonic_mean_of_the_papers_table():
    """ZSI, Table 4, 48/17: seen 43.04 and unseen 3.65 have the harmonic mean 6.73; recall 64.48, 44.90 -> 52.94."""
    assert harmonic_mean(43.04, 3.65) == pytest.approx(6.73, abs=0.005)
    assert harmonic_mean(64.48, 44.90) == pytest.approx(52.94, abs=0.005)
    assert harmonic_mean(0, 0) == 0
    assert harmonic_mean(-100, 5) == -100


def test_a_class_of_which_nothing_is_to_be_seen_has_no_part_in_the_mean(tmp_path):
    found = [detection(1, CUP, A, 0.9), detection(1, BOWL, A, 0.3)]
    assert goss(tmp_path, [annotation(1, CUP, A)], found)["GQ_known"] == 100
