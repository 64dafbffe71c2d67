from pathlib import Path

import numpy as np
import pytest

from osis_ros.coco.annotations import Category, GroundTruth, Image
from osis_ros.coco.masks import Masks
from osis_ros.coco.rle import encode_instances
from osis_ros.evaluation.metrics import judged_masks
from osis_ros.evaluation.metrics.judged_masks import JudgedMasks
from osis_ros.evaluation.metrics.open_set import score_open_set
from osis_ros.evaluation.metrics.split import open_set_split
from osis_ros.instances import Instances

NAMES = ("bowl", "cup", "jug")
ALL = (*NAMES, "unknown")
IMAGES = 150  # more than two blocks
SIZE = 64  # px


def drawn(rng: np.random.Generator, count: int) -> Instances:
    """Filled rectangles of any class."""
    corners, sizes = rng.integers(0, 24, (count, 2)), rng.integers(8, 32, (count, 2))
    rois = np.concatenate([corners, sizes], 1)
    return Instances(
        boxes=np.concatenate([corners, corners + sizes], 1), scores=rng.random(count),
        class_ids=rng.integers(0, len(ALL), count), distances=np.zeros(count), embeddings=np.zeros((count, 0)),
        rois=rois, masks=tuple(np.ones((height, width), bool) for width, height in sizes.tolist()), height=SIZE,
        width=SIZE, class_names=NAMES,
    )  # fmt: skip


def masks(images: list[Instances]) -> Masks:
    counts = [len(found) for found in images]
    return Masks(
        np.repeat(np.arange(len(images)), counts), np.concatenate([found.class_ids for found in images]) + 1,
        np.concatenate([found.scores for found in images]).astype(float),
        np.array([mask.sum() for found in images for mask in found.masks], float), np.zeros(sum(counts), bool),
        tuple(rle for found in images for rle in encode_instances(found)),
    )  # fmt: skip


@pytest.mark.parametrize("at_once", [1, 700, 1_000_000])
def test_the_figures_are_those_of_the_whole_data_set_however_many_masks_are_scored_together(at_once, monkeypatch):
    monkeypatch.setattr(judged_masks, "AT_ONCE", at_once)
    rng = np.random.default_rng(3)
    truth = [drawn(rng, int(rng.integers(0, 6))) for _ in range(IMAGES)]
    # each answer has the true objects and some others, so that every AP is between 0 and 100
    answers = [one.take(np.arange(len(one)) > 0).replaced() if len(one) else drawn(rng, 2) for one in truth]
    judged = JudgedMasks()
    for stamp, (true, answer) in enumerate(zip(truth, answers, strict=True)):
        judged.add(1000 + stamp, true, answer)

    kept = list(range(10, IMAGES))  # the others do not count
    found = judged.accuracy([1000 + number for number in kept])

    truth, answers = [truth[n] for n in kept], [answers[n] for n in kept]
    categories = tuple(Category(number, name, "unknown" if name == "unknown" else "known")
                       for number, name in enumerate(ALL, 1))  # fmt: skip
    images = tuple(Image(number, "", SIZE, SIZE) for number in range(len(kept)))
    whole = GroundTruth(Path("truth"), images, categories, masks(truth))
    wanted = score_open_set(whole, masks(answers), open_set_split(whole))
    assert 10 < wanted["known"]["AP"] < 95
    assert found["ap_known"] == pytest.approx(wanted["known"]["AP"])
    assert found["ap_unknown"] == pytest.approx(wanted["unknown"]["AP"])
    assert found["ar_unknown"] == pytest.approx(wanted["unknown"]["AR100"])
    for kind in ("known", "unknown"):
        assert found["precision_at_recall"][kind] == pytest.approx(wanted["precision_at_recall"][kind])


def test_without_a_known_class_the_unknown_objects_are_scored_all_the_same():
    rng = np.random.default_rng(0)
    alone = drawn(rng, 3).replaced(class_ids=np.full(3, len(NAMES)))
    judged = JudgedMasks()
    judged.add(1, alone, alone)
    found = judged.accuracy([1])
    assert (found["ap_known"], found["ap_unknown"], found["ar_unknown"]) == (
        -100,
        pytest.approx(100),
        pytest.approx(100),
    )
    assert judged.accuracy([])["ap_unknown"] == -100


def test_images_of_a_scene_that_hardly_changes_need_less_than_a_hundred_bytes_a_mask():
    rng = np.random.default_rng(1)
    scene = drawn(rng, 8)
    judged = JudgedMasks()
    for stamp in range(2 * judged_masks.BLOCK):
        judged.add(stamp, scene, scene.replaced(scores=rng.random(8)))
    kept = sum(map(len, judged._blocks))
    assert kept < 100 * 2 * judged_masks.BLOCK * 16
