"""Errors of the tracking."""

from osis_ros.errors import OsisError


class TrackingError(OsisError):
    """A parameter or an input of the tracker that cannot be used; the message is one sentence for the user."""
