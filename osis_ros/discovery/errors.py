"""The error of this part."""

from osis_ros.errors import OsisError


class DiscoveryError(OsisError):
    """A recording, folder or names.csv that cannot be used; the message is one sentence for the user."""
