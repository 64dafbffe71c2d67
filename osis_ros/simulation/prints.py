"""Printed surfaces: labels, package nets, book covers, with lettering, logos, bar codes and fine print."""

import cv2
import numpy as np

from osis_ros.simulation import colours, patterns
from osis_ros.simulation.draws import Draw
from osis_ros.simulation.noise import blend, fractal_noise

_LETTERS = "AAABCDEEEEFGHIIKLLMNNOOPRRSSTTUUVXYZ"
_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_SCRIPT_COMPLEX,
)  # fmt: skip


def label(draw: Draw, height: int, width: int, ground: np.ndarray | None = None) -> np.ndarray:
    """A brand label: ground, band or gradient, logo, large word, lines of fine print, perhaps a bar code.

    Returns:
        uint8 [height, width, 3].
    """
    ground = colours.any_colour(draw) if ground is None else ground
    ink = colours.contrasting(draw, ground)
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = _ink(ground)
    _background(draw, picture, ink)
    for _ in range(draw.integer(0, 2)):
        _logo(draw, picture)
    _word(draw, picture, draw.uniform(0.1, 0.26), (draw.uniform(0.02, 0.25), draw.uniform(0.2, 0.6)), ink)
    for _ in range(draw.integer(0, 3)):
        second = colours.contrasting(draw, ground)
        _word(draw, picture, draw.uniform(0.04, 0.11), (draw.uniform(0.03, 0.6), draw.uniform(0.1, 0.95)), second)
    if draw.chance(0.6):
        _fine_print(draw, picture, ink)
    if draw.chance(0.3):
        _bar_code(draw, picture)
    return picture


def _ink(colour: np.ndarray) -> list[int]:
    return (np.clip(colour, 0, 1) * 255 + 0.5).astype(int).tolist()


def wrap(draw: Draw, height: int, width: int) -> np.ndarray:
    """A label that goes round a can or bottle: two fronts side by side."""
    ground = colours.any_colour(draw)
    front = label(draw, height, width // 2, ground)
    back = front if draw.chance(0.5) else label(draw, height, width - width // 2, ground)
    return np.ascontiguousarray(np.concatenate([front, cv2.resize(back, (width - width // 2, height))], 1))


def package_net(draw: Draw, cell: int, ground: np.ndarray | None = None, fronts: float = 0.8) -> np.ndarray:
    """The printed net of a box (see box.py): uint8 [2 * cell, 3 * cell, 3], six panels in one design."""
    ground = colours.any_colour(draw) if ground is None else ground
    front = label(draw, cell, cell, ground)
    panels = []
    for _ in range(6):
        if draw.chance(fronts / 2):
            panels.append(front)
        elif draw.chance(fronts):
            panels.append(label(draw, cell, cell, ground))
        else:
            panels.append(patterns.plain(draw, cell, ground))
    return np.ascontiguousarray(np.concatenate([np.concatenate(panels[:3], 1), np.concatenate(panels[3:], 1)], 0))


def _background(draw: Draw, picture: np.ndarray, ink: np.ndarray) -> None:
    height, width = picture.shape[:2]
    style = draw.choice(("flat", "band", "gradient", "diagonal", "photo", "disc"))
    other = _ink(colours.any_colour(draw))
    if style == "band":
        top = int(height * draw.uniform(0, 0.7))
        picture[top : top + int(height * draw.uniform(0.1, 0.4))] = other
    elif style == "gradient":
        ramp = np.broadcast_to(np.linspace(0, 1, height, dtype=np.float32)[:, None], (height, width))
        picture[:] = blend(picture, other, ramp)
    elif style == "diagonal":
        offset = draw.uniform(-0.5, 0.5) * width
        corners = [[offset, height], [offset + width, 0], [width * 2, 0], [width * 2, height]]
        cv2.fillPoly(picture, [np.array(corners, np.int32)], other, cv2.LINE_AA)
    elif style == "photo":  # a blurred picture of something, as on food packages
        top, left = int(height * draw.uniform(0.25, 0.5)), int(width * draw.uniform(0, 0.3))
        size = max(height, width)
        field = fractal_noise(draw, size, 5, 4)[: height - top, : width - left]
        picture[top:, left:] = blend(other, _ink(colours.vivid(draw)), np.clip(field * 2 - 0.5, 0, 1))
    elif style == "disc":
        centre = (int(width * draw.uniform(0.2, 0.8)), int(height * draw.uniform(0.2, 0.8)))
        cv2.circle(picture, centre, int(height * draw.uniform(0.2, 0.6)), other, -1, cv2.LINE_AA)


def _logo(draw: Draw, picture: np.ndarray) -> None:
    height, width = picture.shape[:2]
    x, y, r = (
        int(width * draw.uniform(0.1, 0.9)),
        int(height * draw.uniform(0.1, 0.9)),
        height * draw.uniform(0.06, 0.2),
    )
    colour, kind = _ink(colours.vivid(draw)), draw.choice(("ellipse", "star", "ring", "leaf", "bolt"))
    if kind == "ellipse":
        cv2.ellipse(picture, (x, y), (int(r * 1.6), int(r)), draw.uniform(-30, 30), 0, 360, colour, -1, cv2.LINE_AA)
    elif kind == "ring":
        cv2.circle(picture, (x, y), int(r), colour, max(1, int(r / 4)), cv2.LINE_AA)
    else:
        count = {"star": draw.integer(5, 9) * 2, "leaf": 8, "bolt": 6}[kind]
        angle = np.linspace(0, 2 * np.pi, count, endpoint=False)
        reach = r * np.where(np.arange(count) % 2, draw.uniform(0.3, 0.8), 1.0)
        points = np.stack([x + reach * np.cos(angle), y + reach * np.sin(angle)], -1)
        cv2.fillPoly(picture, [points.astype(np.int32)], colour, cv2.LINE_AA)


def _word(draw: Draw, picture: np.ndarray, tall: float, at: tuple[float, float], ink: np.ndarray) -> None:
    height, width = picture.shape[:2]
    word = "".join(draw.choice(_LETTERS) for _ in range(draw.integer(3, 8)))
    word = word if draw.chance(0.6) else word.capitalize()
    scale = tall * height / 22
    place = (int(at[0] * width), int(at[1] * height))
    thick = max(1, round(scale * draw.uniform(1, 4)))
    cv2.putText(picture, word, place, draw.choice(_FONTS), scale, _ink(ink), thick, cv2.LINE_AA)


def _fine_print(draw: Draw, picture: np.ndarray, ink: np.ndarray) -> None:
    height, width = picture.shape[:2]
    left, right = sorted(draw.uniform(0.03, 0.97, 2))
    step = max(3, int(height * draw.uniform(0.025, 0.05)))
    top = int(height * draw.uniform(0.1, 0.7))
    for y in range(top, min(height, top + step * draw.integer(3, 10)), step):
        x = left
        while x < right - 0.02:
            end = min(right, x + 0.02 + 0.09 * draw.rng.random())
            cv2.line(picture, (int(x * width), y), (int(end * width), y), _ink(ink), max(1, step // 3), cv2.LINE_AA)
            x = end + 0.02


def _bar_code(draw: Draw, picture: np.ndarray) -> None:
    height, width = picture.shape[:2]
    y, x = int(height * draw.uniform(0.5, 0.75)), int(width * draw.uniform(0.05, 0.6))
    bars = np.repeat(draw.rng.random(30) > 0.5, max(1, width // 110))
    tall = int(height * 0.18)
    patch = picture[y : y + tall, x : x + len(bars)]
    patch[:] = np.where(bars[: patch.shape[1]], 12, 242)[None, :, None]
