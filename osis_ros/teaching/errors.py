"""What can be wrong with teaching a name."""

from osis_ros.errors import OsisError


class TeachError(OsisError):
    """A name, an object or a view that cannot be taught; the message is one sentence for the user."""


class GalleryError(OsisError):
    """A gallery that cannot be read, written or used; the message is one sentence that names the file."""
