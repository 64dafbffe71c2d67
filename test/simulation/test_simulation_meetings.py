"""The same objects in several scenes, and their look-alikes."""

import numpy as np

from osis_ros.simulation.meetings import LOOK_ALIKES, meetings, members


def test_each_object_has_a_look_alike_of_one_of_the_three_kinds():
    cast = members(["hammer", "sponge", "wrench"])
    assert [member.category for member in cast] == ["hammer", "sponge", "wrench"] * 2
    assert [member.twin for member in cast] == [None, None, None, 0, 1, 2]
    assert tuple(member.likeness for member in cast[3:]) == LOOK_ALIKES
    same_shape, same_colours = cast[4].shape, cast[5].shape
    for one, other in zip(same_shape.surfaces, cast[1].shape.surfaces, strict=True):
        assert one.mesh is other.mesh
        assert one.material is not other.material
    assert {id(s.material) for s in same_colours.surfaces} <= {id(s.material) for s in cast[2].shape.surfaces}


def test_the_members_of_a_frame_are_known_by_their_number_and_all_are_met():
    cast = members(["hammer", "sponge", "scissors"], look_alikes=False)
    met = set()
    for meeting in meetings(cast, scenes=3, views=1, at_once=2):
        for number, member in meeting.members.items():
            (item,) = [item for item in meeting.frame.objects if item.instance_id == number]
            assert item.category == cast[member].category
            assert np.count_nonzero(meeting.frame.instance_ids == number) == item.pixels
            met.add(member)
    assert met == {0, 1, 2}
