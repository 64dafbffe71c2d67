"""`Instances`: the result type that all parts of the package use. NumPy only, immutable."""

from dataclasses import dataclass

import numpy as np

from osis_ros.columns import Rows, absent, column, frozen

UNKNOWN_NAME = "unknown"


@dataclass(frozen=True, eq=False, kw_only=True)
class Instances(Rows):
    """What was found in one image, best score first.

    Every part that has more to say about each instance (a track, a taught name, a place in space) adds one `column`
    here, with `default=absent`. `take`, `replaced` and the checks then know it, and no call changes.

    Attributes:
        boxes: [N, 4] float32, x0 y0 x1 y1 in pixels of the image; pixel i covers [i, i+1).
        scores: [N] float32 in [0, 1], best first from the network; what they are made of msg/Instance.msg says.
        class_ids: [N] int64, 0..K-1 known, K unknown.
        distances: [N] float32 from the known classes, what T_u bounds: cosine distance (0..2) to the nearest class
            centre (SemSeg, section III-D) or, where the manifest's `unknown_by` says so, a probability (0..1).
        embeddings: [N, D] float32, unit length; D may be 0. Class and distance are told from them, unless the model
            has a second look that they do not include (the manifest's `second_look` and `decisive_embedding`).
        rois: [N, 4] int32, x y width height in whole pixels: the region that each mask covers. Inside the
            image; width and height may be 0 for an object without pixels.
        masks: N bool arrays, each [roi height, roi width].
        height, width: the image's size in pixels.
        class_names: the K known classes in id order.
        ids: [N] int64, 1 or more, each once: the instance's number within the frame, which messages and the label
            image use. 1..N unless given.
        track_ids: [N] int64, the track over the images; 0 for an instance without one. None where nothing tracks.
        track_states: [N] uint8, `osis_ros.tracking.states.TrackState` of each. None where nothing tracks.
        taught_names: [N] str, the taught name of each, empty where none fits. None where nothing was taught.
        taught_scores: [N] float32 in [-1, 1], cosine similarity to the taught views, 0 where no name fits, or None.
        frame_names, frame_scores: the same by this image alone, where `taught_names` is a vote over time; else None.
        guesses: [N] str, a guess at what an unknown object is, empty without one. None where nothing guesses.
        guess_scores: [N] float32 in [0, 1], the probability of the guess among the names, 0 without one, or None.

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
    track_ids: np.ndarray | None = column(np.int64, default=absent)
    track_states: np.ndarray | None = column(np.uint8, default=absent)
    taught_names: np.ndarray | None = column(np.str_, default=absent)
    taught_scores: np.ndarray | None = column(np.float32, default=absent)
    frame_names: np.ndarray | None = column(np.str_, default=absent)
    frame_scores: np.ndarray | None = column(np.float32, default=absent)
    guesses: np.ndarray | None = column(np.str_, default=absent)
    guess_scores: np.ndarray | None = column(np.float32, default=absent)

    def __post_init__(self) -> None:
        super().__post_init__()
        count = len(self)
        if count and not (0 <= self.class_ids.min() and self.class_ids.max() <= len(self.class_names)):
            raise ValueError(f"Instances.class_ids must be in 0..{len(self.class_names)}")
        if count and (self.ids.min() < 1 or len(set(self.ids.tolist())) < count):
            raise ValueError(f"Instances.ids must be 1 or more, each once, got {self.ids.tolist()}")
        object.__setattr__(self, "class_names", tuple(self.class_names))
        if len(self.masks) != count:
            raise ValueError(f"Instances.masks has {len(self.masks)} entries, boxes has {count}")
        object.__setattr__(self, "masks", tuple(self._checked_mask(i, mask) for i, mask in enumerate(self.masks)))

    def _checked_mask(self, index: int, mask: np.ndarray) -> np.ndarray:
        x, y, width, height = self.rois[index].tolist()
        if mask.shape != (height, width) or mask.dtype != bool:
            raise ValueError(f"mask {index} is {mask.dtype} {mask.shape}, its roi wants bool {(height, width)}")
        if not (0 <= x and 0 <= y and x + width <= self.width and y + height <= self.height):
            raise ValueError(f"roi {index} leaves the {self.width}x{self.height} image: {(x, y, width, height)}")
        return frozen(mask)

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

    def _rows(self, rows: np.ndarray) -> dict[str, object]:
        return super()._rows(rows) | {"masks": tuple(self.masks[row] for row in rows)}

    @classmethod
    def empty(cls, height: int, width: int, class_names: tuple[str, ...], embedding_dim: int = 0) -> "Instances":
        """No instance at all on an image of this size."""
        return cls(
            boxes=np.zeros((0, 4)), scores=np.zeros(0), class_ids=np.zeros(0), distances=np.zeros(0),
            embeddings=np.zeros((0, embedding_dim)), rois=np.zeros((0, 4)), masks=(),
            height=height, width=width, class_names=class_names,
        )  # fmt: skip
