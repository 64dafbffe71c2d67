"""Textures of tables, floors, walls and bins: uint8 [size, size, 3] sRGB images and their gloss.

All splits use the families in EVERYDAY, but never the same image (draws.py). Three of five grounds in test are of the
families in HELD_OUT, which never appear in training.
"""

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np

from osis_ros.simulation import colours, patterns, prints
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.materials import Material
from osis_ros.simulation.noise import blend, fractal_noise, grain, smooth_noise, to_bytes

Ground = Callable[[Draw, int], np.ndarray]


def laminate(draw: Draw, size: int) -> np.ndarray:
    """A plain table top: white, grey, dark or coloured."""
    kinds = (colours.white, colours.grey, colours.black, colours.muted, colours.pastel)
    return patterns.plain(draw, size, draw.choice(kinds, (3, 2, 3, 3, 1))(draw))


def planks(draw: Draw, size: int) -> np.ndarray:
    """Boards side by side, each with its own grain and tone."""
    picture = patterns.wood(draw, size)
    count = draw.integer(1, 8)
    if count > 1:
        edges = (np.arange(count + 1) * size / count).astype(int)
        for left, right in pairwise(edges):
            board = np.roll(picture[:, left:right], draw.integer(0, size), 0)
            picture[:, left:right] = np.clip(board * draw.uniform(0.8, 1.1), 0, 255)
            picture[:, left : left + max(1, size // 300)] //= 2
    return picture if draw.chance(0.5) else np.ascontiguousarray(picture.transpose(1, 0, 2))


def granite(draw: Draw, size: int) -> np.ndarray:
    """Stone with grains of three or four tones."""
    base = draw.choice((colours.grey, colours.muted, colours.black, colours.white))(draw)
    picture = blend(base, base * 0.7, fractal_noise(draw, size, 8, 4))
    for _ in range(3):
        flecks = np.clip((smooth_noise(draw, size, draw.uniform(60, 200)) - draw.uniform(0.6, 0.8)) * 12, 0, 1)
        picture = blend(picture, draw.choice((colours.grey, colours.black, colours.white, colours.muted))(draw), flecks)
    return to_bytes(picture)


def marble(draw: Draw, size: int) -> np.ndarray:
    """Veins in a pale or dark ground."""
    base = colours.white(draw) if draw.chance(0.7) else colours.black(draw)
    bend = fractal_noise(draw, size, 3, 5) * draw.uniform(3, 7)
    slope = np.linspace(0, draw.uniform(1, 4), size, dtype=np.float32)
    vein = 1 - np.abs(np.sin((bend + slope[None, :] + slope[:, None] * draw.uniform(-1, 1)) * np.pi))
    weight = np.clip(vein ** draw.uniform(5, 14), 0, 1) * draw.uniform(0.3, 0.9)
    return to_bytes(blend(blend(base, base * 0.85, fractal_noise(draw, size, 5, 4)), colours.grey(draw), weight))


def cloth(draw: Draw, size: int) -> np.ndarray:
    """A woven table cloth of one colour."""
    return patterns.weave(
        draw, size, draw.choice((colours.pastel, colours.muted, colours.muted, colours.vivid, colours.white))(draw)
    )


def printed_cloth(draw: Draw, size: int) -> np.ndarray:
    """Checked, striped, dotted or blotched cloth."""
    pattern = draw.choice((patterns.checks, patterns.stripes, patterns.dots, patterns.blotches))
    picture = pattern(draw, size, colours.any_colour(draw)).astype(np.float32) / 255
    return to_bytes(picture * (0.9 + 0.1 * fractal_noise(draw, size, 40, 2))[..., None])


def rubber_mat(draw: Draw, size: int) -> np.ndarray:
    """Black or dark foam with a fine relief, as on workbenches and robot cells."""
    base = colours.black(draw) if draw.chance(0.7) else colours.muted(draw) * 0.6
    relief = smooth_noise(draw, size, draw.uniform(60, 160))
    return to_bytes(base * (0.7 + 0.6 * relief)[..., None] + 0.02 * grain(draw, size)[..., None])


def concrete(draw: Draw, size: int) -> np.ndarray:
    """Cement or plaster: clouds, pits and stains."""
    base = colours.grey(draw) if draw.chance(0.6) else colours.muted(draw)
    picture = blend(base * 1.15, base * 0.75, fractal_noise(draw, size, 4, 6))
    pits = smooth_noise(draw, size, 120) > 0.93
    return to_bytes(blend(picture, base * 0.4, pits * np.float32(0.6)) + 0.015 * grain(draw, size)[..., None])


def tiles(draw: Draw, size: int) -> np.ndarray:
    """Ceramic tiles with joints, each a shade of its own."""
    count = draw.integer(2, 9)
    base = draw.choice((colours.white, colours.pastel, colours.muted, colours.grey))(draw)
    shade = cv2.resize(draw.rng.random((count, count), np.float32), (size, size), interpolation=cv2.INTER_NEAREST)
    picture = blend(base, base * 0.75, shade * draw.uniform(0, 1))
    at = np.arange(size) * count % size
    joint = at < max(2, count * draw.uniform(0.008, 0.02) * size / count)
    picture = blend(picture, colours.grey(draw), (joint[:, None] | joint[None, :]).astype(np.float32))
    return to_bytes(picture)


def carpet(draw: Draw, size: int) -> np.ndarray:
    """Tufts: strong fine noise on patches."""
    base = draw.choice((colours.muted, colours.grey, colours.pastel))(draw)
    picture = blend(base, colours.muted(draw), fractal_noise(draw, size, 6, 3) * draw.uniform(0, 0.6))
    return to_bytes(picture * (0.75 + 0.25 * grain(draw, size))[..., None].clip(0.3, 1.5))


def board(draw: Draw, size: int) -> np.ndarray:
    """Corrugated card."""
    ribs = np.sin(np.arange(size, dtype=np.float32) * draw.uniform(0.2, 0.8))
    light = 0.95 + 0.04 * ribs[:, None] + 0.1 * (fractal_noise(draw, size, 6, 4) - 0.5)
    return to_bytes(colours.cardboard(draw) * light[..., None])


def sheet_metal(draw: Draw, size: int) -> np.ndarray:
    """Brushed or scratched steel."""
    picture = patterns.brushed(draw, size, colours.steel(draw))
    for _ in range(draw.integer(0, 25)):
        ends = (draw.rng.random((2, 2)) * size).astype(int)
        cv2.line(picture, ends[0].tolist(), ends[1].tolist(), [int(draw.uniform(90, 230))] * 3, 1, cv2.LINE_AA)
    return picture


def papers(draw: Draw, size: int) -> np.ndarray:
    """A desk strewn with flat prints: sheets, flyers, newspaper."""
    picture = laminate(draw, size) if draw.chance(0.5) else planks(draw, size)
    for _ in range(draw.integer(2, 9)):
        tall, wide = int(draw.uniform(0.15, 0.45) * size), int(draw.uniform(0.12, 0.35) * size)
        sheet = prints.label(draw, tall, wide, colours.white(draw) if draw.chance(0.6) else None)
        turn = cv2.getRotationMatrix2D((wide / 2, tall / 2), draw.uniform(0, 360), 1)
        turn[:, 2] += draw.rng.random(2) * size - (wide / 2, tall / 2)
        cv2.warpAffine(sheet, turn, (size, size), picture, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)
    return picture


def cutting_mat(draw: Draw, size: int) -> np.ndarray:
    """Green, blue or black with a printed grid (held out)."""
    base = colours.hsv(draw.uniform(0.3, 0.65), draw.uniform(0.3, 0.8), draw.uniform(0.15, 0.5))
    picture = patterns.plain(draw, size, base)
    step = size // draw.integer(8, 24)
    shade = (np.clip(base + 0.35, 0, 1) * 255).astype(int).tolist()
    for at in range(0, size, step):
        cv2.line(picture, (at, 0), (at, size), shade, 2 if at % (step * 5) == 0 else 1)
        cv2.line(picture, (0, at), (size, at), shade, 2 if at % (step * 5) == 0 else 1)
    return picture


def cork(draw: Draw, size: int) -> np.ndarray:
    """Pressed cork (held out)."""
    base = colours.hsv(draw.uniform(0.06, 0.09), draw.uniform(0.4, 0.6), draw.uniform(0.5, 0.75))
    field = smooth_noise(draw, size, draw.uniform(80, 160))
    picture = blend(base * 1.15, base * 0.7, np.clip(field * 1.6 - 0.3, 0, 1))
    return to_bytes(blend(picture, base * 0.35, np.clip((smooth_noise(draw, size, 130) - 0.8) * 10, 0, 1)))


def plaid(draw: Draw, size: int) -> np.ndarray:
    """Tartan: crossing bands of several widths (held out)."""
    base = colours.muted(draw)
    bands = np.zeros((size, 3), np.float32) + base
    for _ in range(draw.integer(3, 6)):
        colour, centre, half = colours.any_colour(draw), draw.rng.random(), draw.uniform(0.01, 0.09)
        repeat = (np.arange(size) / size * 3) % 1
        bands = np.where((np.abs(repeat - centre) < half)[:, None], bands * 0.4 + 0.6 * colour, bands)
    return to_bytes((bands[None, :] + bands[:, None]) / 2)


def _chips(draw: Draw, size: int) -> np.ndarray:
    return patterns.terrazzo(draw, size, draw.choice((colours.white, colours.grey, colours.black))(draw))


def _chevrons(draw: Draw, size: int) -> np.ndarray:
    return patterns.zigzag(draw, size, colours.any_colour(draw))


def _marbled(draw: Draw, size: int) -> np.ndarray:
    return patterns.swirl(draw, size, colours.muted(draw))


EVERYDAY: tuple[Ground, ...] = (
    laminate, laminate, planks, planks, granite, marble, cloth, printed_cloth, rubber_mat, rubber_mat, concrete, tiles,
    carpet, board, sheet_metal, papers,
)  # fmt: skip
HELD_OUT: tuple[Ground, ...] = (cutting_mat, cork, plaid, _chips, _chevrons, _marbled)
_GLOSS = {laminate: 0.5, marble: 0.7, granite: 0.6, tiles: 0.7, sheet_metal: 0.8, planks: 0.4}


def ground(draw: Draw, size: int = 512) -> Material:
    """The material of a table, floor or wall, from this split's families."""
    family = draw.choice(HELD_OUT if draw.held_out and draw.chance(0.6) else EVERYDAY)
    gloss = _GLOSS.get(family, 0.1) * draw.unit()
    return Material(np.ones(3), family(draw, size), gloss, draw.uniform(0.1, 0.9))
