"""`Gallery`: the taught names, and what it makes of the instances of an image."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np

from osis_ros.inference.bundle import Bundle
from osis_ros.instances import Instances
from osis_ros.teaching.appearance import appearances
from osis_ros.teaching.errors import GalleryError, TeachError
from osis_ros.teaching.names import checked_name
from osis_ros.teaching.recognition import Separation, separation, similarity
from osis_ros.teaching.selection import agreeing, diverse
from osis_ros.teaching.view import View, vectors_of

MOST_OTHERS = 20  # that are kept of a name: those most similar to it


class Model(NamedTuple):
    """Whose vectors a gallery holds; those of two models cannot be compared."""

    name: str
    sha256: str


class NotToldApartError(TeachError):
    """An object that cannot be told apart from something else.

    Attributes:
        separation: how well it would be.
    """

    def __init__(self, message: str, separation: Separation) -> None:
        super().__init__(message)
        self.separation = separation


@dataclass(frozen=True, eq=False, kw_only=True)
class Taught:
    """A name and its views, one or more; and of what else was in view, what is most similar to them."""

    name: str
    views: tuple[View, ...]
    others: tuple[View, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Gallery:
    """Taught names of one model. It is never changed, only replaced, so threads may share it.

    Attributes:
        model: whose vectors it holds.
        class_names: the model's known classes, whose names cannot be taught.
        taught: in the order of their names.
    """

    model: Model
    class_names: tuple[str, ...]
    taught: tuple[Taught, ...] = ()

    @classmethod
    def empty(cls, bundle: Bundle) -> "Gallery":
        """One for a model, without a name yet."""
        return cls(model=Model(bundle.name, bundle.manifest.sha256), class_names=bundle.class_names)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(taught.name for taught in self.taught)

    def __getitem__(self, name: str) -> Taught:
        """Raises GalleryError: no such name."""
        for taught in self.taught:
            if taught.name == name:
                return taught
        there = f"there are {', '.join(self.names)}" if self.taught else "there is none yet"
        raise GalleryError(f"no name '{name}' was taught; {there}")

    @cached_property
    def separations(self) -> dict[str, Separation]:
        """Of each name: from what was in view when it was taught, and from the other names."""
        return {taught.name: self._separation(taught) for taught in self.taught}

    def _separation(self, taught: Taught) -> Separation:
        strangers = [(view.vector, view.label) for view in taught.others]
        strangers += [(view.vector, one.name) for one in self.taught if one.name != taught.name for view in one.views]
        views = vectors_of(taught.views)
        others = np.array([vector for vector, _ in strangers], np.float32).reshape(-1, views.shape[1])
        return separation(views, others, [label for _, label in strangers])

    def name(self, rgb: np.ndarray, instances: Instances) -> Instances:
        """The instances with `taught_names` and `taught_scores`. Class and `unknown` stay what the network said.

        Args:
            rgb: uint8 [H, W, 3] RGB, the image that they were found in.
        """
        return self.named(instances, self.similarities(rgb, instances))

    def similarities(self, rgb: np.ndarray, instances: Instances) -> np.ndarray:
        """How similar each instance is to each name: [N, T] in [-1, 1], a row of NaN for one of too few pixels.

        Args:
            rgb: uint8 [H, W, 3] RGB, the image that they were found in.
        """
        if not self.taught:
            return np.zeros((len(instances), 0))
        vectors = appearances(rgb, instances)
        alike = np.stack([similarity(vectors, vectors_of(taught.views)) for taught in self.taught], axis=1)
        alike[~vectors.any(axis=1)] = np.nan
        return alike

    def named(self, instances: Instances, alike: np.ndarray) -> Instances:
        """The instances with `taught_names` and `taught_scores`, by their similarities [N, T] to the names."""
        if not self.taught:
            return instances.replaced(taught_names=[""] * len(instances), taught_scores=np.zeros(len(instances)))
        alike = np.nan_to_num(alike, nan=-1.0)
        above = alike - [self.separations[name].threshold for name in self.names]
        best = above.argmax(axis=1)
        rows = np.arange(len(instances))
        fits = above[rows, best] >= 0
        return instances.replaced(
            taught_names=np.where(fits, np.array(self.names)[best], ""),
            taught_scores=np.where(fits, alike[rows, best], 0),
        )

    def with_views(
        self, name: str, views: Sequence[View], others: Sequence[View] = (), *, force: bool = False
    ) -> "Gallery":
        """The gallery in which a name has these views, besides those that it had.

        Outliers are thrown out, and of more than ten views the most different are kept.

        Args:
            views: one or more, of the object.
            others: of everything else that was in view.
            force: keep a name that cannot be told apart.
        Raises:
            TeachError: a name that cannot be taught, or views without pixels.
            NotToldApartError: something else is as similar to the object as the object itself.
        """
        name = checked_name(name, self.class_names, self.names)
        earlier = self[name] if name in self.names else Taught(name=name, views=())
        every = (*earlier.views, *(view for view in views if view.vector.any()))
        if not every:
            raise TeachError(f"no view of '{name}' has enough pixels to learn from, expected a larger one")
        every = tuple(every[i] for i in agreeing(vectors_of(every)))
        every = tuple(every[i] for i in diverse(vectors_of(every)))
        others = (*earlier.others, *(view for view in others if view.vector.any()))
        if others:
            alike = similarity(vectors_of(others), vectors_of(every))
            others = tuple(others[i] for i in np.argsort(-alike, kind="stable")[:MOST_OTHERS])
        changed = self.with_taught(name, Taught(name=name, views=every, others=others))
        found = changed.separations[name]
        if not (found.told_apart or force):
            raise NotToldApartError(_why(name, found), found)
        return changed

    def without(self, name: str) -> "Gallery":
        """The gallery without a name. Raises GalleryError: it has none such."""
        return self.with_taught(self[name].name, None)

    def merged(self, other: "Gallery") -> "Gallery":
        """The names of both; of a name that both have, the views of both.

        Raises:
            GalleryError: it is of another model.
        """
        if other.model.sha256 != self.model.sha256:
            raise GalleryError(f"a gallery of the model '{other.model.name}' cannot be merged with one of "
                               f"'{self.model.name}': their vectors cannot be compared")  # fmt: skip
        merged = self
        for taught in other.taught:
            merged = merged.with_views(taught.name, taught.views, taught.others, force=True)
        return merged

    def with_taught(self, name: str, taught: Taught | None) -> "Gallery":
        """The gallery in which this is what is taught of a name; nothing if it is None."""
        every = [one for one in self.taught if one.name != name] + ([taught] if taught else [])
        return replace(self, taught=tuple(sorted(every, key=lambda one: one.name)))


def _why(name: str, found: Separation) -> str:
    if found.nearest >= found.threshold:
        return (
            f"'{name}' cannot be told apart from '{found.nearest_name}', whose similarity is {found.nearest:.2f}, "
            f"while the object's own is {found.own:.2f}: take it out of view, show more views, or teach it by force"
        )
    return (
        f"the views of '{name}' have too little in common ({found.recognised:.0%} of them are recognised by the "
        "others): do all of them show the same object? Show more views, or teach it by force"
    )
