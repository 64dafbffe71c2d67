"""What is known of a track. The numbers are those of msg/Instance.msg and msg/Track.msg."""

from enum import IntEnum


class TrackState(IntEnum):
    """State of a track after an update."""

    NONE = 0  # no tracking
    TENTATIVE = 1  # seen for too short a time to be believed; has no id yet
    CONFIRMED = 2  # seen in this image
    OCCLUDED = 3  # not seen, because something nearer hides its place
    LOST = 4  # not seen, for a reason that is not known: missed, or out of the camera's view
    GONE = 5  # not seen, and its place is empty; keeps its id in case it is recognised elsewhere
