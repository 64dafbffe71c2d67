"""COCO's compressed run-length encoding of masks, written and read with numpy alone.

The format: pixels are read column by column and stored as run lengths, alternately of 0 and 1, starting with 0. From
the fourth run on, the difference to the run two before is stored instead. Each number is split into groups of five
bits, lowest first. A group is one character, '0' plus its value; bit 5 is set if more groups follow.
"""

import numpy as np

from osis_ros.instances import Instances

MAX_GROUPS = 8  # 40 bits, sign included: images up to 2^39 pixels
SHIFTS = 5 * np.arange(MAX_GROUPS)


def encode(mask: np.ndarray, roi: tuple[int, int] = (0, 0), size: tuple[int, int] | None = None) -> dict:
    """COCO RLE of a mask. The mask may be a crop of a larger image that is 0 elsewhere.

    Args:
        mask: [h, w], any dtype; everything but 0 counts as inside.
        roi: x, y of the crop's first pixel in the image.
        size: height, width of the image; the mask's own when left out.
    Returns:
        {"size": [height, width], "counts": ASCII string}, as COCO's JSON files and tools hold it.
    Raises:
        ValueError: the crop leaves the image.
    """
    mask = np.asarray(mask)
    (x, y), (height, width) = roi, size or mask.shape
    rows, columns = mask.shape
    if not (0 <= x and 0 <= y and x + columns <= width and y + rows <= height):
        raise ValueError(f"a {columns}x{rows} mask at x {x}, y {y} leaves the {width}x{height} image")
    return {"size": [int(height), int(width)], "counts": _compress(_runs(mask != 0, x, y, height, width))}


def encode_instances(instances: Instances) -> list[dict]:
    """COCO RLE of every instance's mask on the whole image, computed from the cropped masks."""
    size = (instances.height, instances.width)
    rois = instances.rois.tolist()
    return [encode(mask, (x, y), size) for mask, (x, y, _, _) in zip(instances.masks, rois, strict=True)]


def decode(rle: dict) -> np.ndarray:
    """The [height, width] bool mask of a COCO RLE, compressed (`counts` a string) or not (a list of run lengths).

    Raises:
        ValueError: negative run lengths, ones that do not sum to the image's size, or a string that is none.
    """
    height, width = rle["size"]
    counts = rle["counts"]
    runs = np.asarray(counts, np.int64) if isinstance(counts, list) else _decompress(counts)
    if (runs < 0).any():
        raise ValueError(f"RLE has a run of length {runs.min()}, expected 0 or more")
    if runs.sum() != height * width:
        raise ValueError(f"RLE runs sum to {runs.sum()}, the {width}x{height} image has {height * width} pixels")
    inside = np.arange(len(runs)) % 2 == 1
    return np.repeat(inside, runs).reshape(width, height).T


def _runs(mask: np.ndarray, x: int, y: int, height: int, width: int) -> np.ndarray:
    """Run lengths [R] int64 over the image's columns, the first one of zeros (maybe of length 0)."""
    rows, columns = mask.shape
    padded = np.zeros((columns, rows + 2), np.int8)
    padded[:, 1:-1] = mask.T
    column, row = np.nonzero(padded[:, 1:] != padded[:, :-1])
    changes = (column + x) * height + row + y  # a run that ends a column and one that starts the next: equal positions
    same = changes[1:] == changes[:-1]
    joined = np.concatenate((same, [False])) | np.concatenate(([False], same))
    changes = changes[~joined[: len(changes)]]
    return np.diff(changes, prepend=0, append=height * width)[: None if _ends_open(changes, height * width) else -1]


def _ends_open(changes: np.ndarray, total: int) -> bool:
    """Whether a last run must be written: not when the last change is the image's very end."""
    return len(changes) == 0 or changes[-1] != total


def _compress(runs: np.ndarray) -> str:
    values = runs.astype(np.int64)
    values[3:] -= runs[1:-2]
    groups = (values[:, None] >> SHIFTS) & 0x1F
    rest = values[:, None] >> (SHIFTS + 5)
    last = np.where(groups & 0x10, rest == -1, rest == 0).argmax(1)[:, None]  # the sign is read off the last group
    index = np.arange(MAX_GROUPS)
    characters = groups + np.where(index < last, 0x20, 0) + ord("0")
    return characters[index <= last].astype(np.uint8).tobytes().decode("ascii")


def _decompress(counts: str | bytes) -> np.ndarray:
    data = np.frombuffer(counts.encode("ascii") if isinstance(counts, str) else counts, np.uint8).astype(np.int64)
    data -= ord("0")
    if len(data) and not (data.min() >= 0 and data.max() < 64 and data[-1] < 32):
        raise ValueError("RLE counts is not a string of COCO's compressed form")
    starts = np.flatnonzero(np.concatenate(([True], data[:-1] < 32)))[: len(data)]
    lengths = np.diff(starts, append=len(data))
    place = np.arange(len(data)) - np.repeat(starts, lengths)
    values = np.add.reduceat((data & 0x1F) << (5 * place), starts) if len(data) else data
    negative = (data[starts + lengths - 1] & 0x10) != 0
    values = np.where(negative, values - (np.int64(1) << (5 * lengths)), values)
    runs = values.copy()
    # run i is stored as the difference to run i-2 from the fourth on: two running sums, over odd and even runs
    runs[1::2] = np.cumsum(values[1::2])
    runs[2::2] = np.cumsum(values[2::2])
    return runs
