"""The outline of a mask as polygons, for tools that know no masks."""

import cv2
import numpy as np

FINER = (
    4  # the mask is enlarged so much, so that the outline runs along the pixels' edges and not through their middles
)
TOLERANCE = 0.7  # px, by which the outline may miss the edge to have fewer corners
LEAST_SHARE = 0.02  # of the largest part; smaller parts are left out, they are specks


def polygons(mask: np.ndarray, origin: tuple[int, int] = (0, 0)) -> list[np.ndarray]:
    """The outer outlines of a mask's parts, largest first. Holes are filled.

    Args:
        mask: bool [h, w] with at least one pixel.
        origin: x, y of its first pixel on the picture.
    Returns:
        one [P, 2] float64 array for each part, P ≥ 3: x y in pixels, where pixel i covers [i, i+1).
    """
    fine = cv2.resize(mask.astype(np.uint8), None, fx=FINER, fy=FINER, interpolation=cv2.INTER_NEAREST)
    outlines, _ = cv2.findContours(fine, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    areas = [cv2.contourArea(outline) for outline in outlines]
    order = np.argsort([-area for area in areas], kind="stable")
    kept = [index for index in order if areas[index] >= LEAST_SHARE * areas[order[0]]]
    found = [cv2.approxPolyDP(outlines[index], TOLERANCE * FINER, True)[:, 0] for index in kept]
    if len(found[0]) < 3:  # a line of a few pixels
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        x0, y0, x1, y1 = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
        return [np.array([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], float) + origin]
    return [((corners + 0.5) / FINER).round(3) + origin for corners in found if len(corners) >= 3]
