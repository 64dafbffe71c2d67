"""Parts of objects in other colours: a thing of several materials is one object all the same.

Most rendered and photographed objects have one colour, so a network takes a tool's head, or its grip, for an object. A
piece of an object's mask, cut off across its length, gets another colour and keeps its shading.
"""

import numpy as np

LEAST_PIXELS = 150  # of an object: smaller ones have no parts to see
ALONG_PROBABILITY = 0.7  # of a cut across the longest extent, as tools are made; else in any direction


def recolour_parts(
    pixels: np.ndarray, masks: np.ndarray, probability: float, random: np.random.Generator
) -> np.ndarray:
    """The image [H, W, 3] uint8 with a part of some objects in another colour; `pixels` stays as it is.

    Args:
        masks: [N, H, W] uint8 0/1.
        probability: that an object gets one.
    """
    pixels = pixels.copy()
    for mask in masks:
        if random.random() >= probability:
            continue
        rows, columns = np.nonzero(mask)
        if len(rows) < LEAST_PIXELS:
            continue
        part = part_of(np.stack((columns, rows), 1).astype(np.float32), random)
        rows, columns = rows[part], columns[part]
        if len(rows):
            pixels[rows, columns] = _in_another_colour(pixels[rows, columns], random)
    return pixels


def part_of(places: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """[P] bool: an end or a middle piece of pixels [P, 2], cut along lines that are straight or bent."""
    centred = places - places.mean(0)
    along = np.linalg.eigh(centred.T @ centred)[1][:, 1]
    if random.random() >= ALONG_PROBABILITY:
        angle = random.uniform(0, np.pi)
        along = np.array((np.cos(angle), np.sin(angle)))
    forth, across = centred @ along, centred @ (-along[1], along[0])
    bend = random.normal(0, 0.3) * np.ptp(forth) * (across / max(np.abs(across).max(), 1)) ** 2
    at = forth + bend
    at = (at - at.min()) / max(float(np.ptp(at)), 1)
    if random.random() < 0.5:
        at = 1 - at
    start = random.uniform(0.2, 0.5) if random.random() < 0.3 else 0.0
    return (at >= start) & (at < start + random.uniform(0.2, 0.75))


def _in_another_colour(colours: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Pixels [P, 3] of one random colour, as bright or dark against each other as they were."""
    grey = colours.mean(1)
    shading = np.clip(grey / max(float(grey.mean()), 1.0), 0.4, 1.7)[:, None]
    colour = random.uniform(0, 255, 3)
    if random.random() < 0.4:  # black, grey and white parts are common
        colour[:] = random.uniform(10, 245)
    return np.clip(colour * shading, 0, 255).astype(np.uint8)
