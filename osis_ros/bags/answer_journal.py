"""Keeps what the model found, image by image, so that an interrupted replay need not compute it again."""

import fcntl
import io
import json
import os
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from osis_ros.errors import OsisError
from osis_ros.files.atomic import append
from osis_ros.instances import Instances

RECORD = struct.Struct("<IIII")  # number of the camera, of its image, bytes that follow, and their CRC
MOST_HEAD = 1 << 20  # bytes of the first line
COLUMNS = ("boxes", "scores", "class_ids", "distances", "embeddings", "rois")


class AnswerJournalError(OsisError):
    """A journal that cannot be used; the message is one sentence for the user."""


class Answer(NamedTuple):
    """What the model found in an image, and the seconds that it took."""

    instances: Instances
    seconds: float


class AnswerJournal:
    """FOLDER.part, beside the folder of a replay: a line that says what is replayed, then a record for each image.

    The file is only appended to, and a record that was cut short is dropped; so it may break off at any moment. It
    holds numbers alone: nothing in it is executed.

    Args:
        folder: of the replay.
        run: what decides the answers: model, thresholds, topics, the bag.
        resume: go on with the journal of an earlier, equal run; else begin anew.
    Raises:
        AnswerJournalError: there is no journal to resume, it is of another run, or another process writes it.
        OSError: it cannot be written.
    """

    def __init__(self, folder: Path, run: dict[str, object], resume: bool) -> None:
        self.path = folder.with_name(folder.name + ".part")
        if resume and not self.path.is_file():
            raise AnswerJournalError(f"there is no {self.path} of an interrupted replay; leave out --resume")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._places: dict[tuple[int, int], tuple[int, int]] = {}  # camera and image → offset and bytes
        self._class_names: tuple[str, ...] = tuple(run["class_names"])
        self._file = self.path.open("a+b", buffering=0)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # until the file is closed, however that happens
            head = (json.dumps(run, sort_keys=True) + "\n").encode()
            if resume:
                self._file.truncate(self._read(head))
            else:
                self._file.truncate(0)
                append(self._file, self.path, head)
        except BlockingIOError:
            self._file.close()
            raise AnswerJournalError(f"{self.path} is being written by another process; wait for it to end") from None
        except BaseException:
            self._file.close()
            raise

    def _read(self, head: bytes) -> int:
        """Find the whole records; the bytes up to the end of the last one."""
        self._file.seek(0)
        data = io.BufferedReader(io.FileIO(self._file.fileno(), closefd=False))
        first = data.readline(MOST_HEAD)
        if first != head:
            raise AnswerJournalError(
                f"{self.path} is of another replay: {_differences(first, head)}; give the options that it had, or "
                "leave out --resume to begin anew"
            )
        end = len(head)
        while len(record := data.read(RECORD.size)) == RECORD.size:
            camera, image, size, check = RECORD.unpack(record)
            content = data.read(size)
            if len(content) < size or zlib.crc32(content) != check:
                break
            self._places[camera, image] = end + RECORD.size, size
            end += RECORD.size + size
        return end

    def __len__(self) -> int:
        return len(self._places)

    def find(self, camera: int, image: int) -> Answer | None:
        """The answer to an image of an earlier run; any thread may ask."""
        place = self._places.get((camera, image))
        if place is None:
            return None
        content = zlib.decompress(os.pread(self._file.fileno(), place[1], place[0]))
        fields = np.load(io.BytesIO(content), allow_pickle=False)
        rois = fields["rois"]
        sizes = rois[:, 2].astype(np.int64) * rois[:, 3]
        pixels = np.split(np.unpackbits(fields["masks"], count=int(sizes.sum())).astype(bool), np.cumsum(sizes)[:-1])
        masks = tuple(flat.reshape(h, w) for flat, (_, _, w, h) in zip(pixels, rois.tolist(), strict=False))
        height, width = fields["size"].tolist()
        instances = Instances(
            **{name: fields[name] for name in COLUMNS}, masks=masks, height=height, width=width,
            class_names=self._class_names,
        )  # fmt: skip
        return Answer(instances, float(fields["seconds"]))

    def add(self, camera: int, image: int, answer: Answer) -> None:
        """Keep the answer to an image, unless it is there already."""
        if (camera, image) in self._places:
            return
        found, content = answer.instances, io.BytesIO()
        masks = np.packbits(np.concatenate([np.zeros(0, bool), *(mask.ravel() for mask in found.masks)]))
        np.savez(
            content, **{name: getattr(found, name) for name in COLUMNS}, masks=masks,
            size=np.array((found.height, found.width)), seconds=np.float64(answer.seconds),
        )  # fmt: skip
        data = zlib.compress(content.getvalue(), 1)  # at once, because each array on its own takes three times as long
        append(self._file, self.path, RECORD.pack(camera, image, len(data), zlib.crc32(data)) + data)

    def close(self) -> None:
        """Keep the file for `resume`."""
        self._file.close()

    def remove(self) -> None:
        """The replay has come to its end."""
        self.path.unlink(missing_ok=True)


def _differences(first: bytes, head: bytes) -> str:
    """What differs between two first lines, in words."""
    try:
        then, now = json.loads(first), json.loads(head)
        differing = [name for name in now if then.get(name) != now[name]]
    except (ValueError, AttributeError, RecursionError):
        return "its first line is damaged"
    return ", ".join(f"{name} was {_short(then.get(name))} and is {_short(now[name])}" for name in differing)


def _short(value: object) -> str:
    text = "the model's own" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:12]}…"
