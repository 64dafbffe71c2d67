"""Which names may be taught. A name is also the name of a folder, on every system."""

import unicodedata
from collections.abc import Iterable

from osis_ros.instances import UNKNOWN_NAME
from osis_ros.teaching.errors import TeachError

LONGEST = 64
ALLOWED = "letters, digits, spaces, '_', '-' and '.'"
RESERVED = {"con", "prn", "aux", "nul"} | {f"{port}{number}" for port in ("com", "lpt") for number in range(10)}


def checked_name(name: str, class_names: Iterable[str], taught: Iterable[str] = ()) -> str:
    """The name, its accents composed (Unicode NFC).

    Args:
        class_names: the model's known classes, whose names are not free.
        taught: the names in the gallery; one that differs from them by case alone is not free either.
    Raises:
        TeachError: it cannot be a name.
    """
    name = unicodedata.normalize("NFC", name)
    if not name.strip():
        raise TeachError("the name is empty, expected a word such as 'red mug'")
    if len(name) > LONGEST:
        raise TeachError(f"the name has {len(name)} characters, expected at most {LONGEST}")
    odd = sorted({c for c in name if not (c.isalnum() or c in " _-." or unicodedata.category(c) in ("Mn", "Mc"))})
    if odd:
        shown = ", ".join(repr(c) for c in odd[:5])
        raise TeachError(f"the name {name!r} has the character {shown}, expected {ALLOWED}")
    if not name[0].isalnum() or name[-1] in " ." or "  " in name:
        raise TeachError(f"the name {name!r} begins or ends with a space or a sign, expected a letter or a digit there")
    if name.casefold() in RESERVED:
        raise TeachError(f"the name {name!r} cannot be the name of a folder on every system, expected another one")
    known = {word.casefold(): word for word in (*class_names, UNKNOWN_NAME)}
    if word := known.get(name.casefold()):
        what = "what objects of no class are called" if word == UNKNOWN_NAME else "a class that the model knows already"
        raise TeachError(f"the name {name!r} is {what}, expected another one, such as 'my {name}'")
    for other in taught:
        if other.casefold() == name.casefold() and other != name:
            raise TeachError(f"the name {name!r} differs from the taught name {other!r} by case alone; use that one")
    return name
