"""Teach a name from a series of images that show the object."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from osis_ros.instances import Instances
from osis_ros.teaching.errors import TeachError
from osis_ros.teaching.follow import Follower
from osis_ros.teaching.gallery import Gallery
from osis_ros.teaching.lesson import lesson, total


class Picture(NamedTuple):
    """An image, uint8 [H, W, 3] RGB, what was found in it, and where it is from."""

    rgb: np.ndarray
    instances: Instances
    label: str


class Showing(NamedTuple):
    """The gallery with the name, and the labels of the images in which the object was not found."""

    gallery: Gallery
    missed: list[str]


def shown(
    gallery: Gallery,
    name: str,
    pictures: Iterable[Picture],
    choose: Callable[[Instances], int],
    *,
    each: bool = False,
    force: bool = False,
) -> Showing:
    """Teach a name from images.

    Args:
        choose: index of the object among the instances of an image; raises TeachError where it is not there.
        each: choose in each image. Otherwise the object is chosen in the first one and followed from there.
        force: keep a name that cannot be told apart.
    Raises:
        TeachError: no image, the object in none of them, or a name that cannot be taught.
    """
    lessons, missed, follower, reason = [], [], None, ""
    for picture in pictures:
        try:
            if follower is None or each:
                index = choose(picture.instances)
                follower = Follower(picture.rgb, picture.instances, index)
            else:
                index = follower.find(picture.rgb, picture.instances)
        except TeachError as err:
            index, reason = None, f"{picture.label}: {err}"
            if not each:
                raise TeachError(reason) from None
        if index is None:
            missed.append(picture.label)
        else:
            lessons.append(lesson(picture.rgb, picture.instances, index, picture.label))
    if not lessons:
        raise TeachError(reason or "there is no image to learn from")
    learnt = total(lessons)
    return Showing(gallery.with_views(name, learnt.views, learnt.others, force=force), missed)
