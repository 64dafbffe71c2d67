"""What a user can tune of the tracker."""

from dataclasses import dataclass, fields

from osis_ros.tracking.errors import TrackingError

RANGES = {
    "confirm_after": (0.0, 60.0),
    "forget_after": (0.1, 86400.0),
    "gate": (0.001, 10.0),
    "appearance_scale": (0.001, 2.0),
    "appearance_weight": (0.0, 10.0),
    "position_weight": (0.0, 100.0),
    "max_cost": (0.0, 10.0),
    "duplicate_iou": (0.0, 1.0),
}


@dataclass(frozen=True, kw_only=True)
class TrackerParameters:
    """Parameters of the tracker.

    Attributes:
        confirm_after: seconds for which a new object must be seen, twice at least, before it gets an id.
        forget_after: seconds after which an object that is not seen is forgotten, unless something hides it.
        gate: metres in a fixed frame beyond which an object is no longer at its place.
        appearance_scale: cosine distance between embeddings that costs as much as being at quite another place.
        appearance_weight: weight of the embedding against the place; 0 for the place alone.
        position_weight: weight of the position in space against the mask overlap, where both are known.
        max_cost: highest cost at which an instance continues a track. An instance at quite another place costs 1.
        duplicate_iou: mask IoU with a better instance above which an instance is a duplicate and gets no track.

    Raises:
        TrackingError: a value out of its range.
    """

    confirm_after: float = 0.1
    forget_after: float = 30.0
    gate: float = 0.1
    appearance_scale: float = 0.3
    appearance_weight: float = 1.0
    position_weight: float = 4.0
    max_cost: float = 1.3
    duplicate_iou: float = 0.35

    def __post_init__(self) -> None:
        for field in fields(self):
            value, (low, high) = getattr(self, field.name), RANGES[field.name]
            if not (isinstance(value, int | float) and low <= value <= high):  # a NaN is not, either
                raise TrackingError(f"{field.name} is {value}, expected a number in {low:g}..{high:g}")
