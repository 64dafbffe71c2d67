"""An SQLite file of a bag (.db3)."""

import contextlib
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from rosbags.rosbag2 import Reader

from osis_ros.bags.bag_file import HEAD, ZSTD_BLOCK, ZSTD_START, BagError, Head, RawMessage, Topic, beginning, sentence

LOGS = ("-wal", "-journal")  # what SQLite leaves beside a file whose writer did not come to its end


class SqliteFile:
    """A `BagFile` that is read by rosbags, with two workarounds.

    rosbags treats the path as a URI, so `#`, `?` and `%` in it have another meaning. Therefore it gets a link with a
    plain name. rosbags also ignores SQLite's log beside the file. Therefore the file and its log are copied, and SQLite
    merges them. The user's own files are not changed.
    """

    def __init__(self, path: Path, called: Path) -> None:
        """
        Args:
            called: the user's file, of which `path` may be a copy.
        Raises:
            BagError: it is no SQLite file, a damaged one, or one that is no bag.
            OSError: it cannot be opened or copied.
        """
        self._called, self.loss = called, ""
        with path.open("rb"):  # a file that may not be read says so in its own words
            pass
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="osis-bag-")))
            self._plain = _plain(path, folder)
            try:
                self._reader = Reader(self._plain)
                self._reader.open()
            except OSError:
                raise
            except Exception as err:  # whatever a damaged file makes the libraries stumble over
                raise BagError(
                    f"{called} cannot be read as an SQLite bag: {self._reason(err)}; "
                    "`sqlite3 FILE .recover` may save what is in it"
                ) from None
            stack.callback(self._reader.close)
            self.topics = [
                Topic(
                    c.topic, _type(c.msgtype, c.ext.serialization_format), c.msgcount, tuple(c.ext.offered_qos_profiles)
                )
                for c in self._reader.connections
            ]
            self.start, self.end = self._reader.start_time, self._reader.end_time - 1
            self._stack = stack.pop_all()

    def messages(self, topics: Sequence[str]) -> Iterator[RawMessage]:
        wanted = [c for c in self._reader.connections if c.topic in topics]
        if not wanted:
            return
        try:
            for connection, time, data in self._reader.messages(wanted):
                kind = _type(connection.msgtype, connection.ext.serialization_format)
                yield RawMessage(connection.topic, kind, time, bytes(data))
        except Exception as err:  # whatever a damaged page makes the libraries stumble over
            raise BagError(f"{self._called} is damaged: {self._reason(err)}") from err

    def heads(self, topics: Sequence[str]) -> Iterator[Head]:
        """A message's size, and its data up to a byte, are read without the pages that hold the rest of it."""
        kinds = {c.topic: _type(c.msgtype, c.ext.serialization_format) for c in self._reader.connections}
        try:
            with contextlib.closing(sqlite3.connect(f"file:{self._plain}?immutable=1", uri=True)) as database:
                rows = database.execute("SELECT m.id, name, timestamp, length(data) FROM messages m JOIN topics t "
                                        "ON m.topic_id = t.id")  # fmt: skip
                for row, topic, time, size in rows:
                    if topic in topics:
                        data = _first_bytes(database, row, min(size, HEAD))
                        if data.startswith(ZSTD_START):
                            data = _first_bytes(database, row, min(size, ZSTD_BLOCK))
                        yield Head(topic, kinds[topic], time, beginning(data), size)
        except sqlite3.Error as err:
            raise BagError(f"{self._called} is damaged: {self._reason(err)}") from err

    def _reason(self, error: Exception) -> str:
        return sentence(error.__cause__ or error).replace(str(self._plain), self._called.name)

    def close(self) -> None:
        self._stack.close()


def _plain(path: Path, folder: Path) -> Path:
    """The file under a plain name, with what a log beside it adds."""
    plain = folder / "bag.db3"
    logs = [log for log in LOGS if (file := path.with_name(path.name + log)).is_file() and file.stat().st_size]
    if not logs:
        plain.symlink_to(path.resolve())
        return plain
    shutil.copyfile(path, plain)
    for log in logs:
        shutil.copyfile(path.with_name(path.name + log), folder / f"bag.db3{log}")
    with contextlib.closing(sqlite3.connect(plain)) as database:
        database.execute("PRAGMA journal_mode=DELETE").fetchall()  # puts the log into the file
    return plain


def _type(name: str, serialization: str) -> str:
    return name if serialization == "cdr" else f"{name}, {serialization} encoding"


def _first_bytes(database: sqlite3.Connection, row: int, count: int) -> bytes:
    if not count:
        return b""
    if not hasattr(database, "blobopen"):  # Python 3.10: SQLite then reads the whole message
        return database.execute("SELECT substr(data, 1, ?) FROM messages WHERE id = ?", (count, row)).fetchone()[0]
    with database.blobopen("messages", "data", row, readonly=True) as blob:
        return blob.read(count)
