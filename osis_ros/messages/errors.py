"""The error of a message that cannot be used."""

from osis_ros.errors import OsisError


class MessageError(OsisError):
    """A received message whose fields do not fit together; the message is one sentence that names the field."""
