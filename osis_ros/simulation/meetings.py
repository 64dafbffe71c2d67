"""The same objects in several scenes, with look-alikes among them: whether they are recognised can be measured."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from osis_ros.simulation.categories import KNOWN, build
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.materials import Material
from osis_ros.simulation.render import Frame, Renderer
from osis_ros.simulation.scene import Scene, View, make_scene
from osis_ros.simulation.shape import ObjectShape, Surface

OTHER_OBJECT, OTHER_COLOURS, OTHER_SHAPE = (
    "another of its kind",
    "same shape, other colours",
    "same colours, other shape",
)
LOOK_ALIKES = (OTHER_OBJECT, OTHER_COLOURS, OTHER_SHAPE)


@dataclass(frozen=True, eq=False)
class Member:
    """An object that is met again.

    Attributes:
        twin: number of the member that it looks like, None for a first of its kind.
        likeness: one of `LOOK_ALIKES`, how it looks like its twin.
    """

    category: str
    shape: ObjectShape
    twin: int | None = None
    likeness: str = ""

    @property
    def known(self) -> bool:
        return self.category in KNOWN


@dataclass(frozen=True, eq=False)
class Meeting:
    """One picture: which scene, which view of it, and of each visible member its number, by its id in the frame."""

    scene: int
    view: int
    frame: Frame
    members: dict[int, int]


def members(categories: Sequence[str], look_alikes: bool = True, split: str = "test") -> list[Member]:
    """One object of each category, and behind them one look-alike of each, of the three kinds in turn."""
    firsts = [Member(category, build(category, Draw(split, 0, "member", category))) for category in categories]
    if not look_alikes:
        return firsts
    twins = []
    for number, first in enumerate(firsts):
        likeness = LOOK_ALIKES[number % len(LOOK_ALIKES)]
        other = build(first.category, Draw(split, 1, "member", first.category))
        shape = {OTHER_OBJECT: other, OTHER_COLOURS: negative(first.shape),
                 OTHER_SHAPE: painted_like(other, first.shape)}[likeness]  # fmt: skip
        twins.append(Member(first.category, shape, number, likeness))
    return firsts + twins


def meetings(
    cast: Sequence[Member],
    scenes: int,
    views: int | Callable[[int], int],
    *,
    at_once: int = 12,
    seed: int = 0,
    split: str = "test",
    step: float = 0.0,
) -> Iterator[Meeting]:
    """Pictures of scenes, in each of which some of the cast are; in turn, so that all are met equally often.

    Args:
        views: pictures of a scene, each in its own light unless the camera circles; a function has the scene's number.
        at_once: members in a scene, among them never one with its twin more often than chance has it.
        step: seconds between two pictures of a camera that circles the scene; 0 for pictures from random places.
    """
    rng = np.random.default_rng(seed)
    waiting: list[int] = []
    with Renderer() as renderer:
        for number in range(scenes):
            while len(waiting) < at_once:
                waiting += [int(n) for n in rng.permutation(len(cast)) if n not in waiting]
            chosen, waiting = waiting[:at_once], waiting[at_once:]
            shown = [(cast[n].category, cast[n].shape) for n in chosen]
            scene = make_scene(10_000 * seed + number, split, at_once, cast=shown)
            for view in range(views(number) if callable(views) else views):
                frame = renderer.frame(scene, _circling(scene, view, step) if step else scene.view(view))
                seen = {item.instance_id: chosen[item.body - 1] for item in frame.objects}
                yield Meeting(number, view, frame, seen)


def _circling(scene: Scene, number: int, step: float) -> View:
    start = scene.view(0)
    return replace(start, camera=scene.orbit(number * step), noise_seed=start.noise_seed + number)


def negative(shape: ObjectShape) -> ObjectShape:
    """The same shape in the complementary colours: light for dark, blue for yellow."""
    return _painted(shape, [_inverted(surface.material) for surface in shape.surfaces])


def painted_like(shape: ObjectShape, other: ObjectShape) -> ObjectShape:
    """A shape in another one's materials, in turn."""
    materials = [surface.material for surface in other.surfaces]
    return _painted(shape, [materials[i % len(materials)] for i in range(len(shape.surfaces))])


def _painted(shape: ObjectShape, materials: Sequence[Material]) -> ObjectShape:
    pairs = zip(shape.surfaces, materials, strict=True)
    return replace(shape, surfaces=tuple(Surface(surface.mesh, material) for surface, material in pairs))


def _inverted(material: Material) -> Material:
    if material.texture is None:
        return replace(material, colour=1 - np.clip(material.colour, 0, 1))
    return replace(material, texture=255 - material.texture)
