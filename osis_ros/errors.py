"""The one base of this package's errors."""


class OsisError(Exception):
    """Something the user can mend: a bad model, file, parameter, bag or topic.

    The message is one sentence for the user: what is wrong, what was expected, in which file or field. A command
    prints it and exits with status 1; a node logs it. Any other exception is a fault of the program and keeps its
    traceback.
    """


class ImageError(OsisError, ValueError):
    """A picture, in a file or a message, that cannot be read; the message is one sentence that names it."""


class DatasetError(OsisError):
    """Annotations, pictures or a folder of data that cannot be used; the message is one sentence for the user."""
