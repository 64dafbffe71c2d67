"""Which category a model's class is, where names or ids of the ground truth could be taken for another."""

from dataclasses import replace

import numpy as np
import pytest
from rectangles import annotation, content, data, write

from osis_ros.coco.annotations import EvaluationError, GroundTruth, read_ground_truth
from osis_ros.evaluation.jobs.evaluate import with_categories
from osis_ros.evaluation.metrics.open_set import score_open_set
from osis_ros.evaluation.metrics.split import open_set_split, with_model_classes

CUP, BOWL, TOY, UNKNOWN = 1, 3, 7, 1000
LEFT, RIGHT = (0, 0, 20, 20), (40, 40, 20, 20)


def truth_with(folder, **categories) -> GroundTruth:
    """A cup and a toy on one image; `categories` are further ones, name=(id, mark)."""
    tree = content([annotation(1, CUP, LEFT), annotation(1, TOY, RIGHT)], open_set={CUP: "known"})
    tree["categories"] += [{"id": i, "name": name, "open_set": mark} for name, (i, mark) in categories.items()]
    return read_ground_truth(write(folder, "g.json", tree))


def two_cups(folder) -> GroundTruth:
    truth = truth_with(folder)
    return replace(truth, categories=tuple(replace(c, name="cup") if c.id == BOWL else c for c in truth.categories))


def test_of_two_categories_of_one_name_the_known_one_is_the_models_class(tmp_path):
    truth = two_cups(tmp_path)
    for known in (CUP, BOWL):
        split = open_set_split(truth, (known,), ("cup",))
        assert with_model_classes(split, truth, ("cup",), UNKNOWN)[1] == (known, UNKNOWN)


def test_two_known_categories_of_one_name_are_refused_for_a_model(tmp_path):
    truth = two_cups(tmp_path)
    with pytest.raises(EvaluationError, match=r"categories 1 and 3 are both called 'cup', and a model has one class"):
        with_model_classes(open_set_split(truth, (CUP, BOWL), ("cup",)), truth, ("cup",), UNKNOWN)


@pytest.mark.parametrize("mark", ["known", "ignore", "unknown"])
def test_where_the_ground_truth_has_the_id_for_unknown_a_models_unknown_gets_a_free_one(tmp_path, mark):
    truth = truth_with(tmp_path, stuff=(UNKNOWN, mark))
    split, category_ids = with_model_classes(open_set_split(truth), truth, ("cup", "wrench"), UNKNOWN)
    assert category_ids == (CUP, 1002, 1001)
    _, found = data(tmp_path, [annotation(1, CUP, LEFT)], [])
    found = replace(
        found, image=np.zeros(1, int), category=np.array([category_ids[-1]]), score=np.ones(1), area=np.ones(1),
        crowd=np.zeros(1, bool), rles=(truth.objects.rles[1],), box_only=None,
    )  # fmt: skip
    assert score_open_set(truth, found, split)["unknown"]["AR100"] == pytest.approx(100)
    saved = with_categories([], split, truth, category_ids[-1])
    assert saved["categories"] == [{"id": 1002, "name": "wrench"}, {"id": 1001, "name": "unknown"}]
