"""An MCAP file of a bag. It is read by its index, or from front to back if it was cut off and has no index."""

import os
import struct
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from mcap.data_stream import ReadDataStream
from mcap.reader import SeekingReader
from mcap.records import Channel, Chunk, ChunkIndex, Message, MessageIndex, Schema
from mcap.stream_reader import StreamReader, breakup_chunk

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
from osis_ros.bags.earlier_message import Converter, converter

LAST_TIME = 2**63 - 1
RECORD = struct.Struct("<BQ")  # opcode and length, before each record
MESSAGE = struct.Struct("<HIQQ")  # channel, sequence, log time, publish time, before a message's data
CHUNK_START = RECORD.size + 40  # where the records of a chunk that is not compressed begin


class McapFile:
    """A `BagFile`. Topics of other encodings than ROS 2's (JSON, Protobuf) are listed and left alone."""

    def __init__(self, path: Path, called: Path) -> None:
        """
        Args:
            called: the user's file, of which `path` may be a copy.
        Raises:
            BagError: it is no MCAP file, or holds not one whole message.
            OSError: it cannot be opened.
        """
        self._called, self._stream = called, path.open("rb")
        self.loss = ""
        self._chunks: list[ChunkIndex] = []
        self._channels: dict[int, Channel] = {}
        self._schemas: dict[int, Schema] = {}
        self._converters: dict[int, Converter | None] = {}  # by the schema's id
        try:
            self._indexed = self._read_index()
            if not self._indexed:
                self._scan()
        except BaseException:
            self.close()
            raise

    def _read_index(self) -> bool:
        """Topics, counts and times from the end of the file; False where these are not there."""
        try:
            summary = SeekingReader(self._stream).get_summary()
        except Exception:  # whatever the library stumbles over in half a file
            return False
        if summary is None or summary.statistics is None or not summary.channels:
            return False
        self._channels, self._schemas, self._chunks = summary.channels, summary.schemas, summary.chunk_indexes
        statistics = summary.statistics
        self._count(statistics.channel_message_counts, statistics.message_start_time, statistics.message_end_time)
        return True

    def _scan(self) -> None:
        """The same by reading the whole file, as far as it goes."""
        counts: Counter[int] = Counter()
        start, end, whole, broke = LAST_TIME, 0, 0, 0
        try:
            for record in self._records():
                whole, broke = whole + 1, self._stream.tell()
                if isinstance(record, Message):
                    counts[record.channel_id] += 1
                    start, end = min(start, record.log_time), max(end, record.log_time)
        except Exception as err:  # here it was cut off
            if not whole:
                raise BagError(f"{self._called} cannot be read as an MCAP file: {sentence(err)}") from None
            if not counts:
                raise BagError(f"{self._called} was cut off before its first message: {sentence(err)}") from None
            self.loss = (
                f"{self._called.name} was cut off; the {counts.total()} messages before the break are used "
                f"(`mcap recover` makes a whole file of them); it broke at byte {broke:,} of "
                f"{self._stream.seek(0, os.SEEK_END):,}, {(end - start) * 1e-9:.1f} s after the first message"
            )
        self._count(counts, start, end)

    def _records(self) -> Iterator[object]:
        """Every record from the first one on; keeps what they say of topics and types."""
        self._stream.seek(0)
        for record in StreamReader(self._stream, validate_crcs=True).records:
            if isinstance(record, Channel):
                self._channels[record.id] = record
            elif isinstance(record, Schema):
                self._schemas[record.id] = record
            yield record

    def _count(self, counts: dict[int, int], start: int, end: int) -> None:
        self.topics = [
            Topic(c.topic, self._type(c), counts.get(c.id, 0), recorded_qos(c.metadata.get("offered_qos_profiles")))
            for c in self._channels.values()
        ]
        self.start, self.end = (start, end) if any(counts.values()) else (LAST_TIME, 0)

    def _type(self, channel: Channel) -> str:
        schema = self._schemas.get(channel.schema_id)
        name = schema.name if schema else "no type"
        return (
            name if channel.message_encoding == "cdr" else f"{name}, {channel.message_encoding or 'unnamed'} encoding"
        )

    def _converter(self, channel: Channel) -> Converter | None:
        if channel.schema_id not in self._converters:
            schema = self._schemas.get(channel.schema_id)
            text = schema.data.decode("utf-8", "replace") if schema and schema.encoding == "ros2msg" else ""
            self._converters[channel.schema_id] = converter(schema.name if schema else "", text)
        return self._converters[channel.schema_id]

    def messages(self, topics: Sequence[str]) -> Iterator[RawMessage]:
        found = self._by_index(topics) if self._indexed else self._from_the_front(topics)
        try:
            for channel, message in found:
                data = message.data if (convert := self._converter(channel)) is None else convert(message.data)
                yield RawMessage(channel.topic, self._type(channel), message.log_time, data)
        except Exception as err:  # whatever a damaged chunk makes the libraries stumble over
            if not self.loss:
                raise BagError(f"{self._called} is damaged: {sentence(err)}") from err

    def _by_index(self, topics: Sequence[str]) -> Iterator[tuple[Channel, Message]]:
        for _, channel, message in SeekingReader(self._rewound(), validate_crcs=True).iter_messages(topics):
            yield channel, message

    def _from_the_front(self, topics: Sequence[str]) -> Iterator[tuple[Channel, Message]]:
        for record in self._records():
            if isinstance(record, Message) and self._channels[record.channel_id].topic in topics:
                yield self._channels[record.channel_id], record

    def heads(self, topics: Sequence[str]) -> Iterator[Head]:
        wanted = {c.id: (c.topic, self._type(c)) for c in self._channels.values() if c.topic in topics}
        if not self._indexed or not all(chunk.message_index_offsets for chunk in self._chunks) or not self._chunks:
            yield from map(Head.of, self.messages(topics))
            return
        try:
            for chunk in self._chunks:
                if held := wanted.keys() & chunk.message_index_offsets.keys():
                    heads = self._unpacked_heads if chunk.compression else self._heads_in_place
                    for channel, time, data, size in heads(chunk, held):
                        yield Head(*wanted[channel], time, data, size)
        except Exception as err:  # whatever a damaged chunk makes the libraries stumble over
            raise BagError(f"{self._called} is damaged: {sentence(err)}") from err

    def _heads_in_place(self, chunk: ChunkIndex, channels: set[int]) -> Iterator[tuple[int, int, bytes, int]]:
        """Of a chunk that is not compressed: its index says where each message lies, so that no picture is read."""
        for channel in channels:
            self._stream.seek(chunk.message_index_offsets[channel] + RECORD.size)
            for time, offset in MessageIndex.read(ReadDataStream(self._stream)).records:
                self._stream.seek(chunk.chunk_start_offset + CHUNK_START + offset)
                length = RECORD.unpack(self._stream.read(RECORD.size))[1] - MESSAGE.size
                if MESSAGE.unpack(self._stream.read(MESSAGE.size))[0] != channel:
                    raise ValueError(f"the index of the chunk at byte {chunk.chunk_start_offset} is wrong")
                data = self._stream.read(min(length, HEAD))
                if length > HEAD and data.startswith(ZSTD_START):
                    data += self._stream.read(min(length, ZSTD_BLOCK) - HEAD)
                yield channel, time, beginning(data), length

    def _unpacked_heads(self, chunk: ChunkIndex, channels: set[int]) -> Iterator[tuple[int, int, bytes, int]]:
        self._stream.seek(chunk.chunk_start_offset + RECORD.size)
        for record in breakup_chunk(Chunk.read(ReadDataStream(self._stream))):
            if isinstance(record, Message) and record.channel_id in channels:
                yield record.channel_id, record.log_time, beginning(record.data), len(record.data)

    def _rewound(self) -> object:
        self._stream.seek(0)
        return self._stream

    def close(self) -> None:
        self._stream.close()
