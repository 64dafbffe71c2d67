"""Lamps and daylight: one to four lights with colours, places and shadows, and the light from all sides."""

from dataclasses import dataclass

import mujoco
import numpy as np

from osis_ros.simulation.draws import Draw

LIGHT_COUNT = 4
_TINTS = ((1, 1, 1), (1, 0.93, 0.82), (1, 0.85, 0.68), (0.85, 0.93, 1), (0.93, 1, 0.95))


@dataclass(frozen=True, eq=False)
class Lamp:
    """A light: type (spot, directional, point), position and direction [3] metres, colour [3], shadow or none."""

    kind: int
    position: np.ndarray
    direction: np.ndarray
    colour: np.ndarray
    shadow: bool
    cutoff: float


@dataclass(frozen=True, eq=False)
class Lighting:
    """The lamps of a view, and the ambient and head light [3] each."""

    lamps: tuple[Lamp, ...]
    ambient: np.ndarray
    headlight: np.ndarray


def lighting(draw: Draw) -> Lighting:
    """Random lamps whose sum is about one; at most two cast shadows (each costs a further pass)."""
    count = draw.choice((1, 2, 3, 4), (3, 3, 2, 1.5))
    shares = draw.rng.dirichlet(np.full(count, 2.0)) * draw.uniform(0.55, 1.0)
    lamps = []
    for i, share in enumerate(shares):
        kind = draw.choice((mujoco.mjtLightType.mjLIGHT_SPOT, mujoco.mjtLightType.mjLIGHT_DIRECTIONAL), (3, 2))
        heading, height = draw.uniform(0, 2 * np.pi), draw.uniform(np.deg2rad(30), np.deg2rad(89))
        away = draw.uniform(0.8, 2.2)
        towards = np.array([np.cos(height) * np.cos(heading), np.cos(height) * np.sin(heading), np.sin(height)])
        target = np.array([draw.uniform(-0.15, 0.15), draw.uniform(-0.15, 0.15), 0.0])
        tint = np.array(draw.choice(_TINTS)) * draw.uniform(0.92, 1, 3)
        if draw.chance(0.06):
            tint = draw.uniform(0.6, 1, 3)
        shadow = i < 2 and draw.chance(0.85)
        lamps.append(Lamp(int(kind), towards * away, (target - towards * away) / away, tint * share, shadow,
                          draw.uniform(35, 85)))  # fmt: skip
    return Lighting(tuple(lamps), draw.uniform(0.15, 0.5) * np.ones(3), draw.uniform(0, 0.15) * np.ones(3))


def apply_lighting(model: mujoco.MjModel, view: Lighting) -> None:
    """Set the model's LIGHT_COUNT lights; those not used are switched off."""
    model.vis.headlight.ambient[:] = view.ambient
    model.vis.headlight.diffuse[:] = view.headlight
    model.vis.headlight.specular[:] = view.headlight * 0.5
    for i in range(LIGHT_COUNT):
        on = i < len(view.lamps)
        model.light_active[i] = on
        if not on:
            continue
        lamp = view.lamps[i]
        model.light_type[i] = lamp.kind
        model.light_pos[i], model.light_dir[i] = lamp.position, lamp.direction
        model.light_diffuse[i], model.light_specular[i] = lamp.colour, lamp.colour
        model.light_ambient[i] = 0
        model.light_castshadow[i] = lamp.shadow
        model.light_cutoff[i], model.light_exponent[i] = lamp.cutoff, 4
        model.light_attenuation[i] = (1, 0, 0)
