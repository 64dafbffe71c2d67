"""The calibrations of a camera over time: of each image the one that was valid at its stamp."""

from sensor_msgs.msg import CameraInfo

from osis_ros.messages.stamps import stamp_of

CHANGES = 50  # that are kept


class Calibrations:
    """Keeps the camera_info whenever it changes, as with a zoom lens, another resolution or another scene of a
    simulator: an image may be placed seconds later. `put` and `at` may be called in any thread."""

    def __init__(self) -> None:
        self._changes: tuple[tuple[int, CameraInfo], ...] = ()  # oldest first; replaced, never changed

    def put(self, message: CameraInfo) -> None:
        """Take in a message; those of an earlier time take the place of all later ones."""
        stamp = stamp_of(message)
        changes = tuple(change for change in self._changes if change[0] <= stamp)
        if not changes or not _same(changes[-1][1], message):
            changes = (*changes, (stamp, message))[-CHANGES:]
        self._changes = changes

    def at(self, stamp: int) -> CameraInfo | None:
        """What was valid at a stamp (ns), or the first one there is; None where nothing has come."""
        changes = self._changes
        valid = [message for since, message in changes if since <= stamp]
        return valid[-1] if valid else changes[0][1] if changes else None


def _same(a: CameraInfo, b: CameraInfo) -> bool:
    return all(_values(getattr(a, name)) == _values(getattr(b, name)) for name in a.get_fields_and_field_types()
               if name != "header")  # fmt: skip


def _values(field: object) -> object:
    return list(field) if hasattr(field, "__iter__") and not isinstance(field, str) else field
