"""Procedural textures of surfaces: uint8 [size, size, 3] sRGB pictures.

Families in HELD_OUT are never drawn for training or validation.
"""

from collections.abc import Callable

import cv2
import numpy as np

from osis_ros.simulation import colours
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.noise import blend, fractal_noise, grain, smooth_noise, to_bytes

Pattern = Callable[[Draw, int, np.ndarray], np.ndarray]


def plain(draw: Draw, size: int, colour: np.ndarray) -> np.ndarray:
    """One colour, slightly uneven, as paint and plastic are."""
    weight = fractal_noise(draw, size, 3, 3) * draw.uniform(0.02, 0.14)
    return to_bytes(blend(colour, colour * 0.6, weight) + 0.008 * grain(draw, size)[..., None])


def speckle(draw: Draw, size: int, colour: np.ndarray) -> np.ndarray:
    """Flecks, as on stoneware and recycled plastic."""
    flecks = smooth_noise(draw, size, draw.uniform(40, 110)) > draw.uniform(0.72, 0.88)
    soft = cv2.GaussianBlur(flecks.astype(np.float32), (3, 3), 0.8)
    return to_bytes(blend(colour, colours.contrasting(draw, colour), soft * draw.uniform(0.5, 1)))


def gradient(draw: Draw, size: int, colour: np.ndarray) -> np.ndarray:
    """A glaze that runs from one colour to another down the texture."""
    ramp = np.linspace(0, 1, size, dtype=np.float32)[:, None] ** draw.uniform(0.5, 2)
    wave = ramp + 0.25 * (fractal_noise(draw, size, 4, 3) - 0.5) * draw.uniform(0, 1)
    return to_bytes(blend(colour, colours.contrasting(draw, colour), np.clip(wave, 0, 1)))


def stripes(draw: Draw, size: int, colour: np.ndarray) -> np.ndarray:
    """Bands along u or v, of one or two further colours."""
    other = colours.contrasting(draw, colour)
    count = draw.integer(2, 14)
    phase = np.arange(size, dtype=np.float32) / size * count
    band = ((phase % 1) < draw.uniform(0.15, 0.6)).astype(np.float32)
    picture = blend(colour, other, np.broadcast_to(band, (size, size)))
    if draw.chance(0.4):
        third = ((phase + 0.3) % 1 < 0.1).astype(np.float32)
        picture = blend(picture, colours.any_colour(draw), np.broadcast_to(third, (size, size)))
    return to_bytes(picture if draw.chance(0.5) else picture.transpose(1, 0, 2))


def checks(draw: Draw, size: int, colour: np.ndarray) -> np.ndarray:
    """A chessboard, or gingham where the bands are half transparent."""
    count = draw.integer(2, 12)
    wave = (np.arange(size) * count * 2 // size) % 2
    if draw.chance(0.5):
        weight = (wave[:, None] ^ wave[None, :]).astype(np.float32)
    else:
        weight = (wave[:, None] + wave[None, :]).astype(np.float32) / 2
    return to_bytes(blend(colour, colours.contrasting(draw, colour), weight))


def dots(draw: Draw, size: int, colour: np.ndarray) -> np.ndarray:
    """Polka dots in rows."""
    count = draw.integer(3, 10)
    at = (np.arange(size, dtype=np.float32) / size * count) % 1 - 0.5
    shifted = (np.arange(size, dtype=np.float32) / size * count + 0.5) % 1 - 0.5
    radius = draw.uniform(0.12, 0.3)
    disc = np.minimum(np.hypot(at[:, None], at[None, :]), np.hypot(shifted[:, None], shifted[None, :]))
    weight = np.clip((radius - disc) * size / count, 0, 1)
    return to_bytes(blend(colour, colours.contrasting(draw, colour), weight))


def blotches(draw: Draw, size: int, colour: np.ndarray) -> np.ndarray:
    """Camouflage: patches of two to four colours."""
    field = fractal_noise(draw, size, draw.uniform(3, 9), 4)
    picture = np.broadcast_to(np.asarray(colour, np.float32), (size, size, 3))
    for level in np.sort(draw.uniform(0.35, 0.75, draw.integer(1, 3))):
        edge = np.clip((field - level) * 25, 0, 1)
        picture = blend(picture, colours.any_colour(draw), edge)
    return to_bytes(picture)


def wood(draw: Draw, size: int, colour: np.ndarray | None = None) -> np.ndarray:
    """Grain along v with darker year rings."""
    colour = colours.timber(draw) if colour is None else colour
    bend = fractal_noise(draw, size, 2, 3, stretch=0.6)
    across = np.arange(size, dtype=np.float32)[None, :] / size
    rings = np.sin((across * draw.uniform(3, 14) + bend * draw.uniform(0.6, 3)) * 2 * np.pi)
    fibre = fractal_noise(draw, size, 70, 2, stretch=14)
    weight = 0.5 + 0.3 * rings + 0.7 * (fibre - 0.5)
    return to_bytes(blend(colour * 1.08, colour * draw.uniform(0.5, 0.8), np.clip(weight, 0, 1)))


def brushed(draw: Draw, size: int, colour: np.ndarray) -> np.ndarray:
    """Metal with fine scratches along u."""
    streaks = fractal_noise(draw, size, 4, 2, stretch=0.03) * 0.7 + fractal_noise(draw, size, 6, 2, stretch=0.1) * 0.3
    sheen = np.sin(np.linspace(0, 2 * np.pi * draw.uniform(0.8, 2.5), size, dtype=np.float32) + 6 * draw.unit())
    light = 0.75 + 0.35 * streaks + 0.22 * sheen[None, :]
    return to_bytes(np.asarray(colour, np.float32) * light[..., None])


def weave(draw: Draw, size: int, colour: np.ndarray) -> np.ndarray:
    """Cloth: threads over and under."""
    count = draw.integer(30, 64)
    phase = np.arange(size, dtype=np.float32) / size * count * np.pi
    thread = np.abs(np.sin(phase))
    over = ((np.arange(size) * count // size) % 2)[:, None] ^ ((np.arange(size) * count // size) % 2)[None, :]
    light = np.where(over, thread[:, None], thread[None, :]) * 0.35 + 0.7
    tint = blend(colour, colour * 0.8, fractal_noise(draw, size, 6, 4))
    return to_bytes(tint * light[..., None])


def terrazzo(draw: Draw, size: int, colour: np.ndarray) -> np.ndarray:
    """Angular chips of several colours set in a ground (held out)."""
    picture = np.full((size, size, 3), colour, np.float32)
    for _ in range(draw.integer(300, 900)):
        centre, radius = draw.rng.random(2) * size, draw.uniform(0.003, 0.016) * size
        corners = np.sort(draw.rng.random(draw.integer(4, 6))) * 2 * np.pi
        points = centre + radius * np.stack([np.cos(corners), np.sin(corners)], -1)
        cv2.fillPoly(picture, [points.astype(np.int32)], colours.any_colour(draw).tolist(), cv2.LINE_AA)
    return to_bytes(picture)


def zigzag(draw: Draw, size: int, colour: np.ndarray) -> np.ndarray:
    """Chevrons (held out)."""
    count, teeth = draw.integer(3, 10), draw.integer(3, 8)
    across = np.abs((np.arange(size, dtype=np.float32) / size * teeth) % 1 - 0.5)
    phase = np.arange(size, dtype=np.float32)[:, None] / size * count + across[None, :] * draw.uniform(0.5, 2)
    return to_bytes(blend(colour, colours.contrasting(draw, colour), (phase % 1 < 0.5).astype(np.float32)))


def swirl(draw: Draw, size: int, colour: np.ndarray) -> np.ndarray:
    """Marbled paper (held out)."""
    bend = fractal_noise(draw, size, 3, 3) * draw.uniform(2, 5)
    wave = np.sin((bend + np.linspace(0, draw.uniform(1, 3), size, dtype=np.float32)[None, :]) * 2 * np.pi)
    return to_bytes(blend(colour, colours.contrasting(draw, colour), np.clip(0.5 + wave, 0, 1)))


HELD_OUT: tuple[Pattern, ...] = (terrazzo, zigzag, swirl)
DECOR: tuple[Pattern, ...] = (plain, speckle, gradient, stripes, checks, dots, blotches)


def decor(draw: Draw, size: int, colour: np.ndarray | None = None, plain_share: float = 0.45) -> np.ndarray:
    """The surface of a ceramic, plastic or painted thing, often plain."""
    colour = colours.any_colour(draw) if colour is None else colour
    if draw.chance(plain_share):
        return plain(draw, size, colour)
    families = DECOR[1:] if not draw.held_out else DECOR[1:] + HELD_OUT * 2
    return draw.choice(families)(draw, size, colour)
