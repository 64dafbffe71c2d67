"""Errors of the geometry."""

from osis_ros.errors import OsisError


class GeometryError(OsisError):
    """Depth, a camera or a transform that cannot be used; the message is one sentence for the user."""
