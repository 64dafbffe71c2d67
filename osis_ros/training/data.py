"""COCO-format annotations to training samples, drawn as one endless, reproducible stream."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import cv2
import faster_coco_eval.core.mask as rle_api
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, Sampler, get_worker_info
from torchvision import tv_tensors
from torchvision.ops import masks_to_boxes
from torchvision.transforms import v2

from osis_ros.coco.annotations import GroundTruth, read_ground_truth
from osis_ros.coco.pictures import read_picture
from osis_ros.errors import DatasetError
from osis_ros.training.config import ConfigError, Source
from osis_ros.training.recolour import recolour_parts

# (pixels, masks, labels, random) -> the first three, with objects added or other surfaces.
Paster = Callable[[np.ndarray, np.ndarray, tuple[int, ...], np.random.Generator], tuple]
NO_CLASS = -1  # an object whose class is not to be learnt; it still teaches objectness, box and mask


@dataclass(frozen=True)
class Record:
    """One annotated image: its file, size in pixels, and per object a label and a compressed run-length encoding.

    `box_only` are the numbers of the objects of which only the box may be learnt.
    """

    path: Path
    height: int
    width: int
    labels: tuple[int, ...]
    rles: tuple[dict, ...]
    box_only: frozenset[int] = frozenset()


def read_source(source: Source, root: Path, class_names: tuple[str, ...]) -> list[Record]:
    """The images of a source that have at least one usable object, in id order.

    Crowd regions are left out: they outline no single object.

    Args:
        source: which files; relative paths start at `root`.
        class_names: the known classes in id order.
    Raises:
        DatasetError: a missing or broken file, nothing left to learn from.
        ConfigError: the configuration drops or renames a class that does not exist.
    """
    path = root / source.annotations
    truth = read_ground_truth(path, boxes=True)
    names = {c.name for c in truth.categories}
    hidden = tuple(names) if source.boxes_only == "all" else source.boxes_only
    uses = {"drop": (*source.drop_annotations, *source.drop_images), "rename": source.rename, "hide masks of": hidden}
    for use, named in uses.items():
        if missing := sorted({*named} - names):
            raise ConfigError(f"{path} has no class {missing[0]!r} to {use}")
    for name in source.rename.values():
        if name not in class_names:
            raise ConfigError(f"{path}: {name!r}, a new name in `rename`, is none of the model's classes")
    label_of = {name: i for i, name in enumerate(class_names)} if source.classes == "by_name" else {}
    labels = {c.id: label_of.get(source.rename.get(c.name, c.name), NO_CLASS) for c in truth.categories}
    objects = truth.objects
    out = np.unique(objects.image[_is_called(truth, source.drop_images)])
    kept = ~objects.crowd & ~_is_called(truth, source.drop_annotations) & ~np.isin(objects.image, out)
    objects, box_only = objects.take(kept), (objects.box_only | _is_called(truth, hidden))[kept]
    records = []
    for index, rows in objects.rows_by_image().items():
        image = truth.images[index]
        records.append(Record(
            root / source.images / image.file_name, image.height, image.width,
            tuple(labels[c] for c in objects.category[rows].tolist()), tuple(objects.rles[i] for i in rows.tolist()),
            frozenset(np.flatnonzero(box_only[rows]).tolist()),
        ))  # fmt: skip
    if not records:
        raise DatasetError(f"{path} leaves no image with an object to learn from")
    missing = next((r.path for r in records if not r.path.is_file()), None)
    if missing:
        raise DatasetError(f"{path} names the image {missing}, which does not exist; is `images` right?")
    return records


def _is_called(truth: GroundTruth, names: tuple[str, ...]) -> np.ndarray:
    """[N] bool, the objects whose category has one of the names."""
    return np.isin(truth.objects.category, [c.id for c in truth.categories if c.name in names])


def decode_masks(record: Record) -> np.ndarray:
    """All masks of an image, [N, H, W] uint8 0/1; that of a `box_only` object fills its box."""
    masks = np.empty((len(record.rles), record.height, record.width), np.uint8)
    for number, (mask, rle) in enumerate(zip(masks, record.rles, strict=True)):
        mask[:] = rle_api.decode(rle)
        if number in record.box_only:
            x, y, width, height = cv2.boundingRect(mask)
            mask[y : y + height, x : x + width] = 1
    return masks


def read_pixels(record: Record) -> np.ndarray:
    """An image, [H, W, 3] uint8 RGB; raises as `read_picture`."""
    return read_picture(record.path, record.height, record.width)


class Samples(Dataset):
    """Annotated images, varied by a transform; before it some by pasters, given by the record's number, and a share
    `recolour` of all objects by another colour of a part.

    An index is (record number, draw): the draw seeds the transform, so a sample is a function of its index
    alone, whatever worker makes it and however often the run was stopped.
    """

    def __init__(
        self,
        records: list[Record],
        transform: v2.Transform,
        min_pixels: int = 1,
        seed: int = 0,
        pasters: Mapping[int, Sequence[Paster]] = MappingProxyType({}),
        recolour: float = 0.0,
    ) -> None:
        self.records = records
        self.pasters = pasters
        self.transform = transform
        self.min_pixels = min_pixels
        self.seed = seed
        self.recolour = recolour

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: tuple[int, int]) -> tuple[Tensor, dict[str, Tensor]]:
        """Image uint8 [3, H, W] RGB; target with boxes float32 [N, 4] xyxy, labels int64 [N], masks uint8 [N, H, W],
        and has_mask bool [N], False where the mask is only the part of the object's box that is seen."""
        number, draw = index
        pixels, masks, labels, has_mask = self._varied(number, draw)
        image = tv_tensors.Image(torch.from_numpy(pixels).permute(2, 0, 1))
        masks = tv_tensors.Mask(torch.from_numpy(masks))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed * 1_000_003 + draw)
            image, masks = self.transform(image, masks)
        keep = masks.flatten(1).sum(1, dtype=torch.int64) >= self.min_pixels
        masks = masks[keep].as_subclass(Tensor)
        boxes = masks_to_boxes(masks) if len(masks) else torch.zeros(0, 4)
        boxes[:, 2:] += 1  # masks_to_boxes gives the last pixel, a box ends behind it
        labels, has_mask = torch.tensor(labels)[keep], torch.from_numpy(has_mask)[keep]
        target = {"boxes": boxes.float(), "labels": labels, "masks": masks, "has_mask": has_mask}
        return image.as_subclass(Tensor), target

    def _varied(self, number: int, draw: int) -> tuple[np.ndarray, np.ndarray, tuple[int, ...], np.ndarray]:
        """Pixels [H, W, 3], masks [N, H, W], N labels and has_mask [N] of a record with its pasters' and other colours'
        changes. These follow outlines, so what has none is only covered by what is pasted; it comes last."""
        record = self.records[number]
        pixels, masks, labels = read_pixels(record), decode_masks(record), record.labels
        boxed = sorted(record.box_only)
        boxes, labels_of_boxes = masks[boxed], tuple(labels[n] for n in boxed)
        if boxed:
            outlined = [n for n in range(len(labels)) if n not in record.box_only]
            masks, labels = masks[outlined], tuple(labels[n] for n in outlined)
        count = len(masks)
        random = np.random.default_rng([self.seed, 2, draw])
        for paster in self.pasters.get(number, ()):
            pixels, masks, labels = paster(pixels, masks, labels, random)
        if self.recolour:
            pixels = recolour_parts(pixels, masks, self.recolour, np.random.default_rng([self.seed, 3, draw]))
        has_mask = np.arange(len(masks) + len(boxes)) < len(masks)
        if boxed:
            masks = np.concatenate((masks, boxes & ~masks[count:].any(0)))
        return pixels, masks, (*labels, *labels_of_boxes), has_mask


class Stream(Sampler[tuple[int, int]]):
    """An endless draw from several sources by weight: index t depends on the seed and t alone.

    Each source is walked in shuffled passes, so that none of its images is drawn twice before all were once.

    Args:
        sizes: images a source, in the order in which the data set concatenates them.
        weights: relative shares.
        start: position to begin at, to resume.
        rank, world: this process takes every world-th position.
    """

    def __init__(
        self, sizes: list[int], weights: list[float], seed: int, start: int = 0, rank: int = 0, world: int = 1
    ):
        self.sizes, self.weights, self.seed = sizes, np.cumsum(weights) / sum(weights), seed
        self.start, self.rank, self.world = start, rank, world

    def __iter__(self) -> Iterator[tuple[int, int]]:
        choice = np.random.default_rng([self.seed, 0])
        offsets = np.cumsum([0, *self.sizes])
        taken = [0] * len(self.sizes)
        orders: list[np.ndarray | None] = [None] * len(self.sizes)
        position = 0
        while True:
            source = int(np.searchsorted(self.weights, choice.random(), side="right"))
            passes, within = divmod(taken[source], self.sizes[source])
            if within == 0:
                order = np.random.default_rng([self.seed, 1, source, passes])
                orders[source] = order.permutation(self.sizes[source])
            taken[source] += 1
            if position >= self.start and position % self.world == self.rank:
                yield int(offsets[source] + orders[source][within]), position
            position += 1


def collate(samples: list[tuple[Tensor, dict[str, Tensor]]]) -> tuple[Tensor, list[tuple[int, int]], list[dict]]:
    """Images padded with zeros, right and below, to one size that is a multiple of 32: [B, 3, H, W] uint8;
    their (height, width) before padding; their targets, masks padded alike. In a worker process: in shared memory."""
    sizes = [tuple(image.shape[1:]) for image, _ in samples]
    height, width = (32 * math.ceil(max(side) / 32) for side in zip(*sizes))
    images = torch.zeros(len(samples), 3, height, width, dtype=torch.uint8)
    targets = []
    for slot, (image, target) in zip(images, samples):
        slot[:, : image.shape[1], : image.shape[2]] = image
        masks = target["masks"]
        padding = (0, width - masks.shape[2], 0, height - masks.shape[1])
        targets.append({**target, "masks": torch.nn.functional.pad(masks, padding) if any(padding) else masks})
    if get_worker_info() is not None:
        _share((images, *(tensor for target in targets for tensor in target.values())))
    return images, sizes, targets


def _share(tensors: Iterable[Tensor]) -> None:
    """Put a worker's tensors where the training process reads them. PyTorch would do so once they are on their way,
    and where there is no room it would lose the batch, and the run wait for it for ever.

    Raises:
        ConfigError: there is no room.
    """
    try:
        for tensor in tensors:
            tensor.share_memory_()
    except RuntimeError as error:
        raise ConfigError(
            f"workers: they cannot hand over samples through shared memory, /dev/shm ({error}); give the container "
            "more of it (docker run --shm-size=2g), or train without workers (--set workers=0)"
        ) from None
