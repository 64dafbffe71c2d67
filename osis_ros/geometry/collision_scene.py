"""What a motion planner must be told so that its scene holds the objects that are there: `CollisionScene`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from osis_ros.geometry.box import Box


@dataclass(frozen=True, eq=False)
class CollisionBox:
    """A box that a planner shall keep clear of; `label` says what it is."""

    box: Box
    label: str = ""


@dataclass(frozen=True)
class SceneDiff:
    """Changes of a planner's scene, by the ids of objects.

    Attributes:
        add: new ones, or ones to be put in the place of those with the same id.
        move: ones of which only the pose has changed.
        remove: ids of ones to be taken out.
    """

    add: Mapping[str, CollisionBox]
    move: Mapping[str, CollisionBox]
    remove: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.add or self.move or self.remove)


@dataclass(frozen=True)
class Hysteresis:
    """Changes that are too small to tell a planner.

    Attributes:
        shift: metres, by which a box must have moved.
        turn: radians, by which it must have turned; half a turn about any axis is none.
        growth: metres, by which a side must have changed.
    """

    shift: float = 0.005
    turn: float = np.deg2rad(3.0)
    growth: float = 0.01

    def resized(self, old: Box, new: Box) -> bool:
        """Whether the new box is of another size."""
        return bool(np.abs(old.size - new.size).max() > self.growth)

    def moved(self, old: Box, new: Box) -> bool:
        """Whether the new box is elsewhere or turned. A turn about z does not count where the box is square."""
        if np.linalg.norm(old.centre - new.centre) > self.shift:
            return True
        cosine = np.abs((old.axes * new.axes).sum(0))
        turned = np.arccos(np.clip(cosine, 0, 1))
        square = abs(new.size[0] - new.size[1]) <= self.growth
        return bool(turned[2] > self.turn or (turned[0] > self.turn and not square))


@dataclass(frozen=True, eq=False)
class _Known:
    """An object, when it was last known to be there, and its box; None while it is not known where it is."""

    seen: float
    item: CollisionBox | None


class CollisionScene:
    """Remembers the objects, and what the planner has been told of them.

    An object is left out after `keep` seconds in which it was neither seen nor hidden, or if its place was seen empty.
    What is attached to the robot is never touched. A diff that could not be applied comes again.
    """

    def __init__(self, keep: float = 5.0, hysteresis: Hysteresis | None = None) -> None:
        """
        Args:
            keep: seconds.
        """
        self._keep, self._hysteresis = keep, hysteresis or Hysteresis()
        self._objects: dict[str, _Known] = {}
        self._told: dict[str, CollisionBox | None] = {}  # None: in the planner's scene, but not known how
        self._attached: frozenset[str] = frozenset()

    def see(self, boxes: Mapping[str, CollisionBox], now: float) -> None:
        """These objects are in the newest frame.

        Args:
            boxes: by id, in the planner's frame.
            now: seconds.
        """
        for id_, item in boxes.items():
            if id_ not in self._attached:
                self._objects[id_] = _Known(now, item)

    def hidden(self, ids: Iterable[str], now: float) -> None:
        """These objects are not seen because something is in front of them; they stay where they are."""
        for id_ in self._objects.keys() & set(ids):
            self._objects[id_] = replace(self._objects[id_], seen=now)

    def gone(self, ids: Iterable[str]) -> None:
        """The places of these objects were seen empty."""
        for id_ in set(ids) - self._attached:
            self._objects.pop(id_, None)

    def planner_has(self, ids: Iterable[str], attached: Iterable[str], now: float) -> None:
        """What the planner itself says that it has, whoever told it.

        Args:
            ids: of the objects in its world that are ours, attached ones not among them.
            attached: ids of the objects that are attached to the robot. When they come off, they may be anywhere.
        """
        ids, attached = set(ids), frozenset(attached)
        self._told = {id_: self._told.get(id_) for id_ in ids}
        for id_ in attached:
            self._objects[id_] = _Known(now, None)
        for id_ in self._attached - attached:
            self._objects[id_] = _Known(now, None)
            self._told.update({id_: None} if id_ in ids else {})
        self._attached = attached

    def diff(self, now: float) -> SceneDiff:
        """What the planner must be told now."""
        self._objects = {id_: known for id_, known in self._objects.items() if now - known.seen <= self._keep}
        add, move = {}, {}
        for id_, known in self._objects.items():
            if known.item is None or id_ in self._attached:
                continue
            told = self._told.get(id_)
            if told is None or told.label != known.item.label or self._hysteresis.resized(told.box, known.item.box):
                add[id_] = known.item
            elif self._hysteresis.moved(told.box, known.item.box):
                move[id_] = CollisionBox(replace(known.item.box, size=told.box.size), told.label)
        return SceneDiff(add, move, frozenset(self._told.keys() - self._objects.keys() - self._attached))

    def applied(self, diff: SceneDiff) -> None:
        """The planner has taken a diff over."""
        self._told = {id_: item for id_, item in self._told.items() if id_ not in diff.remove}
        self._told.update(diff.add)
        self._told.update(diff.move)
