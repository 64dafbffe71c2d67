"""How an instance looks, as one vector: colours and outline of its own pixels, and the network's embedding.

The embedding alone was trained to tell the known classes apart. It puts two different unknown objects next to each
other, while colours and outline tell them apart (benchmarks/embedding.py). So the vector holds all of them. Of colours
and outline it holds what differs between objects more than between two scenes with the same object; these directions
were learnt from rendered objects (benchmarks/fit_appearance.py).
"""

import io
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from osis_ros.instances import Instances

VERSION = 2  # of the vectors: those of another version cannot be compared

SIDE = 44  # an object is scaled down until its area is that of a square of so many pixels
FINE, COARSE = (8, 12, 12), (4, 6, 6)  # bins of L, a, b: counted, and told apart
RINGS, REACH = 16, 1.6  # of the outline, and their outer radius in sides of a square of the same area
SLOPES, STEEPEST = 12, 6.5  # bins of the logarithm of the gradient
SHARES = {"inner colours": 0.5, "outer colours": 0.5, "outline": 1.0, "texture": 0.5}
MIN_PIXELS = 16  # fewer say nothing
LOOK = 2 * int(np.prod(COARSE)) + RINGS + SLOPES  # numbers of a look
PROJECTION = Path(__file__).with_name("appearance.npz")
SIZE = 32  # directions that are kept of a look
EMBEDDING = 0.4  # length of the embedding beside them, whose length is 1
LENGTH = SIZE  # of a vector without the embedding


def appearances(rgb: np.ndarray, instances: Instances) -> np.ndarray:
    """The vectors of all instances of an image.

    Args:
        rgb: uint8 [H, W, 3] RGB, the image that they were found in.
    Returns:
        float32 [N, D] of unit length, D = `LENGTH` + the embedding's length; a row of zeros, which is similar to
        nothing, for an instance of fewer than `MIN_PIXELS` pixels. The dot product of two is their similarity, in
        [-1, 1].
    """
    own = looks(rgb, instances)
    mean, projection = _projection()
    vectors = np.concatenate([_unit((own - mean) @ projection), EMBEDDING * instances.embeddings], axis=1)
    vectors[~own.any(axis=1)] = 0
    return _unit(vectors)


def looks(rgb: np.ndarray, instances: Instances) -> np.ndarray:
    """Colours, outline and texture of all instances: float32 [N, LOOK] of unit length, zeros for too few pixels."""
    pairs = zip(instances.rois.tolist(), instances.masks, strict=True)
    each = [_look(rgb, roi, mask) for roi, mask in pairs]
    return _unit(np.array([np.zeros(LOOK) if one is None else one for one in each], np.float32).reshape(-1, LOOK))


def packed(mean: np.ndarray, projection: np.ndarray) -> bytes:
    """The file of `PROJECTION`, of mean [LOOK] and projection [LOOK, SIZE]."""
    file = io.BytesIO()
    np.savez(file, mean=mean.astype(np.float32), projection=projection.astype(np.float32))
    return file.getvalue()


@cache
def _projection() -> tuple[np.ndarray, np.ndarray]:
    with np.load(PROJECTION) as arrays:
        return arrays["mean"], arrays["projection"]


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def _look(rgb: np.ndarray, roi: list[int], mask: np.ndarray) -> np.ndarray | None:
    """[LOOK]: parts of unit length, each times the root of its share; None for too few pixels."""
    area = int(np.count_nonzero(mask))
    if area < MIN_PIXELS:
        return None
    x, y, width, height = roi
    crop, scale = rgb[y : y + height, x : x + width], SIDE / np.sqrt(area)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        crop = cv2.resize(crop, size, interpolation=cv2.INTER_AREA)
        mask = cv2.resize(mask.view(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    rows, columns = np.nonzero(mask)
    if len(rows) < MIN_PIXELS:
        return None
    radius = np.sqrt((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2) / np.sqrt(len(rows))
    lab = cv2.cvtColor(crop, cv2.COLOR_RGB2LAB)
    light, green, blue = _bin_of_value()
    bins = (light[lab[..., 0]] + green[lab[..., 1]] + blue[lab[..., 2]])[rows, columns]
    outer = radius > radius.mean()
    parts = {
        "inner colours": _colours(bins[~outer]),
        "outer colours": _colours(bins[outer]),
        "outline": _histogram(radius, RINGS, REACH),
        "texture": _slopes(lab[..., 0], mask),
    }
    return np.concatenate([np.sqrt(SHARES[name]) * _unit_root(part) for name, part in parts.items()])


@cache
def _bin_of_value() -> tuple[np.ndarray, ...]:
    """For L, a and b: of each 8-bit value what it adds to the index of its fine bin. Colour without grey is told apart
    more finely near grey, by the root."""
    level, tint = np.arange(256), np.arange(256) - 128.0
    tint = np.sign(tint) * np.sqrt(np.abs(tint)) / 18 + 0.5  # of 9 and more, which is vivid, to 0 or 1
    parts, step = [], 1
    for share, count in zip((tint, tint, level / 256), FINE[::-1], strict=True):
        parts.append(step * np.clip((share * count).astype(int), 0, count - 1))
        step *= count
    return tuple(parts[::-1])


@cache
def _shares_of_bins() -> tuple[np.ndarray, ...]:
    """For L, a and b: [coarse, fine], how a fine bin is shared between the two coarse bins that it lies between."""
    shares = []
    for fine, coarse in zip(FINE, COARSE, strict=True):
        place = np.clip((np.arange(fine) + 0.5) * coarse / fine - 0.5, 0, coarse - 1)
        shares.append(np.maximum(0, 1 - np.abs(np.arange(coarse)[:, None] - place)).astype(np.float32))
    return tuple(shares)


def _colours(bins: np.ndarray) -> np.ndarray:
    """Histogram [4 · 6 · 6] of the fine bins of some pixels."""
    light, green, blue = _shares_of_bins()
    counts = np.bincount(bins, minlength=int(np.prod(FINE))).reshape(FINE).astype(np.float32)
    return np.tensordot(light, green @ (counts @ blue.T), 1).ravel()


def _slopes(lightness: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Histogram of the logarithm of the gradient's length inside the outline."""
    inside = cv2.erode(mask.view(np.uint8), np.ones((3, 3), np.uint8), borderValue=0) > 0
    across, down = (cv2.Sobel(lightness, cv2.CV_32F, *order) for order in ((1, 0), (0, 1)))
    return _histogram(np.log1p(cv2.magnitude(across, down)[inside]), SLOPES, STEEPEST)


def _histogram(values: np.ndarray, count: int, highest: float) -> np.ndarray:
    """`count` bins from 0 to `highest`; what is higher counts as highest. (10 times faster than np.histogram.)"""
    bins = np.minimum((values * (count / highest)).astype(np.int64), count - 1)
    return np.bincount(bins, minlength=count)


def _unit_root(counts: np.ndarray) -> np.ndarray:
    """The root of a histogram at unit length: the dot product of two is their Bhattacharyya coefficient."""
    return np.sqrt(counts / max(counts.sum(), 1e-9))
