"""What a surface looks like to the renderer: a picture or a colour, and how it shines."""

from dataclasses import dataclass

import numpy as np

from osis_ros.simulation import colours, patterns
from osis_ros.simulation.draws import Draw

TEXTURE_SIZE = 192  # px, square; an object covers about that many pixels of a 640 x 480 image


@dataclass(frozen=True, eq=False)
class Material:
    """A surface finish.

    Attributes:
        colour: [3] sRGB in 0..1; multiplies the texture.
        texture: uint8 [H, W, 3] sRGB or None for a plain colour.
        specular: strength of the highlight, 0..1.
        shininess: its sharpness, 0..1.
        alpha: opacity, 0..1.
    """

    colour: np.ndarray
    texture: np.ndarray | None = None
    specular: float = 0.2
    shininess: float = 0.3
    alpha: float = 1.0


_WHITE = np.ones(3)


def printed(picture: np.ndarray, draw: Draw) -> Material:
    """Paper or foil with a picture on it, matt to glossy."""
    return Material(_WHITE, picture, draw.uniform(0.05, 0.6), draw.uniform(0.1, 0.8))


def ceramic(draw: Draw, colour: np.ndarray | None = None) -> Material:
    """Glazed, mostly plain or decorated."""
    return Material(_WHITE, patterns.decor(draw, TEXTURE_SIZE, colour), draw.uniform(0.2, 0.9), draw.uniform(0.5, 1))


def plastic(draw: Draw, colour: np.ndarray | None = None) -> Material:
    """Moulded, of one colour."""
    colour = colours.any_colour(draw) if colour is None else colour
    return Material(colour, None, draw.uniform(0.05, 0.8), draw.uniform(0.1, 0.9))


def rubber(draw: Draw, colour: np.ndarray | None = None) -> Material:
    """Matt, mostly dark."""
    colour = colours.black(draw) if colour is None else colour
    return Material(colour, None, draw.uniform(0, 0.15), draw.uniform(0.05, 0.3))


def metal(draw: Draw, colour: np.ndarray | None = None) -> Material:
    """Brushed, cast or polished."""
    colour = colours.steel(draw) if colour is None else colour
    if draw.chance(0.6):
        picture = patterns.brushed(draw, TEXTURE_SIZE // 2, colour)
        return Material(_WHITE, picture, draw.uniform(0.4, 1), draw.uniform(0.3, 0.9))
    return Material(colour * 0.9, None, draw.uniform(0.5, 1), draw.uniform(0.3, 0.9))


def iron_ware(draw: Draw) -> Material:
    """Iron ware: bare, plated, brass or copper, blackened, painted."""
    brass = colours.hsv(draw.uniform(0.05, 0.14), draw.uniform(0.4, 0.75), draw.uniform(0.45, 0.85))
    kind = draw.choice(("steel", "steel", "brass", "black", "paint"))
    if kind == "paint":
        return draw.choice((plastic, matt))(draw, colours.any_colour(draw))
    return metal(draw, {"steel": None, "brass": brass, "black": colours.black(draw) * 1.5}[kind])


def wooden(draw: Draw, colour: np.ndarray | None = None) -> Material:
    """Bare or varnished wood."""
    return Material(_WHITE, patterns.wood(draw, TEXTURE_SIZE, colour), draw.uniform(0, 0.4), draw.uniform(0.1, 0.6))


def woven(draw: Draw, colour: np.ndarray, specular: float = 0.1, shininess: float = 0.3) -> Material:
    """Cloth, wicker, or the wire mesh of a grille."""
    return Material(_WHITE, patterns.weave(draw, TEXTURE_SIZE, colour), specular, shininess)


def held(draw: Draw) -> Material:
    """Handles and grips: bare or painted wood, plastic, rubber, metal, decorated."""
    finish, coloured = draw.choice(
        ((wooden, False), (matt, True), (plastic, False), (plastic, False), (rubber, False), (rubber, True),
         (metal, False), (ceramic, True))
    )  # fmt: skip
    return finish(draw, colours.any_colour(draw)) if coloured else finish(draw)


def matt(draw: Draw, colour: np.ndarray) -> Material:
    """Paint or skin without shine, slightly uneven."""
    return Material(_WHITE, patterns.plain(draw, 64, colour), draw.uniform(0, 0.2), draw.uniform(0.05, 0.4))
