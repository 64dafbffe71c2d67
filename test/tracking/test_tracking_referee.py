"""How good the tracks are by the judgement of trackeval, whose measures are first checked by hand."""

from itertools import pairwise

import numpy as np
import pytest
from things import BLUE, GREEN, RED, look, things

pytest.importorskip("trackeval", reason="pip install --no-deps -r requirements/referee.txt")

from track_referee import judged

from osis_ros.instances import Instances
from osis_ros.tracking.mask_overlap import mask_overlap
from osis_ros.tracking.tracker import Tracker

CUP, BOWL = (100, 100, 60, 60, RED), (300, 100, 80, 50, GREEN)
PERFECT = {"HOTA": 100.0, "OWTA": 100.0, "IDF1": 100.0, "switches/min": 0.0}


def verdict(true: list[list[int]], ids: list[list[int]], *each: tuple) -> dict[str, float]:
    """Of images one second apart, each with these things."""
    images = [things(*each) for _ in ids]
    labelled = [image.take(range(len(own))).replaced(ids=own) for image, own in zip(images, true, strict=True)]
    return judged(range(len(ids)), labelled, images, [np.array(own) for own in ids])


def test_the_referee_finds_perfect_tracks_perfect():
    assert verdict([[1, 2]] * 4, [[7, 5]] * 4, CUP, BOWL) == pytest.approx(PERFECT)


def test_an_id_that_changes_halfway_costs_half_of_the_association():
    """Both halves are found: DetA 1, AssA 2/4, so HOTA is its root; half of the sightings fit one id."""
    found = verdict([[1]] * 4, [[7], [7], [8], [8]], CUP)
    assert found == pytest.approx({"HOTA": 100 / 2**0.5, "OWTA": 100 / 2**0.5, "IDF1": 50.0, "switches/min": 15.0})


def test_a_track_of_what_is_not_labelled_costs_hota_and_not_owta():
    """DetA 4/8, AssA 1. IDF1 = 2·4/(4 + 8)."""
    found = verdict([[1]] * 4, [[7, 9]] * 4, CUP, BOWL)
    assert found == pytest.approx({"HOTA": 100 / 2**0.5, "OWTA": 100.0, "IDF1": 200 / 3, "switches/min": 0.0})


def table(rate: int, seconds: int = 12) -> tuple[list[float], list[Instances]]:
    """A camera that pans over five still things by 60 px a second and back. One is not found for two seconds; another
    is put elsewhere, for which it is away for one. Masks jump by a pixel."""
    rng = np.random.default_rng(rate)
    stamps = [number / rate for number in range(rate * seconds)]
    images = []
    for stamp in stamps:
        pan = round(60 * min(stamp, seconds - stamp)) - 100
        places = {1: (120, 60, 50, 50, RED), 2: (190, 60, 50, 50, look(1, 0.3, 0)), 3: (200, 180, 70, 40, GREEN),
                  4: (110, 300, 60, 60, BLUE), 5: (330, 60, 40, 80, look(0, 1, 1))}  # fmt: skip
        if 3 <= stamp < 5:
            del places[3]
        if stamp >= 6:
            places[4] = (260, 300, 60, 60, BLUE)
        if 6 <= stamp < 7:
            del places[4]
        jumps = rng.integers(-1, 2, (len(places), 2))
        moved = [(x + pan + dx, y + dy, *rest) for (x, y, *rest), (dx, dy) in zip(places.values(), jumps, strict=True)]
        images.append(things(*moved).replaced(ids=list(places)))
    return stamps, images


def by_overlap(images: list[Instances]) -> list[np.ndarray]:
    """The ids of a tracker that knows the image before alone, and places alone."""
    ids, count = [np.arange(1, len(images[0]) + 1)], len(images[0])
    for before, now in pairwise(images):
        overlap = mask_overlap(before.rois, before.masks, now.rois, now.masks)[0]
        own = np.where(overlap.max(0) >= 0.3, ids[-1][overlap.argmax(0)], 0)
        own[own == 0] = count + 1 + np.arange((own == 0).sum())
        ids.append(own)
        count = max(count, own.max())
    return ids


@pytest.mark.parametrize("rate", [2, 5, 10])
def test_still_things_under_a_moving_camera_keep_their_ids(rate: int):
    stamps, images = table(rate)
    tracker = Tracker()
    ids = [tracker.update(one.replaced(ids=None), stamp).track_ids for stamp, one in zip(stamps, images, strict=True)]
    ours = judged(stamps, images, images, ids)
    assert ours["switches/min"] == 0
    assert min(ours[measure] for measure in ("HOTA", "OWTA", "IDF1")) > 90
    assert judged(stamps, images, images, by_overlap(images))["IDF1"] < ours["IDF1"] - 10
