"""Random values belong to one split each."""

import numpy as np
import pytest

from osis_ros.simulation.draws import SPLITS, Draw


def test_the_same_key_gives_the_same_values_and_another_key_others():
    first, again, other = Draw("train", 3, "a"), Draw("train", 3, "a"), Draw("train", 3, "b")
    assert first.uniform(0, 1) == again.uniform(0, 1)
    assert Draw("train", 3, "a").uniform(0, 1) != other.uniform(0, 1)


def test_a_child_stream_does_not_depend_on_what_its_parent_drew():
    fresh, used = Draw("val", 1), Draw("val", 1)
    used.uniform(0, 1, 100)
    assert fresh.child("x").unit() == used.child("x").unit()


def test_train_val_and_test_never_draw_from_the_same_cells():
    cells = {split: set(np.floor(Draw(split, 0).unit(4000) * 32).astype(int)) for split in ("train", "val", "test")}
    assert {split: len(owned) for split, owned in cells.items()} == {"train": 20, "val": 4, "test": 8}
    assert set(np.floor(Draw("outliers", 0).unit(4000) * 32).astype(int)) == cells["train"]  # it is for training too
    assert set.union(*cells.values()) == set(range(32))


def test_uniform_stays_in_its_range_and_reaches_both_halves():
    values = Draw("train", 0).uniform(2, 6, 5000)
    assert values.min() >= 2
    assert values.max() < 6
    assert 3.8 < values.mean() < 4.2


def test_a_split_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match=r"split is 'dev', expected one of train, val, test, demo, outliers"):
        Draw("dev", 0)


def test_splits_with_equal_seeds_differ():
    assert len({float(Draw(split, 7).rng.random()) for split in SPLITS}) == len(SPLITS)
