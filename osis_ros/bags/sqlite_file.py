"""An SQLite file of a bag (.db3)."""

import contextlib
import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from osis_ros.bags.bag_file import (
    HEAD,
    ZSTD_BLOCK,
    ZSTD_START,
    BagError,
    Head,
    RawMessage,
    Topic,
    beginning,
    recorded_qos,
    sentence,
)
from osis_ros.bags.earlier_message import converter

LOGS = ("-wal", "-journal")  # what SQLite leaves beside a file whose writer did not come to its end
LAST_TIME = 2**63 - 1
ROWS = "SELECT topic_id, timestamp, data FROM messages"
FROM_THE_FRONT = f"{ROWS} NOT INDEXED ORDER BY id"


class SqliteFile:
    """A `BagFile`. Of a file that is damaged or was cut off, the messages before the break are read.

    SQLite opens it under a plain name, because in a URI `#`, `?` and `%` have another meaning. Where its log lies
    beside the file, both are copied, and SQLite merges them. The user's own files are not changed.
    """

    def __init__(self, path: Path, called: Path) -> None:
        """
        Args:
            called: the user's file, of which `path` may be a copy.
        Raises:
            BagError: it is no SQLite file, one that is no bag, or holds not one whole message.
            OSError: it cannot be opened or copied.
        """
        self._called, self.loss = called, ""
        with path.open("rb"):  # a file that may not be read says so in its own words
            pass
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="osis-bag-")))
            try:
                self._plain = _plain(path, folder)
                self._database = sqlite3.connect(f"file:{self._plain}?immutable=1", uri=True, check_same_thread=False)
                stack.callback(self._database.close)
                self._database.row_factory = sqlite3.Row
                counts = self._counted()
                self._topics = self._named()
            except sqlite3.Error as err:
                raise BagError(
                    f"{called} cannot be read as an SQLite bag: {sentence(err)}; `sqlite3 FILE .recover` may save what "
                    "is in it"
                ) from None
            self.topics = [topic._replace(count=counts.get(id_, 0)) for id_, topic in self._topics.items()]
            self._stack = stack.pop_all()

    def _named(self) -> dict[int, Topic]:
        """The topics by their ids. Older files lack some of the columns."""
        topics = {}
        for row in map(dict, self._database.execute("SELECT * FROM topics")):
            serialization = row.get("serialization_format", "cdr")
            kind = row["type"] if serialization == "cdr" else f"{row['type']}, {serialization} encoding"
            topics[int(row["id"])] = Topic(row["name"], kind, 0, recorded_qos(row.get("offered_qos_profiles")))
        return topics

    def _counted(self) -> Counter[int]:
        """How many messages each topic has, by its id; keeps the first and the last time."""
        self.start, self.end, counts = LAST_TIME, 0, Counter()
        try:
            grouped = "SELECT topic_id, count(*), min(timestamp), max(timestamp) FROM messages GROUP BY topic_id"
            for topic, count, first, last in self._database.execute(grouped):
                if not (isinstance(first, int) and isinstance(last, int)):
                    raise sqlite3.DatabaseError("a message has no time")  # SQLite reads torn rows as empty ones
                counts[topic] = count
                self.start, self.end = min(self.start, first), max(self.end, last)
            return counts
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as err:
            reason = sentence(err)
        self._database.execute("PRAGMA writable_schema=ON")  # else SQLite refuses a file that is shorter than it says
        self.start, self.end, counts = LAST_TIME, 0, Counter()
        with contextlib.suppress(sqlite3.DatabaseError):
            for topic, time, data in self._database.execute(FROM_THE_FRONT):
                if not _is_whole(time, data):
                    break
                counts[topic] += 1
                self.start, self.end = min(self.start, time), max(self.end, time)
        if not counts:
            raise sqlite3.DatabaseError(reason)
        self.loss = (
            f"{self._called.name} is damaged or was cut off ({reason}); the {counts.total()} messages before the break "
            f"are used; it broke {(self.end - self.start) * 1e-9:.1f} s after the first message; "
            "`sqlite3 FILE .recover` may save more"
        )
        return counts

    def _definition(self, kind: str) -> str:
        """The text of a message type; empty in files of releases before Iron, which hold none."""
        text = (
            "SELECT encoded_message_definition FROM message_definitions WHERE topic_type = ? AND encoding = 'ros2msg'"
        )
        try:
            row = self._database.execute(text, (kind,)).fetchone()
        except sqlite3.Error:
            return ""
        return row[0] if row is not None and isinstance(row[0], str) else ""

    def messages(self, topics: Sequence[str]) -> Iterator[RawMessage]:
        wanted = {id_: topic for id_, topic in self._topics.items() if topic.name in topics}
        ids = f" WHERE topic_id IN ({', '.join(map(str, wanted))})"
        converters = {topic.type: converter(topic.type, self._definition(topic.type)) for topic in wanted.values()}
        rows = FROM_THE_FRONT if self.loss else f"{ROWS}{ids} ORDER BY timestamp, id"
        try:
            for id_, time, data in self._database.execute(rows):
                if not _is_whole(time, data):
                    break
                if id_ in wanted:
                    convert = converters[wanted[id_].type]
                    data = data if convert is None else convert(data)
                    yield RawMessage(wanted[id_].name, wanted[id_].type, time, data)
        except sqlite3.Error as err:
            if not self.loss:
                raise BagError(f"{self._called} is damaged: {sentence(err)}") from err

    def heads(self, topics: Sequence[str]) -> Iterator[Head]:
        """A message's size, and its data up to a byte, are read without the pages that hold the rest of it."""
        if self.loss:
            yield from map(Head.of, self.messages(topics))
            return
        try:
            for row, id_, time, size in self._database.execute(
                "SELECT id, topic_id, timestamp, length(data) FROM messages"
            ):
                topic = self._topics.get(id_)
                if topic is not None and topic.name in topics:
                    data = self._first_bytes(row, min(size, HEAD))
                    if data.startswith(ZSTD_START):
                        data = self._first_bytes(row, min(size, ZSTD_BLOCK))
                    yield Head(topic.name, topic.type, time, beginning(data), size)
        except sqlite3.Error as err:
            raise BagError(f"{self._called} is damaged: {sentence(err)}") from err

    def _first_bytes(self, row: int, count: int) -> bytes:
        if not count:
            return b""
        if not hasattr(self._database, "blobopen"):  # Python 3.10: SQLite then reads the whole message
            cut = "SELECT substr(data, 1, ?) FROM messages WHERE id = ?"
            return self._database.execute(cut, (count, row)).fetchone()[0]
        with self._database.blobopen("messages", "data", row, readonly=True) as blob:
            return blob.read(count)

    def close(self) -> None:
        self._stack.close()


def _is_whole(time: object, data: object) -> bool:
    """Whether a row can be a message; SQLite reads torn rows as empty ones."""
    return isinstance(time, int) and isinstance(data, bytes)


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
