"""names.csv: what a person makes of the clusters. One row a cluster: its name, what it is merged into, or dropped.

A cluster named `unknown` stays objects without a class. A dropped one is no object: it is left out of all labels.
"""

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from unicodedata import normalize

from osis_ros.discovery.errors import DiscoveryError

NAMES_FILE = "names.csv"
COLUMNS = ("cluster", "things", "name", "merge", "drop")
NEEDED = ("cluster", "name", "merge", "drop")
YES, NO = ("yes", "y", "x", "1", "true", "drop"), ("", "no", "n", "0", "false")
LONGEST = 60  # characters


class NamesError(DiscoveryError):
    """A names.csv that cannot be used.

    Attributes:
        problems: one sentence for each bad row, with its line number.
    """

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("; ".join(problems))


def proposed_name(cluster: int) -> str:
    """What a cluster is called until somebody names it."""
    return f"candidate_{cluster:02d}"


def names_table(sizes: Mapping[int, int]) -> str:
    """The file as it is first written.

    Args:
        sizes: cluster's number → its things.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows((cluster, size, proposed_name(cluster), "", "") for cluster, size in sorted(sizes.items()))
    return text.getvalue()


def read_names(file: Path, clusters: int) -> dict[int, str | None]:
    """The name of each cluster, None for a dropped one. Merged clusters, and such of equal names, share a name.

    Commas or semicolons separate the columns, as spreadsheets save them.

    Args:
        clusters: how many there are; they are numbered from 1.
    Raises:
        NamesError: the file cannot be read, or rows that say nothing, too much or the impossible.
    """
    rows = _rows(file)
    problems: list[str] = []
    given: dict[int, tuple[int, dict[str, str]]] = {}
    for line, row in rows:
        number = _number(row["cluster"])
        if number is None or not 1 <= number <= clusters:
            problems.append(
                f"{file} line {line}: cluster is {row['cluster']!r}, expected a number from 1 to {clusters}"
            )
        elif number in given:
            problems.append(f"{file} line {line}: cluster {number} was already in line {given[number][0]}")
        else:
            given[number] = (line, row)
    for number, (line, row) in given.items():
        if complaint := _complaint(number, row, given):
            problems.append(f"{file} line {line}: {complaint}")
    if missing := [number for number in range(1, clusters + 1) if number not in given and not problems]:
        problems.append(f"{file} has no row for cluster {missing[0]}; to leave a cluster out, keep its row and put yes "
                        "under drop")  # fmt: skip
    if problems:
        raise NamesError(problems)
    return {number: _name(number, given) for number in sorted(given)}


def _rows(file: Path) -> list[tuple[int, dict[str, str]]]:
    """Line number and entries of each row that is not empty, without spaces round them."""
    try:
        text = file.read_text("utf-8-sig")
    except FileNotFoundError:
        raise NamesError([f"{file} does not exist; osis discover writes it"]) from None
    except UnicodeDecodeError:
        raise NamesError([f"{file} is not UTF-8 text; save it as CSV UTF-8"]) from None
    except OSError as err:
        raise NamesError([f"{file} cannot be read: {err.strerror}"]) from None
    first = text.partition("\n")[0]
    table = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",", restkey="", restval=""
    )
    try:
        header = [name.strip().lower() for name in table.fieldnames or ()]
        if missing := [name for name in NEEDED if name not in header]:
            raise NamesError([f"{file} line 1: no column {missing[0]}, expected {', '.join(COLUMNS)}"])
        table.fieldnames = header
        found = [(table.line_num, {name: normalize("NFC", row[name]).strip() for name in NEEDED}) for row in table]
    except csv.Error as err:
        raise NamesError([f"{file} line {table.line_num}: not CSV: {err}"]) from None
    return [(line, row) for line, row in found if any(row.values())]


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _complaint(number: int, row: dict[str, str], given: Mapping[int, tuple[int, dict[str, str]]]) -> str | None:
    """Why this row cannot be used, or None."""
    if row["drop"].lower() not in (*YES, *NO):
        return f"drop is {row['drop']!r}, expected yes, or nothing"
    if row["drop"].lower() in YES:
        return f"cluster {number} is both merged and dropped, expected one of them" if row["merge"] else None
    if row["merge"]:
        return _merge_complaint(number, row, given)
    if not row["name"]:
        return f"cluster {number} has no name; give it one, or put yes under drop"
    if not row["name"].isprintable() or len(row["name"]) > LONGEST:
        return f"name is {row['name'][:LONGEST]!r}, expected at most {LONGEST} printable characters"
    return None


def _merge_complaint(number: int, row: dict[str, str], given: Mapping[int, tuple[int, dict[str, str]]]) -> str | None:
    seen, target = [number], _number(row["merge"])
    while True:
        if target not in given:
            return f"merge is {given[seen[-1]][1]['merge']!r}, expected the number of another cluster"
        if target in seen:
            return f"cluster {number} is merged in a circle: {', '.join(map(str, [*seen, target]))}"
        seen.append(target)
        into = given[target][1]
        if into["drop"].lower() in YES:
            return f"cluster {number} is merged into {target}, which is dropped"
        if not into["merge"]:
            break
        target = _number(into["merge"])
    if row["name"] not in ("", proposed_name(number), into["name"]):
        return (
            f"cluster {number} is named {row['name']!r} and merged into {target}, named {into['name']!r}; "
            "leave one of the two out"
        )
    return None


def _name(number: int, given: Mapping[int, tuple[int, dict[str, str]]]) -> str | None:
    row = given[number][1]
    while row["merge"]:
        row = given[int(row["merge"])][1]
    return None if row["drop"].lower() in YES else row["name"]
