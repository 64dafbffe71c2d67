"""Objects cut out of photographs and pasted into other pictures: real things where only rendered ones stood."""

from typing import NamedTuple

import cv2
import numpy as np

from osis_ros.training.config import ConfigError, Cutouts
from osis_ros.training.data import Record, decode_masks, read_pixels

SMALLEST = 40  # pixels, the root of an object's area in its photograph: below it there is little to see
LARGEST_SIDE = 256  # of a stored cut-out; larger ones are never pasted
BORDER = 2  # pixels: an object this close to the photograph's border is probably cut off by it


class Cutout(NamedTuple):
    """pixels [h, w, 3] uint8 RGB, mask [h, w] uint8 0/1, its class's label, or -1."""

    pixels: np.ndarray
    mask: np.ndarray
    label: int


class CutoutPaster:
    """Pastes random cut-outs into an image, each over a soft shadow; `config` says how many, and how large."""

    def __init__(self, cutouts: list[Cutout], config: Cutouts) -> None:
        self.cutouts, self.config = cutouts, config

    def __call__(
        self, pixels: np.ndarray, masks: np.ndarray, labels: tuple[int, ...], random: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, tuple[int, ...]]:
        """Image [H, W, 3] uint8, masks [N, H, W] uint8 and N labels, with pasted objects added; nothing is changed.

        What a pasted object covers no longer belongs to the objects below it.
        """
        if random.random() >= self.config.probability:
            return pixels, masks, labels
        pixels, masks = pixels.copy(), list(masks.copy())
        for _ in range(random.integers(1, self.config.most, endpoint=True)):
            cutout = self.cutouts[random.integers(len(self.cutouts))]
            mask = self._paste(pixels, cutout, random)
            for below in masks:
                below[mask > 0] = 0
            masks.append(mask)
            labels = (*labels, cutout.label)
        return pixels, np.stack(masks), labels

    def _paste(self, pixels: np.ndarray, cutout: Cutout, random: np.random.Generator) -> np.ndarray:
        """Draw into `pixels`; the pasted object's mask [H, W]."""
        height, width = pixels.shape[:2]
        smallest, largest = self.config.size
        size = width * smallest * (largest / smallest) ** random.random()
        patch, alpha = _varied(cutout, size / np.sqrt(cutout.mask.sum()), random)
        side = np.array(alpha.shape)
        corner = (random.random(2) * (height, width) - side / 2).astype(int)
        shadow = cv2.GaussianBlur(alpha, (0, 0), max(1.0, 0.06 * size))
        drop = (random.uniform(-0.12, 0.12, 2) * size).astype(int)
        _blend(pixels, np.zeros_like(patch), shadow * random.uniform(0.1, 0.5), corner + drop)
        _blend(pixels, patch, cv2.GaussianBlur(alpha, (3, 3), 0), corner)
        mask = np.zeros((height, width), np.uint8)
        (y0, x0), (y1, x1) = np.maximum(corner, 0), np.minimum(corner + side, (height, width))
        if y0 < y1 and x0 < x1:
            mask[y0:y1, x0:x1] = alpha[y0 - corner[0] : y1 - corner[0], x0 - corner[1] : x1 - corner[1]] >= 0.5
        return mask


def drawn_from(records: list[Record], most: int, seed: int) -> list[Record]:
    """At most so many photographs, drawn at random, in their order: cut-outs are kept in memory."""
    if len(records) <= most:
        return records
    chosen = np.random.default_rng(seed).choice(len(records), most, replace=False)
    return [records[i] for i in sorted(chosen)]


def cut_out(records: list[Record]) -> list[Cutout]:
    """The objects of photographs, cut out.

    Raises:
        ImageError, DatasetError: a photograph that cannot be read.
        ConfigError: no object that is large and whole enough.
    """
    found = [cutout for record in records for cutout in _cut_out(record)]
    if not found:
        raise ConfigError("cutouts: no object of the photographs is large enough, and whole, to be cut out")
    return found


def _cut_out(record: Record) -> list[Cutout]:
    masks = decode_masks(record)
    pixels, found = None, []
    for number, (mask, label) in enumerate(zip(masks, record.labels, strict=True)):
        x, y, w, h = cv2.boundingRect(mask)
        whole = min(x, y) >= BORDER and max(x + w - record.width, y + h - record.height) <= -BORDER
        if number in record.box_only or not whole or mask.sum() < SMALLEST**2:
            continue
        if pixels is None:
            pixels = read_pixels(record)
        scale = min(1.0, LARGEST_SIDE / max(w, h))
        size = max(1, round(w * scale)), max(1, round(h * scale))
        crop, outline = pixels[y : y + h, x : x + w], mask[y : y + h, x : x + w]
        found.append(
            Cutout(
                cv2.resize(crop, size, interpolation=cv2.INTER_AREA),
                cv2.resize(outline, size, interpolation=cv2.INTER_NEAREST_EXACT),
                label,
            )
        )
    return found


def _varied(cutout: Cutout, scale: float, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A cut-out mirrored, scaled, turned and darkened at random: pixels [h, w, 3] uint8 and coverage [h, w] float32."""
    h, w = cutout.mask.shape
    flip = random.random() < 0.5
    pixels, mask = (cutout.pixels[:, ::-1], cutout.mask[:, ::-1]) if flip else cutout[:2]
    size = max(2, round(w * scale)), max(2, round(h * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    pixels = cv2.resize(np.ascontiguousarray(pixels), size, interpolation=how)
    alpha = cv2.resize(np.ascontiguousarray(mask, np.float32), size, interpolation=how)
    # Half of them stand as they were photographed, the others lie anyhow, as things on a table seen from above do.
    angle = random.uniform(-180, 180) if random.random() < 0.5 else random.uniform(-10, 10)
    turn = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), angle, 1.0)
    cos, sin = np.abs(turn[0, :2])
    extent = int(np.ceil(size[0] * cos + size[1] * sin)), int(np.ceil(size[0] * sin + size[1] * cos))
    turn[:, 2] += np.array(extent) / 2 - np.array(size) / 2
    pixels = cv2.warpAffine(pixels, turn, extent, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    alpha = cv2.warpAffine(alpha, turn, extent, flags=cv2.INTER_LINEAR)
    gain = random.uniform(0.6, 1.15)
    return cv2.convertScaleAbs(pixels, alpha=gain), alpha


def _blend(pixels: np.ndarray, patch: np.ndarray, alpha: np.ndarray, corner: np.ndarray) -> None:
    """Draw `patch` [h, w, 3] with coverage `alpha` [h, w] into `pixels`, its corner at row, column `corner`."""
    limit = np.array(pixels.shape[:2])
    start, stop = np.clip(corner, 0, limit), np.clip(corner + alpha.shape, 0, limit)
    if (start >= stop).any():
        return
    here = tuple(slice(a, b) for a, b in zip(start, stop, strict=True))
    part = tuple(slice(a, b) for a, b in zip(start - corner, stop - corner, strict=True))
    weight = alpha[part][..., None]
    pixels[here] = (pixels[here] * (1 - weight) + patch[part] * weight + 0.5).astype(np.uint8)
