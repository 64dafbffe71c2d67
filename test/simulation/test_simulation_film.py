"""Films: what the simulated camera sees over time."""

import numpy as np

from osis_ros.simulation.film import Film, truth


def test_the_same_objects_lie_elsewhere_in_the_next_scene_and_keep_their_tracks():
    film = Film(160, 120, 4, "demo", 3, scene_seconds=1.0, orbit=False, objects_seed=3)
    try:
        one, other = film.frame(0.0), film.frame(1.5)
    finally:
        film.close()
    kinds = [{item.body: item.category for item in frame.objects} for frame in (one, other)]
    both = kinds[0].keys() & kinds[1].keys()
    assert both
    assert [kinds[0][body] for body in both] == [kinds[1][body] for body in both]
    masks = [{item.body: frame.instance_ids == item.instance_id for item in frame.objects} for frame in (one, other)]
    assert any((masks[0][body] != masks[1][body]).any() for body in both)
    for frame in (one, other):
        exact = truth(frame)
        assert exact.track_ids.tolist() == [item.body for item in frame.objects]
        assert [int(np.count_nonzero(mask)) for mask in exact.masks] == [item.pixels for item in frame.objects]
