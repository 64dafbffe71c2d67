"""discovery.json: all that a discovery found, for `osis discover apply` and for other programs."""

import json
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from osis_ros.coco.rle import decode
from osis_ros.discovery.errors import DiscoveryError

RECORD_FILE, EMBEDDINGS_FILE, PICTURES_FOLDER = "discovery.json", "embeddings.npy", "images"
WRITTEN_BY = "osis discover"
FORMAT_VERSION = 1
Whole = Annotated[int, Field(ge=0)]


class Strict(BaseModel):
    """Immutable, without unknown fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PictureRecord(Strict):
    """A picture that the folder holds: its file's name in images/, size in pixels, and where it is from."""

    file: str = Field(pattern=r"^[0-9A-Za-z_]+\.jpg$")
    height: Annotated[int, Field(ge=1, le=100_000)]
    width: Annotated[int, Field(ge=1, le=100_000)]
    source: str


class InstanceRecord(Strict):
    """An instance in one of these pictures.

    Attributes:
        picture, thing: index of its picture; number of the thing that it shows.
        class_name: the known class of the thing, None for an unknown one.
        cluster: of an unknown thing, 0 for noise; None for a known one.
        medoid: whether this view stands for the thing.
        score, distance: as in `Instances`.
        roi: x y width height of the mask in whole pixels.
        counts: COCO's compressed run-length encoding of the mask on the whole picture.
    """

    picture: Whole
    thing: Whole
    class_name: str | None
    cluster: Whole | None
    medoid: bool
    score: float
    distance: float
    roi: tuple[Whole, Whole, Whole, Whole]
    counts: str


class DiscoveryRecord(Strict):
    """The content of discovery.json. The rows of embeddings.npy are those of `instances`."""

    written_by: Literal["osis discover"] = WRITTEN_BY
    format_version: Literal[1] = FORMAT_VERSION
    model: str
    model_sha256: str
    class_names: tuple[str, ...]
    parameters: dict[str, str | int | float | list[str] | None]
    clusters: Whole
    pictures: tuple[PictureRecord, ...]
    instances: tuple[InstanceRecord, ...]

    def mask(self, instance: InstanceRecord) -> np.ndarray:
        """[height, width] bool, the mask of an instance on its whole picture."""
        picture = self.pictures[instance.picture]
        return decode({"size": [picture.height, picture.width], "counts": instance.counts})


def write_record(record: DiscoveryRecord, embeddings: np.ndarray, folder: Path) -> None:
    """Write discovery.json and embeddings.npy into a new folder.

    Args:
        embeddings: [N, D] float32 of the record's instances.
    """
    text = json.dumps(record.model_dump(mode="json"), indent=1, ensure_ascii=False)
    (folder / RECORD_FILE).write_text(text + "\n", "utf-8")
    np.save(folder / EMBEDDINGS_FILE, np.ascontiguousarray(embeddings, "<f4"))


def read_embeddings(folder: Path, record: DiscoveryRecord) -> np.ndarray:
    """The embeddings of the record's instances, [N, D] float32.

    Raises:
        DiscoveryError: a file that is missing, damaged or of another record.
    """
    file = folder / EMBEDDINGS_FILE
    try:
        embeddings = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError):
        raise DiscoveryError(f"{file} is missing or damaged; run osis discover again") from None
    if embeddings.dtype != np.float32 or embeddings.ndim != 2 or len(embeddings) != len(record.instances):
        raise DiscoveryError(f"{file} does not fit {RECORD_FILE}; run osis discover again")
    return embeddings


def read_record(folder: Path) -> DiscoveryRecord:
    """Read discovery.json and check that its numbers fit together.

    Raises:
        DiscoveryError: no discovery, or a file that is damaged or of another release.
    """
    file = folder / RECORD_FILE
    try:
        tree = json.loads(file.read_bytes())
        record = DiscoveryRecord.model_validate(tree)
    except (FileNotFoundError, NotADirectoryError):
        raise DiscoveryError(f"{folder} holds no {RECORD_FILE}, expected a folder that osis discover wrote") from None
    except OSError as err:
        raise DiscoveryError(f"{file} cannot be read: {err.strerror}") from None
    except ValidationError as err:
        first = err.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise DiscoveryError(f"{file}: {where}: {first['msg']}; run osis discover again") from None
    except (ValueError, RecursionError) as err:
        raise DiscoveryError(f"{file} is not JSON ({err}); run osis discover again") from None
    for number, instance in enumerate(record.instances):
        if complaint := _complaint(record, instance):
            raise DiscoveryError(f"{file}: instance {number}: {complaint}; run osis discover again")
    return record


def _complaint(record: DiscoveryRecord, instance: InstanceRecord) -> str | None:
    if instance.picture >= len(record.pictures):
        return f"picture is {instance.picture}, there are {len(record.pictures)}"
    if instance.cluster is not None and instance.cluster > record.clusters:
        return f"cluster is {instance.cluster}, there are {record.clusters}"
    if (instance.cluster is None) != (instance.class_name in record.class_names):
        return f"class_name is {instance.class_name!r} and cluster {instance.cluster}, expected one of them"
    picture = record.pictures[instance.picture]
    x, y, width, height = instance.roi
    if x + width > picture.width or y + height > picture.height:
        return f"roi {list(instance.roi)} leaves the {picture.width}x{picture.height} picture"
    try:
        return None if record.mask(instance).any() else "its mask has no pixel"
    except ValueError as err:
        return str(err)
