"""From recordings to a folder with the clusters of their unknown things: a page, names.csv and the pictures."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from osis_ros.discovery.clustering import cluster, effects
from osis_ros.discovery.crops import crop, jpeg
from osis_ros.discovery.distinct import distinct
from osis_ros.discovery.errors import DiscoveryError
from osis_ros.discovery.names_file import NAMES_FILE, names_table
from osis_ros.discovery.page import GENERATOR, Page
from osis_ros.discovery.record import (
    PICTURES_FOLDER,
    DiscoveryRecord,
    InstanceRecord,
    PictureRecord,
    write_record,
)
from osis_ros.discovery.recording import Picture, Recordings
from osis_ros.discovery.sightings import Sightings, joined, sightings_of
from osis_ros.discovery.summary import class_means, summaries
from osis_ros.discovery.things import Things, things_of
from osis_ros.discovery.tracked import ThingNumbers
from osis_ros.evaluation.reports.figures.class_centres import read_centres
from osis_ros.files.result_folder import Mark
from osis_ros.files.written_folder import require_replaceable, written_folder
from osis_ros.inference.segmenter import Segmenter

PAGE_FILE = "report.html"
MARK, COMMAND = Mark(PAGE_FILE, GENERATOR), "osis discover"
QUALITY = 95  # of the pictures, JPEG
Follow = Callable[[Iterable[Picture]], Iterable[Picture]]


@dataclass(frozen=True)
class Options:
    """What to look through, and how.

    Attributes:
        paths: bags, image files, folders of images.
        folder: for the results.
        model, provider: as for `Segmenter`.
        image_topic, rate, first: as in `Recordings`.
        score_threshold, unknown_threshold: None for the model's own.
        min_cluster: least number of things that make a cluster, 2 or more.
        min_views: things that were seen less often are left out.
    """

    paths: tuple[Path, ...]
    folder: Path
    model: str
    provider: str = "cpu"
    image_topic: str | None = None
    rate: float = 5.0
    first: int | None = None
    score_threshold: float | None = None
    unknown_threshold: float | None = None
    min_cluster: int = 3
    min_views: int = 1


@dataclass(frozen=True)
class Outcome:
    """How a discovery went: pictures read, things that are known, unknown and in no cluster, and clusters."""

    pictures: int
    known: int
    unknown: int
    noise: int
    clusters: int
    skipped: dict[str, int]


def discover(options: Options, watch: Follow = lambda pictures: pictures) -> Outcome:
    """Find the clusters and write the folder: report.html, names.csv, discovery.json, embeddings.npy and images/.

    The same recordings and options give the same files, byte for byte.

    Args:
        watch: passes the pictures on while they are segmented, to show how far it is.
    Raises:
        OsisError: an input, model, option or folder that cannot be used, or too few unknown objects.
        OSError: the folder cannot be written.
    """
    _check_folder(options)
    recordings = Recordings(options.paths, options.image_topic, options.rate, options.first)
    segmenter = Segmenter(options.model, options.provider)
    count = len(segmenter.bundle.class_names)
    sightings, pictures, left_out = _sightings(recordings, segmenter, options, watch)
    things = things_of(sightings, count)
    kept = things.take(things.views >= options.min_views)
    unknown = kept.take(kept.unknown(count))
    _check_things(options, things, kept, unknown, pictures, segmenter)
    labels = cluster(unknown.embeddings, options.min_cluster)
    centres = read_centres(segmenter.bundle)
    found = summaries(
        unknown, labels, class_means(kept, count) if centres is None else centres, segmenter.bundle.class_names
    )
    noise = np.flatnonzero(labels == 0).tolist()
    shown = set(Page.shown(found, noise))
    outcome = Outcome(
        pictures, len(kept) - len(unknown), len(unknown), len(noise), len(found), dict(recordings.skipped)
    )
    with written_folder(options.folder, MARK, COMMAND) as draft:
        saved, crops = _save_pictures(recordings, sightings, unknown, shown, draft / PICTURES_FOLDER)
        record, rows = _record(options, segmenter, sightings, kept, unknown, labels, saved)
        write_record(record, sightings.embeddings[rows], draft)
        (draft / NAMES_FILE).write_text(names_table({one.number: len(one.members) for one in found}), "utf-8")
        page = Page(
            title=_title(options), figures=_figures(outcome, left_out, len(sightings)), clusters=found, crops=crops,
            noise=noise, effects=effects(unknown.embeddings), smallest=options.min_cluster, skipped=outcome.skipped,
        )  # fmt: skip
        (draft / PAGE_FILE).write_text(page.html(), "utf-8")
    return outcome


def _check_folder(options: Options) -> None:
    require_replaceable(options.folder, MARK, COMMAND)
    for path in options.paths:
        if path.resolve().is_relative_to(options.folder.resolve()) and path.exists():
            raise DiscoveryError(f"{options.folder} is or holds the input {path}; name another folder with --output")


def _sightings(
    recordings: Recordings, segmenter: Segmenter, options: Options, watch: Follow
) -> tuple[Sightings, int, int]:
    """All distinct instances, the number of pictures, and of duplicates and parts that were left out."""
    numbers = ThingNumbers()
    parts: list[Sightings] = []
    left_out = 0
    for picture in watch(recordings):
        instances = segmenter.segment(
            picture.rgb, score_threshold=options.score_threshold, unknown_threshold=options.unknown_threshold
        )
        rows = distinct(instances)
        left_out += len(instances) - len(rows)
        instances = instances.take(rows)
        parts.append(sightings_of(len(parts), instances, numbers.of(instances, picture.recording, picture.stamp)))
    if not parts:
        reasons = "; ".join(recordings.skipped) or "there was none"
        raise DiscoveryError(f"no picture could be used: {reasons}")
    return joined(parts), len(parts), left_out


def _check_things(
    options: Options, things: Things, kept: Things, unknown: Things, pictures: int, segmenter: Segmenter
) -> None:
    if len(unknown) >= options.min_cluster:
        return
    threshold = options.unknown_threshold
    if threshold is None:
        threshold = segmenter.bundle.manifest.thresholds.unknown
    found = f"{len(unknown) or 'no'} unknown things were found in {pictures} pictures"
    advice = [f"record other objects, or lower T_u with --unknown-threshold (now {threshold:g})"]
    if rarely := len(things) - len(kept):
        advice = [f"{rarely} were seen too seldom: lower --min-views (now {options.min_views})"]
    elif len(unknown) > 1:
        advice.append(f"or lower --min-cluster (now {options.min_cluster})")
    raise DiscoveryError(
        f"{found}, beside {len(kept) - len(unknown)} known ones, and a cluster needs "
        f"{options.min_cluster}; {', '.join(advice)}"
    )


def _save_pictures(
    recordings: Recordings, sightings: Sightings, unknown: Things, shown: set[int], folder: Path
) -> tuple[dict[int, PictureRecord], dict[int, bytes]]:
    """Read the recordings again and write the pictures that best show an unknown thing.

    Returns:
        number of a picture → its record, and row of an unknown thing → its crop.
    """
    wanted: dict[int, list[int]] = {}
    for row, number in enumerate(sightings.pictures[unknown.medoids].tolist()):
        wanted.setdefault(number, []).append(row)
    folder.mkdir()
    saved: dict[int, PictureRecord] = {}
    crops: dict[int, bytes] = {}
    for number, picture in enumerate(recordings):
        if number not in wanted:
            continue
        file = f"{number:06d}.jpg"
        (folder / file).write_bytes(jpeg(picture.rgb, QUALITY))
        height, width = picture.rgb.shape[:2]
        saved[number] = PictureRecord(file=file, height=height, width=width, source=picture.source)
        for row in shown.intersection(wanted[number]):
            view = int(unknown.medoids[row])
            crops[row] = crop(picture.rgb, sightings.mask(view), tuple(sightings.rois[view].tolist()))
        if len(saved) == len(wanted):
            break
    if len(saved) < len(wanted):
        raise DiscoveryError("a recording was changed while it was read; run the command again")
    return saved, crops


def _record(
    options: Options,
    segmenter: Segmenter,
    sightings: Sightings,
    kept: Things,
    unknown: Things,
    labels: np.ndarray,
    saved: dict[int, PictureRecord],
) -> tuple[DiscoveryRecord, np.ndarray]:
    """The record of the saved pictures, and the rows of the sightings that it holds."""
    bundle = segmenter.bundle
    names = (*bundle.class_names, None)
    class_of = dict(zip(kept.ids.tolist(), kept.class_ids.tolist()))
    cluster_of = dict(zip(unknown.ids.tolist(), labels.tolist()))
    medoids = set(kept.medoids.tolist())
    index_of = {number: index for index, number in enumerate(saved)}
    rows = [
        row for row, (picture, thing) in enumerate(zip(sightings.pictures.tolist(), sightings.things.tolist()))
        if picture in saved and thing in class_of
    ]  # fmt: skip
    instances = tuple(
        InstanceRecord(
            picture=index_of[int(sightings.pictures[row])], thing=int(sightings.things[row]),
            class_name=names[class_of[int(sightings.things[row])]], cluster=cluster_of.get(int(sightings.things[row])),
            medoid=row in medoids, score=round(float(sightings.scores[row]), 5),
            distance=round(float(sightings.distances[row]), 5), roi=tuple(sightings.rois[row].tolist()),
            counts=sightings.rles[row]["counts"],
        )
        for row in rows
    )  # fmt: skip
    parameters = {
        "inputs": [str(path) for path in options.paths], "image_topic": options.image_topic, "rate": options.rate,
        "first": options.first, "score_threshold": options.score_threshold,
        "unknown_threshold": options.unknown_threshold, "min_cluster": options.min_cluster,
        "min_views": options.min_views,
    }  # fmt: skip
    record = DiscoveryRecord(
        model=bundle.name, model_sha256=bundle.manifest.sha256, class_names=bundle.class_names,
        parameters=parameters, clusters=int(labels.max(initial=0)), pictures=tuple(saved.values()), instances=instances,
    )  # fmt: skip
    return record, np.array(rows, np.int64)


def _title(options: Options) -> str:
    names = [path.resolve().name for path in options.paths]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _figures(outcome: Outcome, left_out: int, instances: int) -> dict[str, str]:
    share = 100 * outcome.noise / max(1, outcome.unknown)
    return {
        "pictures": f"{outcome.pictures:,}",
        "instances": f"{instances:,}",
        "duplicates and parts left out": f"{left_out:,}",
        "known things": f"{outcome.known:,}",
        "unknown things": f"{outcome.unknown:,}",
        "clusters": f"{outcome.clusters:,}",
        "in no cluster": f"{outcome.noise:,} ({share:.0f} %)",
    }
