"""GOSS quality and zero-shot figures, worked out by hand."""

import pytest
from rectangles import KNOWN, annotation, content, data, detection

from osis_ros.coco.annotations import detections_from, ground_truth_of
from osis_ros.errors import DatasetError
from osis_ros.evaluation.metrics.goss import score_goss
from osis_ros.evaluation.metrics.split import open_set_split
from osis_ros.evaluation.metrics.zero_shot import harmonic_mean, score_zero_shot

CUP, BOWL, TOY, TOOL, UNKNOWN = 1, 3, 7, 9, 1000
A, B, C = (0, 0, 20, 20), (40, 0, 20, 20), (0, 40, 20, 20)


TABLE, FLOOR, SKY = 20, 21, 22
STUFF = {TABLE: ("table", "known"), FLOOR: ("floor", "known"), SKY: ("sky", "unknown")}


def goss(folder, annotations, detections, known=KNOWN, options=None, **more):
    ground_truth, found = data(folder, annotations, detections, **more)
    return score_goss(ground_truth, found, open_set_split(ground_truth, known), **(options or {}))


def goss_with_stuff(annotations, detections, isthing=0, **options):
    """Table and floor are known stuff, sky is unknown stuff; cup and bowl are known things."""
    tree = content(annotations, open_set={CUP: "known", 3: "known"})
    tree["categories"] += [
        {"id": i, "name": name, "open_set": mark, "isthing": isthing} for i, (name, mark) in STUFF.items()
    ]
    ground_truth = ground_truth_of(tree, "truth.json")
    found = detections_from(detections, "detections.json", ground_truth, UNKNOWN)
    return score_goss(ground_truth, found, open_set_split(ground_truth), **options)


def columns(first, last):
    """The box of these columns of the picture, the last one too."""
    return (first, 0, last - first + 1, 100)


def rows(first, last):
    return (0, first, 100, last - first + 1)


def test_a_perfect_label_image_has_quality_100(tmp_path):
    truth = [annotation(1, CUP, A), annotation(1, TOY, B), annotation(1, TOOL, C)]
    found = [detection(1, CUP, A, 0.9), detection(1, UNKNOWN, B, 0.9), detection(1, UNKNOWN, C, 0.9)]
    figures = goss(tmp_path, truth, found, known=["cup"])
    names = ("GQ_known", "GQ_unknown", "GQ", "GQ_clu", "GQ_known_of_all", "GQ_of_all")
    assert {name: figures[name] for name in names} == dict.fromkeys(names, 100)


def test_the_figures_of_a_strip_are_those_worked_out_by_hand(tmp_path):
    """Cup: 40 of 50 columns. The toy is found in 20 of its 30 columns, the tool whole: (2/3 + 1) / 2. As clusters: .8,
    2/3 and 1. The bowl is known but not in the picture: published, it counts as 0."""
    truth = [annotation(1, CUP, columns(0, 39)), annotation(1, TOY, columns(40, 69)),
             annotation(1, TOOL, columns(70, 99))]  # fmt: skip
    found = [detection(1, CUP, columns(0, 49), 0.9), detection(1, UNKNOWN, columns(50, 69), 0.9),
             detection(1, UNKNOWN, columns(70, 99), 0.9)]  # fmt: skip
    figures = goss(tmp_path, truth, found)
    assert figures.pop("per_class") == {
        "cup": {"quality": pytest.approx(80), "matched": 1, "missed": 0, "invented": 0},
        "bowl": {"quality": -100, "matched": 0, "missed": 0, "invented": 0},
        "unknown": {"quality": pytest.approx(250 / 3), "matched": 2, "missed": 0, "invented": 0},
    }
    assert figures == pytest.approx(
        {"GQ_known": 80, "GQ_unknown": 250 / 3, "GQ": 245 / 3, "GQ_clu": 740 / 9,
         "GQ_known_of_all": 40, "GQ_of_all": (40 + 250 / 3) / 2}
    )  # fmt: skip


def test_touching_objects_of_one_unknown_class_are_one_component(tmp_path):
    """Two toys side by side. One cluster over both: IoU .5 with either, which is not above .5."""
    truth = [annotation(1, TOY, columns(0, 29)), annotation(1, TOY, columns(30, 59))]
    one = [detection(1, UNKNOWN, columns(0, 59), 0.9)]
    two = [detection(1, UNKNOWN, columns(0, 29), 0.9), detection(1, UNKNOWN, columns(30, 59), 0.9)]
    components = {"unknown_truth": "components"}
    assert goss(tmp_path, truth, one)["GQ_unknown"] == 0
    assert goss(tmp_path, truth, one, options=components)["GQ_unknown"] == 100
    assert goss(tmp_path, truth, two)["GQ_unknown"] == 100
    assert goss(tmp_path, truth, two, options=components)["GQ_unknown"] == 0


def test_components_are_of_one_class_and_an_object_in_two_parts_is_two(tmp_path):
    """A toy touches a tool: two components. The cup hides the toy's middle: two more, so three segments are found."""
    truth = [annotation(1, TOY, columns(0, 59)), annotation(1, TOOL, columns(60, 99)),
             annotation(1, CUP, columns(20, 39))]  # fmt: skip
    parts = [columns(0, 19), columns(40, 59), columns(60, 99)]
    found = [*(detection(1, UNKNOWN, part, 0.9) for part in parts), detection(1, CUP, columns(20, 39), 0.9)]
    figures = goss(tmp_path, truth, found, options={"unknown_truth": "components"})
    assert figures["per_class"]["unknown"] == {"quality": 100, "matched": 3, "missed": 0, "invented": 0}
    assert figures["GQ_clu"] == 100


def test_known_stuff_is_ground_where_no_object_is_found():
    """Table and floor are ground: 9,600 px around a cup of 400. A wrong unknown takes 400 px of it: IoU 9200/9600."""
    truth = [annotation(1, TABLE, rows(0, 79)), annotation(1, FLOOR, rows(80, 99)), annotation(1, CUP, A)]
    right = goss_with_stuff(truth, [detection(1, CUP, A, 0.9)])
    assert list(right["per_class"]) == ["cup", "bowl", "ground", "unknown"]
    assert (right["GQ_known"], right["GQ_unknown"], right["GQ_clu"]) == (100, -100, 100)
    assert right["GQ_known_of_all"] == pytest.approx(200 / 3)
    wrong = goss_with_stuff(truth, [detection(1, CUP, A, 0.9), detection(1, UNKNOWN, B, 0.9)])
    assert wrong["GQ_known"] == pytest.approx(100 * (1 + 9200 / 9600) / 2)
    assert wrong["GQ_unknown"] == 0


def test_pixels_without_a_label_beside_stuff_are_void():
    """Rows 80 to 99 have no label: what is found there is neither right nor wrong."""
    truth = [annotation(1, TABLE, rows(0, 79)), annotation(1, CUP, A)]
    figures = goss_with_stuff(truth, [detection(1, CUP, A, 0.9), detection(1, UNKNOWN, rows(85, 95), 0.9)])
    assert (figures["GQ_known"], figures["GQ_unknown"]) == (100, -100)


def test_the_stuff_of_a_result_that_names_stuff_is_scored_by_class():
    truth = [annotation(1, TABLE, rows(0, 79)), annotation(1, FLOOR, rows(80, 99))]
    figures = goss_with_stuff(truth, [detection(1, TABLE, rows(0, 99), 0.9)])
    assert figures["per_class"]["table"]["quality"] == pytest.approx(80)
    assert figures["per_class"]["floor"]["quality"] == 0
    assert figures["GQ_known"] == pytest.approx(40)


def test_unknown_stuff_is_unknown():
    """The sky is in two parts. As annotated it is one segment, as published two."""
    truth = [annotation(1, SKY, rows(0, 99)), annotation(1, TABLE, rows(40, 59))]
    truth[0]["segmentation"] = [[0, 0, 100, 0, 100, 40, 0, 40], [0, 60, 100, 60, 100, 100, 0, 100]]
    found = [detection(1, UNKNOWN, rows(0, 39), 0.9), detection(1, UNKNOWN, rows(60, 99), 0.9)]
    assert goss_with_stuff(truth, found, unknown_truth="components")["GQ_unknown"] == 100
    assert goss_with_stuff(truth, found)["GQ_unknown"] == 0


def test_an_object_on_larger_stuff_is_seen_whatever_their_sizes():
    """A cup larger than the strip of floor that was drawn through it: things lie on stuff."""
    truth = [annotation(1, CUP, rows(0, 89)), annotation(1, FLOOR, rows(80, 99))]
    assert goss_with_stuff(truth, [detection(1, CUP, rows(0, 89), 0.9)])["GQ_known"] == 100


def test_isthing_must_be_0_or_1():
    with pytest.raises(DatasetError, match=r"truth.json: category 20: isthing is 2, expected 0 or 1"):
        goss_with_stuff([], [], isthing=2)


def test_known_classes_of_few_pixels_are_taken_out_of_a_result(tmp_path):
    truth, found = [annotation(1, CUP, A)], [detection(1, CUP, A, 0.9)]
    assert goss(tmp_path, truth, found, options={"smallest_known": 400})["GQ_known"] == 100
    assert goss(tmp_path, truth, found, options={"smallest_known": 401})["GQ_known"] == 0


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
    assert [quality[name] for name in ("GQ_known", "GQ_unknown", "GQ", "GQ_clu")] == [50, 37.5, 43.75, 50]


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


@pytest.mark.parametrize(("budget", "unseen"), [("joint", 0), ("separate", 100)])
def test_zero_shot_budgets(tmp_path, budget, unseen):
    """100 better cups push the toy out where all classes share a hundred detections, but not where unseen classes have
    a hundred of their own."""
    found = [*(detection(1, CUP, A, 0.9) for _ in range(100)), *(detection(1, TOY, C, 0.1) for _ in range(100))]
    ground_truth, masks = data(tmp_path, [annotation(1, CUP, A), annotation(1, TOY, C)], found)
    figures = score_zero_shot(ground_truth, masks, open_set_split(ground_truth, KNOWN), budget)
    assert figures["GZSI"]["unseen"]["recall50"] == pytest.approx(unseen)
    assert figures["GZSI"]["seen"]["recall50"] == pytest.approx(100)
    assert figures["ZSI"]["recall50"] == pytest.approx(100)


def test_zero_shot_classes_of_a_budget_share_it(tmp_path):
    """100 better tools push the toy out of the unseen classes' hundred."""
    found = [*(detection(1, TOOL, A, 0.9) for _ in range(100)), detection(1, TOY, C, 0.8)]
    ground_truth, masks = data(tmp_path, [annotation(1, TOOL, A), annotation(1, TOY, C)], found)
    figures = score_zero_shot(ground_truth, masks, open_set_split(ground_truth, KNOWN))
    assert figures["ZSI"]["recall50"] == pytest.approx(50)


def test_harmonic_mean_of_the_papers_table():
    """ZSI, Table 4, 48/17: seen 43.04 and unseen 3.65 have the harmonic mean 6.73; recall 64.48, 44.90 -> 52.94."""
    assert harmonic_mean(43.04, 3.65) == pytest.approx(6.73, abs=0.005)
    assert harmonic_mean(64.48, 44.90) == pytest.approx(52.94, abs=0.005)
    assert harmonic_mean(0, 0) == 0
    assert harmonic_mean(-100, 5) == -100


def test_a_class_of_which_nothing_is_to_be_seen_has_no_part_in_the_mean(tmp_path):
    found = [detection(1, CUP, A, 0.9), detection(1, BOWL, A, 0.3)]
    assert goss(tmp_path, [annotation(1, CUP, A)], found)["GQ_known"] == 100
