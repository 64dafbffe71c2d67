"""The vote on the name of a tracked object, with numbers worked out by hand."""

import math

import numpy as np
import pytest
from coloured_things import CLASSES, RED, picture

from osis_ros.teaching.gallery import Gallery, Model
from osis_ros.teaching.name_votes import NameVotes

GALLERY, CHANGED = (Gallery(model=Model("cells", "0" * 64), class_names=CLASSES) for _ in range(2))
SECOND = math.exp(-0.5)  # what a vote counts after a second, with a memory of two


def vote(votes: NameVotes, stamp: float, *alike: float, track: int = 1, score: float = 1.0, gallery=GALLERY) -> list:
    """The averaged similarities of one instance."""
    _, found = picture(("disc", RED, 5, 5, 40))
    found = found.replaced(track_ids=[track], scores=[score])
    return votes.average(gallery, np.array([alike]), found, stamp, 2.0)[0].tolist()


def test_similarities_are_averaged_and_old_ones_fade():
    votes = NameVotes()
    assert vote(votes, 1.0, 0.9, 0.1) == [0.9, 0.1]
    assert vote(votes, 2.0, 0.3, 0.4) == pytest.approx(
        [(0.9 * SECOND + 0.3) / (1 + SECOND), (0.1 * SECOND + 0.4) / (1 + SECOND)]
    )
    assert vote(votes, 100.0, 0.3, 0.4) == pytest.approx([0.3, 0.4])


def test_time_counts_and_not_the_number_of_images():
    """An object that becomes another one loses its name (0.7) after the same time at 2 Hz and at 20 Hz."""

    def seconds_until_lost(rate: int) -> float:
        votes = NameVotes()
        for number in range(10 * rate):
            vote(votes, number / rate, 0.9)
        late = (number / rate for number in range(10 * rate, 20 * rate))
        return next(stamp for stamp in late if vote(votes, stamp, 0.4)[0] < 0.7) - 10 + 1 / rate

    # 0.4 + 0.5 e^(-t/2) is 0.7 at t = 1.02
    assert seconds_until_lost(2) == pytest.approx(1.02, abs=0.5)
    assert seconds_until_lost(20) == pytest.approx(1.02, abs=0.05)


def test_a_vote_is_weighted_by_the_score():
    votes = NameVotes()
    vote(votes, 1.0, 0.9, score=0.8)
    assert vote(votes, 2.0, 0.3, score=0.2) == pytest.approx([(0.9 * 0.8 * SECOND + 0.3 * 0.2) / (0.8 * SECOND + 0.2)])


def test_objects_vote_for_themselves_and_what_has_no_track_does_not_vote():
    votes = NameVotes()
    vote(votes, 1.0, 0.9)
    assert vote(votes, 2.0, 0.3, track=2) == [0.3]
    assert vote(votes, 2.0, 0.2, track=0) == [0.2]
    assert vote(votes, 3.0, 0.4, track=0) == [0.4]


def test_an_image_that_is_not_newer_adds_nothing():
    votes = NameVotes()
    vote(votes, 2.0, 0.9)
    assert vote(votes, 2.0, 0.1) == vote(votes, 1.0, 0.1) == [0.9]


def test_too_few_pixels_say_nothing():
    votes = NameVotes()
    assert np.isnan(vote(votes, 1.0, np.nan)).all()
    assert vote(votes, 2.0, 0.9) == [0.9]
    assert vote(votes, 3.0, np.nan) == pytest.approx([0.9])


def test_a_changed_gallery_begins_anew():
    votes = NameVotes()
    vote(votes, 1.0, 0.1)
    assert vote(votes, 2.0, 0.9, 0.2, gallery=CHANGED) == [0.9, 0.2]


def test_objects_that_are_not_remembered_are_forgotten():
    votes = NameVotes()
    vote(votes, 1.0, 0.9)
    vote(votes, 1.0, 0.9, track=2)
    votes.keep([2])
    assert vote(votes, 2.0, 0.3) == [0.3]
    assert vote(votes, 2.0, 0.3, track=2)[0] > 0.3
