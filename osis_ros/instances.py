"""`Instances`: the one result type that every part passes on. Numpy only, immutable."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace

import numpy as np

UNKNOWN_NAME = "unknown"


def column(dtype: type, *shape: int | None, default: Callable[[int], object] | None = None) -> object:
    """A field of `Instances` that has one row for each instance.

    Args:
        dtype: what the rows are stored as.
        shape: of one row; None stands for any length.
        default: makes the column for N instances where the caller gives none; without it the column must be given.
    """
    metadata = {"dtype": dtype, "shape": shape, "default": default}
    return field(metadata=metadata) if default is None else field(default=None, metadata=metadata)


def absent(count: int) -> None:
    """The default of a column that may be missing altogether: its value is then None."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Instances:
    """What was found in one image, best score first.

    Arrays are copied unless they are read-only and own their data, so nobody can change an instance afterwards.
    Every part that has more to say about each instance (a track, a taught name, a place in space) adds one `column`
    here, with `default=absent`. `take`, `replaced` and the checks then know it, and no call changes.

    Attributes:
        boxes: [N, 4] float32, x0 y0 x1 y1 in pixels of the image; pixel i covers [i, i+1).
        scores: [N] float32 in [0, 1].
        class_ids: [N] int64, 0..K-1 known, K unknown.
        distances: [N] float32 from the known classes: cosine distance (0..2) to the nearest class centre (SemSeg,
            section III-D) or, of a model that decides by it, a probability of being none of them.
        embeddings: [N, D] float32, unit length; D may be 0.
        rois: [N, 4] int32, x y width height in whole pixels: the region that each mask covers. Inside the
            image; width and height may be 0 for an object without pixels.
        masks: N bool arrays, each [roi height, roi width].
        height, width: the image's size in pixels.
        class_names: the K known classes in id order.
        ids: [N] int64, 1 or more, each once: the instance's number within the frame, which messages and the label
            image use. 1..N unless given.

    Raises:
        ValueError: lengths, shapes or ids that do not fit together, or numbers that their column cannot hold.
    """

    boxes: np.ndarray = column(np.float32, 4)
    scores: np.ndarray = column(np.float32)
    class_ids: np.ndarray = column(np.int64)
    distances: np.ndarray = column(np.float32)
    embeddings: np.ndarray = column(np.float32, None)
    rois: np.ndarray = column(np.int32, 4)
    masks: tuple[np.ndarray, ...]
    height: int
    width: int
    class_names: tuple[str, ...]
    ids: np.ndarray = column(np.int64, default=lambda count: np.arange(1, count + 1))

    def __post_init__(self) -> None:
        count = len(self.boxes)
        for name, form in self._columns().items():
            value = getattr(self, name)
            value = form["default"](count) if value is None and form["default"] else value
            if value is not None:
                value = _checked_column(name, value, count, form["dtype"], form["shape"])
            object.__setattr__(self, name, value)
        if count and not (0 <= self.class_ids.min() and self.class_ids.max() <= len(self.class_names)):
            raise ValueError(f"Instances.class_ids must be in 0..{len(self.class_names)}")
        if count and (self.ids.min() < 1 or len(np.unique(self.ids)) < count):
            raise ValueError(f"Instances.ids must be 1 or more, each once, got {self.ids.tolist()}")
        object.__setattr__(self, "class_names", tuple(self.class_names))
        if len(self.masks) != count:
            raise ValueError(f"Instances.masks has {len(self.masks)} entries, boxes has {count}")
        object.__setattr__(self, "masks", tuple(self._checked_mask(i, mask) for i, mask in enumerate(self.masks)))

    @classmethod
    def _columns(cls) -> dict[str, dict]:
        return {field.name: field.metadata for field in fields(cls) if field.metadata}

    def _checked_mask(self, index: int, mask: np.ndarray) -> np.ndarray:
        x, y, width, height = self.rois[index].tolist()
        if mask.shape != (height, width) or mask.dtype != bool:
            raise ValueError(f"mask {index} is {mask.dtype} {mask.shape}, its roi wants bool {(height, width)}")
        if not (0 <= x and 0 <= y and x + width <= self.width and y + height <= self.height):
            raise ValueError(f"roi {index} leaves the {self.width}x{self.height} image: {(x, y, width, height)}")
        return _frozen(mask)

    def __len__(self) -> int:
        return len(self.boxes)

    @property
    def unknown(self) -> np.ndarray:
        """[N] bool, True where the instance belongs to no known class."""
        return self.class_ids == len(self.class_names)

    def class_name(self, index: int) -> str:
        """The class name of instance `index`, `unknown` for an unknown one."""
        class_id = self.class_ids[index]
        return UNKNOWN_NAME if class_id == len(self.class_names) else self.class_names[class_id]

    def full_mask(self, index: int) -> np.ndarray:
        """Mask `index` on the whole image: [height, width] bool."""
        full = np.zeros((self.height, self.width), bool)
        x, y, width, height = self.rois[index]
        full[y : y + height, x : x + width] = self.masks[index]
        return full

    def take(self, index: np.ndarray | list[int]) -> "Instances":
        """The instances at these places, in this order, with their ids.

        Args:
            index: [M] int indices, or [N] bool.
        """
        rows = np.arange(len(self))[np.asarray(index, None if len(index) else np.int64)]
        chosen = {name: getattr(self, name) for name in self._columns()}
        chosen = {name: value if value is None else value[rows] for name, value in chosen.items()}
        return replace(self, **chosen, masks=tuple(self.masks[row] for row in rows))

    def replaced(self, **changes: object) -> "Instances":
        """The same with other fields or columns."""
        return replace(self, **changes)

    @classmethod
    def empty(cls, height: int, width: int, class_names: tuple[str, ...], embedding_dim: int = 0) -> "Instances":
        """No instance at all on an image of this size."""
        return cls(
            boxes=np.zeros((0, 4)), scores=np.zeros(0), class_ids=np.zeros(0), distances=np.zeros(0),
            embeddings=np.zeros((0, embedding_dim)), rois=np.zeros((0, 4)), masks=(),
            height=height, width=width, class_names=class_names,
        )  # fmt: skip


def _checked_column(name: str, value: object, count: int, dtype: type, shape: tuple[int | None, ...]) -> np.ndarray:
    given = np.asarray(value)
    if given.ndim != 1 + len(shape) or any(want not in (None, got) for want, got in zip(shape, given.shape[1:])):
        wanted = ", ".join(["N", *("D" if side is None else str(side) for side in shape)])
        raise ValueError(f"Instances.{name} is {list(given.shape)}, expected [{wanted}]")
    if len(given) != count:
        raise ValueError(f"Instances.{name} has {len(given)} rows, boxes has {count}")
    stored = given.astype(dtype, copy=False)
    if np.issubdtype(dtype, np.integer) and stored is not given and not np.array_equal(stored, given):
        raise ValueError(f"Instances.{name} must hold whole numbers, got {given.ravel()[:8].tolist()}")
    return _frozen(stored)


def _frozen(array: np.ndarray) -> np.ndarray:
    """The array itself where nobody else can write to it, else a read-only copy."""
    if array.flags.writeable or not array.flags.owndata:
        array = array.copy()
        array.flags.writeable = False
    return array
