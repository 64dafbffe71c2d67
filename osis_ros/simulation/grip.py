"""Grips: the part of a tool or utensil that a hand closes about."""

import numpy as np

from osis_ros.simulation.draws import Draw
from osis_ros.simulation.materials import Material, held
from osis_ros.simulation.shape import Surface
from osis_ros.simulation.sweep import line, sweep


def grip(
    draw: Draw,
    start: tuple[float, float, float],
    end: tuple[float, float, float],
    girth: float,
    finish: Material | None = None,
    thick: float | None = None,
) -> Surface:
    """A grip between two points of a level line, waisted or swelling, round to square; flat if thickness is given."""
    shares = np.interp(np.linspace(0, 1, 14), np.linspace(0, 1, 5), draw.uniform(0.7, 1, 5))
    shares[[0, -1]] *= draw.uniform(0.5, 0.9)
    high = np.full(14, thick) if thick else girth * shares * draw.uniform(0.7, 1)
    sizes = np.stack([girth * shares, high], -1)
    return Surface(sweep(line(start, end, 14), sizes, draw.uniform(2, 4)), finish or held(draw))
