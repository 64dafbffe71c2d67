"""COCO's `segmentation` field in its three forms -> compressed run-length encoding, checked."""

from typing import Any

import faster_coco_eval.core.mask as rle_api
import numpy as np

CHUNK = 20_000  # masks checked at a time: a few dozen MB of run lengths
FARTHEST = 1_000_000  # px from the origin: drawing a polygon takes time and memory by its length


def to_rle(segmentation: Any, height: int, width: int) -> dict:
    """Polygons, uncompressed or compressed run-length encoding -> `{"size": [height, width], "counts": …}`.

    A compressed string is passed on as it is; `first_broken` checks many of them at once.

    Raises:
        ValueError: a form, size or number that does not fit.
    """
    if isinstance(segmentation, list):
        return _from_polygons(segmentation, height, width)
    if not isinstance(segmentation, dict):
        found = "missing" if segmentation is None else repr(segmentation)[:40]
        raise ValueError(f"segmentation is {found}, expected polygons or a run-length encoding")
    size, counts = segmentation.get("size"), segmentation.get("counts")
    if size not in ([height, width], (height, width)):
        raise ValueError(f"its mask's size is {size}, the image's is {[height, width]} (height, width)")
    if isinstance(counts, str | bytes):
        return segmentation
    if not isinstance(counts, list) or not all(isinstance(c, int) and c >= 0 for c in counts):
        raise ValueError(f"counts is {repr(counts)[:40]}, expected a string or a list of run lengths")
    if sum(counts) != height * width:
        raise ValueError(f"its run lengths add up to {sum(counts)}, the image has {height * width} pixels")
    return rle_api.frPyObjects(segmentation, height, width)


def rectangle(bbox: Any) -> list[list[float]]:
    """COCO's `bbox`, [x, y, width, height] in pixels, as a polygon.

    Raises:
        ValueError: it is none.
    """
    numbers = np.full(4, np.nan)
    if isinstance(bbox, list) and len(bbox) == 4 and all(isinstance(n, int | float) for n in bbox):
        numbers = np.array(bbox, float)
    if not np.isfinite(numbers).all() or (numbers[2:] < 0).any():
        raise ValueError(f"bbox is {repr(bbox)[:60]}, expected [x, y, width, height] in pixels")
    x, y, width, height = numbers.tolist()
    return [[x, y, x + width, y, x + width, y + height, x, y + height]]


def _from_polygons(polygons: list, height: int, width: int) -> dict:
    if not height or not width:
        raise ValueError("the image has no height and width, which polygons need")
    try:
        parts = [np.asarray(part, float) for part in polygons]
    except (TypeError, ValueError):
        parts = [np.zeros((0, 0))]
    if any(part.ndim != 1 or len(part) % 2 or not np.isfinite(part).all() for part in parts):
        raise ValueError("a polygon is not a list of x, y, x, y, … numbers")
    if any(np.abs(part).max(initial=0) > FARTHEST for part in parts):
        raise ValueError(f"a polygon reaches further than {FARTHEST:,} pixels")
    areas = [part.tolist() for part in parts if len(part) >= 6]  # fewer than three corners hold no pixel
    if areas:
        return rle_api.merge(rle_api.frPyObjects(areas, height, width))
    return rle_api.frPyObjects({"size": [height, width], "counts": [height * width]}, height, width)


def first_broken(rles: list[dict]) -> tuple[int | None, str]:
    """The index of the first run-length string that does not fill its image, and what is wrong; or (None, "")."""
    for start in range(0, len(rles), CHUNK):
        chunk = rles[start : start + CHUNK]
        strings = [c.encode("latin-1", "replace") if isinstance(c := rle["counts"], str) else c for rle in chunk]
        totals = _run_totals(strings)
        pixels = np.array([rle["size"][0] * rle["size"][1] for rle in chunk])
        wrong = np.flatnonzero(totals != pixels)
        if len(wrong):
            first = int(wrong[0])
            what = f"covers {totals[first]} of {pixels[first]} pixels" if totals[first] >= 0 else "is not COCO's"
            return start + first, f"its run-length string {what}"
    return None, ""


def _run_totals(strings: list[bytes]) -> np.ndarray:
    """[N] int64, the sum of each string's run lengths; -1 for a string that is no run-length encoding.

    A number is five bits a character, lowest first, bit 5 set on all but its last. From the fourth on it is the
    difference to the run two before: runs 1, 3, 5, … are running sums, and so are runs 2, 4, 6, ….
    """
    lengths = np.array([len(s) for s in strings], np.int64)
    codes = np.frombuffer(b"".join(strings), np.uint8).astype(np.int64) - ord("0")
    owner = np.repeat(np.arange(len(strings)), lengths)
    broken = np.bincount(owner, (codes < 0) | (codes > 63), len(strings)) > 0
    last = codes & 0x20 == 0
    ends = np.cumsum(lengths)[lengths > 0] - 1
    broken[np.flatnonzero(lengths > 0)[~last[ends]]] = True
    last[ends] = True  # a broken string must not run into the next
    starts = np.flatnonzero(np.concatenate(([True], last[:-1]))) if len(codes) else np.zeros(0, np.int64)
    groups = np.diff(starts, append=len(codes))
    place = np.minimum(np.arange(len(codes)) - np.repeat(starts, groups), 11)
    values = np.add.reduceat((codes & 0x1F) << (5 * place), starts) if len(starts) else starts
    negative = codes[starts + groups - 1] & 0x10 != 0
    values = values - np.where(negative, np.int64(1) << (5 * np.minimum(groups, 11)), 0)
    owner = owner[starts]
    count = np.bincount(owner, minlength=len(strings))
    index = np.arange(len(owner)) - np.repeat(np.cumsum(count) - count, count)
    runs = values.copy()
    for chain in (index % 2 == 1, (index % 2 == 0) & (index > 0)):
        of_string = owner[chain]
        sums = np.cumsum(values[chain])
        first = np.flatnonzero(np.diff(of_string, prepend=-1))
        before = np.repeat(sums[first] - values[chain][first], np.diff(first, append=len(sums)))
        runs[chain] = sums - before
    broken |= np.bincount(owner, runs < 0, len(strings)) > 0
    totals = np.zeros(len(strings), np.int64)
    np.add.at(totals, owner, runs)
    return np.where(broken, -1, totals)
