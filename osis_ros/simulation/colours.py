"""Random colours of the kinds that things have. Colours are [3] float64 sRGB in 0..1."""

import colorsys

import numpy as np

from osis_ros.simulation.draws import Draw


def hsv(hue: float, saturation: float, value: float) -> np.ndarray:
    """[3] sRGB of a hue, saturation and value in 0..1; the hue wraps."""
    return np.array(colorsys.hsv_to_rgb(hue % 1, min(max(saturation, 0), 1), min(max(value, 0), 1)))


def vivid(draw: Draw) -> np.ndarray:
    """Strong plastic or print."""
    return hsv(draw.unit(), draw.uniform(0.6, 1), draw.uniform(0.35, 0.95))


def pastel(draw: Draw) -> np.ndarray:
    """Pale ceramic or card."""
    return hsv(draw.unit(), draw.uniform(0.1, 0.4), draw.uniform(0.7, 0.95))


def muted(draw: Draw) -> np.ndarray:
    """Dull paint or cloth."""
    return hsv(draw.unit(), draw.uniform(0.15, 0.55), draw.uniform(0.2, 0.7))


def white(draw: Draw) -> np.ndarray:
    return hsv(draw.uniform(0.05, 0.17), draw.uniform(0, 0.1), draw.uniform(0.82, 0.97))


def grey(draw: Draw) -> np.ndarray:
    return hsv(draw.unit(), draw.uniform(0, 0.08), draw.uniform(0.25, 0.75))


def black(draw: Draw) -> np.ndarray:
    return hsv(draw.unit(), draw.uniform(0, 0.3), draw.uniform(0.04, 0.16))


def steel(draw: Draw) -> np.ndarray:
    return hsv(draw.uniform(0.5, 0.65), draw.uniform(0, 0.08), draw.uniform(0.5, 0.82))


def timber(draw: Draw) -> np.ndarray:
    """Wood, from pale birch to walnut."""
    return hsv(draw.uniform(0.05, 0.115), draw.uniform(0.25, 0.65), draw.uniform(0.3, 0.88))


def cardboard(draw: Draw) -> np.ndarray:
    return hsv(draw.uniform(0.07, 0.11), draw.uniform(0.3, 0.5), draw.uniform(0.55, 0.8))


def any_colour(draw: Draw) -> np.ndarray:
    """A made thing's colour."""
    kinds = (vivid, pastel, muted, white, grey, black)
    return draw.choice(kinds, (0.42, 0.12, 0.13, 0.13, 0.08, 0.12))(draw)


def contrasting(draw: Draw, other: np.ndarray) -> np.ndarray:
    """A colour that can be told from `other`."""
    for _ in range(6):
        colour = any_colour(draw)
        if np.abs(colour - other).max() > 0.35:
            return colour
    return 1 - other
