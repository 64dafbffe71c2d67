"""`Instances`: the one result type that every part passes on. Numpy only, immutable."""

from dataclasses import dataclass

import numpy as np

UNKNOWN_NAME = "unknown"


@dataclass(frozen=True, eq=False)
class Instances:
    """What was found in one image, best score first.

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

    Raises:
        ValueError: lengths, shapes or ids that do not fit together.
    """

    boxes: np.ndarray
    scores: np.ndarray
    class_ids: np.ndarray
    distances: np.ndarray
    embeddings: np.ndarray
    rois: np.ndarray
    masks: tuple[np.ndarray, ...]
    height: int
    width: int
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        count = len(self.boxes)
        dtypes = {"boxes": np.float32, "scores": np.float32, "class_ids": np.int64, "distances": np.float32,
                  "embeddings": np.float32, "rois": np.int32}  # fmt: skip
        for name, dtype in dtypes.items():
            value = np.asarray(getattr(self, name), dtype).view()
            if len(value) != count:
                raise ValueError(f"Instances.{name} has {len(value)} rows, boxes has {count}")
            value.flags.writeable = False
            object.__setattr__(self, name, value)
        if self.boxes.shape != (count, 4) or self.rois.shape != (count, 4) or self.embeddings.ndim != 2:
            raise ValueError("Instances wants boxes [N,4], rois [N,4] and embeddings [N,D]")
        if count and not (0 <= self.class_ids.min() and self.class_ids.max() <= len(self.class_names)):
            raise ValueError(f"Instances.class_ids must be in 0..{len(self.class_names)}")
        object.__setattr__(self, "class_names", tuple(self.class_names))
        object.__setattr__(self, "masks", tuple(self._checked_mask(i, mask) for i, mask in enumerate(self.masks)))
        if len(self.masks) != count:
            raise ValueError(f"Instances.masks has {len(self.masks)} entries, boxes has {count}")

    def _checked_mask(self, index: int, mask: np.ndarray) -> np.ndarray:
        x, y, width, height = self.rois[index].tolist()
        if mask.shape != (height, width) or mask.dtype != bool:
            raise ValueError(f"mask {index} is {mask.dtype} {mask.shape}, its roi wants bool {(height, width)}")
        if not (0 <= x and 0 <= y and x + width <= self.width and y + height <= self.height):
            raise ValueError(f"roi {index} leaves the {self.width}x{self.height} image: {(x, y, width, height)}")
        mask = mask.view()
        mask.flags.writeable = False
        return mask

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

    @classmethod
    def empty(cls, height: int, width: int, class_names: tuple[str, ...], embedding_dim: int = 0) -> "Instances":
        """No instance at all on an image of this size."""
        return cls(
            boxes=np.zeros((0, 4)), scores=np.zeros(0), class_ids=np.zeros(0), distances=np.zeros(0),
            embeddings=np.zeros((0, embedding_dim)), rois=np.zeros((0, 4)), masks=(),
            height=height, width=width, class_names=class_names,
        )  # fmt: skip
