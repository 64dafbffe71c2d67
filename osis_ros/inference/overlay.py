"""Draw instances on their image: each known class in its own colour, unknown ones hatched in magenta.

Where objects are tracked, their number stands before the name. Outline and label then have the track's colour, which
stays the same whatever the object is taken for.
"""

import colorsys
import unicodedata
from functools import cache, lru_cache

import cv2
import numpy as np

from osis_ros.instances import Instances

UNKNOWN_COLOUR = (255, 0, 170)
GOLDEN_RATIO = 0.618034
OPACITY = 0.45
DARK, LIGHT = (20, 20, 20), (255, 255, 255)
FONT = cv2.FONT_HERSHEY_SIMPLEX
FONT_IS_UNICODE = int(cv2.__version__.partition(".")[0]) >= 5  # OpenCV 4 draws a ? for each byte that is not ASCII
LATIN = str.maketrans({"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L",
                       "đ": "d", "Đ": "D", "ı": "i", "þ": "th", "Þ": "Th"})  # fmt: skip

Rectangle = tuple[int, int, int, int]  # x0 y0 x1 y1


def draw_overlay(rgb: np.ndarray, instances: Instances, scores: bool = True) -> np.ndarray:
    """A copy of the image with masks, contours and `name score` or `#track name score` labels, the best score on top.

    The name is the taught one, or else, with a question mark, the guess, or else that of the class. The mask has the
    colour of the class, outline and label that of the track, where there is one.

    Labels never cover each other. Where there is no room, the labels of the lowest scores are left out. The font of
    OpenCV 4 has ASCII letters only: accents are dropped, and a name in another script is shown as `class 3`.

    Args:
        rgb: uint8 [H, W, 3] RGB, the image that the instances were found in.
        scores: False leaves them out of the labels, as suits ground truth.
    Returns:
        uint8 [H, W, 3] RGB.
    Raises:
        ValueError: an image of another size than the instances'.
    """
    if rgb.shape[:2] != (instances.height, instances.width):
        raise ValueError(
            f"the image is {rgb.shape[1]}x{rgb.shape[0]}, the instances are of one that is "
            f"{instances.width}x{instances.height}"
        )
    unit = max(1, round(max(rgb.shape[:2]) / 640))  # line width: what reads well at 640 pixels, in proportion
    worst_first = np.argsort(instances.scores, kind="stable").tolist()
    out = _fill(np.ascontiguousarray(rgb), instances, worst_first, unit)
    outlines = {index: _contours(instances, index) for index in worst_first}
    for index in worst_first:
        _outline(out, outlines[index], outline_colour(instances, index), unit)
    taken: list[Rectangle] = []
    for index in reversed(worst_first):
        if outlines[index]:
            name = _drawable(_name(instances, index), int(instances.class_ids[index]))
            name = f"#{track} {name}" if (track := track_of(instances, index)) else name
            text = f"{name} {instances.scores[index]:.2f}" if scores else name
            _label(out, instances, index, text, unit, taken)
    return out


def _name(instances: Instances, index: int) -> str:
    """The taught name, else the guess with a question mark, else the class name."""
    taught = "" if instances.taught_names is None else str(instances.taught_names[index])
    guess = "" if instances.guesses is None else str(instances.guesses[index])
    return taught or (f"{guess}?" if guess else instances.class_name(index))


def colour_of(instances: Instances, index: int) -> tuple[int, int, int]:
    """The RGB colour of instance `index`."""
    return UNKNOWN_COLOUR if instances.unknown[index] else class_colour(int(instances.class_ids[index]))


def track_of(instances: Instances, index: int) -> int:
    """The track of instance `index`, 0 where it has none."""
    return 0 if instances.track_ids is None else int(instances.track_ids[index])


def outline_colour(instances: Instances, index: int) -> tuple[int, int, int]:
    """The RGB colour of the outline and the label of instance `index`: its track's, or else that of its mask."""
    track = track_of(instances, index)
    return track_colour(track) if track else colour_of(instances, index)


@cache
def class_colour(class_id: int) -> tuple[int, int, int]:
    """The RGB colour of a known class. It is the same in every image and never near magenta, the colour of unknown."""
    hue = (0.30 + class_id * GOLDEN_RATIO) % 1 * 0.75 + 0.02
    lightness = (0.55, 0.42, 0.66)[class_id % 3]
    return tuple(round(255 * channel) for channel in colorsys.hls_to_rgb(hue, lightness, 0.85))


@cache
def track_colour(track_id: int) -> tuple[int, int, int]:
    """The RGB colour of a track. It is the same in every image and differs from those of the tracks next to it."""
    hue, lightness = track_id * GOLDEN_RATIO % 1, (0.5, 0.68, 0.6)[track_id % 3]
    return tuple(round(255 * channel) for channel in colorsys.hls_to_rgb(hue, lightness, 1.0))


def _fill(rgb: np.ndarray, instances: Instances, worst_first: list[int], unit: int) -> np.ndarray:
    """A copy of the image with the colour of each mask blended in, the best score on top.

    The masks are drawn as numbers, which a table turns into colours, so that the image is blended once.
    """
    colours = list(dict.fromkeys(colour_of(instances, index) for index in reversed(worst_first)))[:255]
    palette = np.zeros((256, 1, 3), np.uint8)
    palette[1 : len(colours) + 1, 0] = np.reshape(colours, (-1, 3))
    numbers = {colour: number for number, colour in enumerate(colours, 1)}
    painted = np.zeros(rgb.shape[:2], np.uint8)
    for index in worst_first:
        x, y, width, height = instances.rois[index].tolist()
        number = numbers.get(colour_of(instances, index), 255)
        np.copyto(painted[y : y + height, x : x + width], number, where=instances.masks[index])
    if UNKNOWN_COLOUR in numbers:
        between = (painted == numbers[UNKNOWN_COLOUR]) & ~_hatching(*rgb.shape[:2], 5 * unit)
        painted[between] = 0
    tinted = cv2.addWeighted(rgb, 1 - OPACITY, cv2.applyColorMap(painted, palette), OPACITY, 0)
    return cv2.copyTo(tinted, painted, rgb.copy())


@lru_cache(4)  # of the cameras in use
def _hatching(height: int, width: int, stripe: int) -> np.ndarray:
    """[H, W] bool, True within diagonal stripes of so many pixels."""
    return (np.arange(height)[:, None] + np.arange(width)) // stripe % 2 == 0


def _contours(instances: Instances, index: int) -> list[np.ndarray]:
    """Of the mask, in the image; none for an empty mask."""
    x, y, _, _ = instances.rois[index].tolist()
    mask = instances.masks[index].view(np.uint8)
    return list(cv2.findContours(mask, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE, offset=(x, y))[0])


def _outline(out: np.ndarray, contours: list[np.ndarray], colour: tuple[int, int, int], unit: int) -> None:
    cv2.drawContours(out, contours, -1, DARK, 3 * unit, cv2.LINE_8)  # a dark rim, seen on any ground
    thin = unit == 1  # a thick smooth line takes ten times as long
    cv2.drawContours(out, contours, -1, colour, 2 * unit - 1, cv2.LINE_AA if thin else cv2.LINE_8)


def _label(out: np.ndarray, instances: Instances, index: int, text: str, unit: int, taken: list[Rectangle]) -> None:
    size = 0.42 * unit
    (width, height), below = cv2.getTextSize(text, FONT, size, unit)
    pad = 3 * unit
    place = _place(instances, index, width + 2 * pad, height + below + 2 * pad, taken)
    if place is None:
        return
    x, y = place
    plate = (x, y, x + width + 2 * pad, y + height + below + 2 * pad)
    taken.append(plate)
    colour = outline_colour(instances, index)
    cv2.rectangle(out, plate[:2], plate[2:], colour, cv2.FILLED)
    bright = np.dot(colour, (0.299, 0.587, 0.114)) > 140
    cv2.putText(out, text, (x + pad, y + pad + height), FONT, size, DARK if bright else LIGHT, unit, cv2.LINE_AA)


def _drawable(name: str, class_id: int) -> str:
    """The name as the font can draw it."""
    if FONT_IS_UNICODE or name.isascii():
        return name
    letters = unicodedata.normalize("NFKD", name.translate(LATIN))
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return plain if plain.isascii() else f"class {class_id}"


def _place(instances: Instances, index: int, width: int, height: int, taken: list[Rectangle]) -> tuple[int, int] | None:
    """Position of a label: the first free one of above, below and inside the box; None if there is none."""
    x0, y0, box_width, box_height = instances.rois[index].tolist()
    last_x, last_y = max(0, instances.width - width), max(0, instances.height - height)
    middle = x0 + (box_width - width) // 2
    heights = (y0 - height, y0 + box_height, y0, y0 + (box_height - height) // 2, y0 + box_height - height)
    places = [
        (min(max(x, 0), last_x), min(max(y, 0), last_y)) for y in heights for x in (x0, middle, x0 + box_width - width)
    ]
    free = (place for place in places if not any(_overlap(place, width, height, other) for other in taken))
    return next(free, None)


def _overlap(place: tuple[int, int], width: int, height: int, other: Rectangle) -> bool:
    x, y = place
    return x < other[2] and other[0] < x + width and y < other[3] and other[1] < y + height
