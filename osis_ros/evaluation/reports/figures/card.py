"""`osis card-figures`: run a bundle once over a data set, and write the pictures of its card and the words to them."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from osis_ros.coco.annotations import EvaluationError, GroundTruth, read_ground_truth
from osis_ros.evaluation.jobs.evaluate import first_images
from osis_ros.evaluation.jobs.predict import image_paths
from osis_ros.evaluation.metrics.split import Split, open_set_split
from osis_ros.evaluation.reports.figures.class_centres import read_centres
from osis_ros.evaluation.reports.figures.distance_histogram import Shares, draw_distances, part_by_threshold
from osis_ros.evaluation.reports.figures.embedding_map import draw_embedding
from osis_ros.evaluation.reports.figures.findings import Findings, find, match_objects, score_images
from osis_ros.evaluation.reports.figures.gallery import Group, choose_rows, draw_gallery
from osis_ros.evaluation.reports.figures.licence import Credit, free_images, read_credits
from osis_ros.files.atomic import write_whole
from osis_ros.files.output_file import require_output
from osis_ros.inference.bundle import Bundle
from osis_ros.inference.segmenter import Segmenter

FOLDER = "figures"
GALLERY, DISTANCES, EMBEDDING, SECTION = "gallery.jpg", "distances.png", "embedding.png", "figures.md"
SIGNATURE = "The pictures and their figures are written by `osis card-figures`."
MOST_BYTES = 1_450_000  # of the three pictures: they travel with every copy of the package


@dataclass(frozen=True)
class DataSet:
    """COCO-format ground truth, the folder that its file names start at, and how many of its images at most."""

    ground_truth: Path
    images: Path
    first: int | None = None

    @property
    def name(self) -> str:
        """What a reader may know it by: the file and its folder, nothing of this machine."""
        return "/".join(self.ground_truth.absolute().parts[-2:])


@dataclass(frozen=True)
class Written:
    """The files written, the Markdown section the last of them, and sentences on what is not in them."""

    files: tuple[Path, ...]
    notes: tuple[str, ...]


def write_card_figures(
    model: str | Path,
    scenes: DataSet,
    photographs: DataSet | None = None,
    known: tuple[str, ...] | None = None,
    provider: str = "cpu",
) -> Written:
    """Write gallery.jpg, distances.png, embedding.png and figures.md into the folder `figures` of a bundle.

    Args:
        model: a bundle's folder or name; it runs with its own thresholds.
        scenes: data with objects of known and of unknown classes.
        photographs: real images for the gallery alone, scored with all classes as one; only those are taken whose
            licence lets changed copies be passed on.
        known: names or ids of the known classes of `scenes`; what the ground truth or the model says when None.
    Raises:
        OsisError: input that does not fit.
        OSError: a folder that cannot be written.
    """
    segmenter = Segmenter(model, provider)
    bundle = segmenter.bundle
    for name in (SECTION, GALLERY, DISTANCES, EMBEDDING):
        require_output(bundle.path / FOLDER / name, is_earlier=_is_card_figure, kind="card figure")
    truth = first_images(read_ground_truth(scenes.ground_truth), scenes.first)
    split = open_set_split(truth, known, bundle.class_names)
    credits = read_credits(photographs.ground_truth) if photographs else {}
    centres = read_centres(bundle)
    notes = list(truth.notes)
    if centres is None:
        notes.append("the bundle has no weights.safetensors with class centres: the map of the embedding lacks them")

    group, findings = _group(segmenter, scenes, truth, split, class_agnostic=False)
    groups, shown = [group], []
    matched = match_objects(findings)
    if photographs:
        real = first_images(free_images(read_ground_truth(photographs.ground_truth), credits), photographs.first)
        # a photograph's `ignore` only concerns classes; here each object counts as one
        real_split = Split(*_names_in_common(real, bundle))
        groups.append(_group(segmenter, photographs, real, real_split, class_agnostic=True)[0])
        shown = [credits[real.images[image].id] for row in groups[1].rows for image in row.images]
    embeddings, distances = findings.embeddings[matched.detection], findings.distances[matched.detection]
    class_ids, names = _class_ids(matched.category, findings.split, bundle.class_names)
    threshold = bundle.manifest.thresholds.unknown

    pictures = {
        DISTANCES: _png(draw_distances(distances, matched.known, threshold)),
        EMBEDDING: _png(draw_embedding(embeddings, class_ids, names, centres)),
    }
    rest = sum(map(len, pictures.values()))
    pictures[GALLERY] = _jpeg(draw_gallery(groups, bundle.class_names), MOST_BYTES - rest)
    shares = part_by_threshold(distances, matched.known, threshold)
    text = section(bundle, scenes, groups, photographs, shown, shares, centres is not None)
    return Written(_write(bundle.path / FOLDER, {**pictures, SECTION: text.encode()}), tuple(notes))


def section(
    bundle: Bundle,
    scenes: DataSet,
    groups: list[Group],
    photographs: DataSet | None,
    shown: list[Credit],
    shares: Shares,
    with_centres: bool,
) -> str:
    """Markdown for the bundle's card: the three pictures, and what each shows."""
    limits = bundle.manifest.thresholds
    images = len(groups[0].paths)
    point = f"score ≥ {limits.score:g}, T_u {limits.unknown:g}"
    gallery = (
        f"Left: results. Right: ground truth. The best, the middle and the worst of {images} images of `{scenes.name}` "
        f"({point}), ranked by F1 at mask IoU 0.5. An instance is right if it covers an object of its class; "
        "all unknown classes count as one. Masks of known classes are plain, unknown ones are hatched in magenta."
    )
    if photographs:
        credits = "; ".join(credit.markdown() for credit in shown)
        gallery += (
            f" Below: the same for {len(groups[1].paths)} real photographs of `{photographs.name}`, with all classes "
            f"counted as one. Each photograph, scaled and drawn on, keeps its own licence: {credits}."
        )
    found = shares.known + shares.unknown
    distances = (
        f"Distance from the known classes, with which T_u is compared, of the {found} instances that cover an object "
        f"at mask IoU 0.5 on these {images} images. Of {shares.known} known objects {shares.known_within:.0%} lie "
        f"within T_u, of {shares.unknown} unknown ones {shares.unknown_beyond:.0%} lie beyond it. Independent of T_u, "
        f"an unknown object has a greater distance than a known one with a probability of {shares.auroc:.2f} (AUROC). "
        "Objects that were not found are not counted."
    )
    centres = "Crosses are the class centres." if with_centres else "The class centres were not available."
    embedding = (
        f"t-SNE of the embeddings of the same instances, coloured by the true class of the object; unknown ones are "
        f"black. {centres} Near points are similar; large distances and areas mean nothing on such a map."
    )
    parts = ["## What it sees"]
    pairs = (("Results and ground truth", GALLERY, gallery), ("Distances", DISTANCES, distances),
             ("Embedding", EMBEDDING, embedding))  # fmt: skip
    for name, file, words in pairs:
        parts += [f"![{name}]({FOLDER}/{file})", words]
    return "\n\n".join([*parts, SIGNATURE]) + "\n"


def _is_card_figure(file: Path) -> bool:
    """Whether the file is one that an earlier run wrote: figures.md beside it says so."""
    words = file.with_name(SECTION)
    return words.is_file() and SIGNATURE in words.read_text("utf-8", errors="replace")


def _group(
    segmenter: Segmenter, data: DataSet, truth: GroundTruth, split: Split, class_agnostic: bool
) -> tuple[Group, Findings]:
    if not truth.images:
        raise EvaluationError(f"{data.ground_truth}: there is no image to show")
    paths = image_paths(truth, data.images)
    findings = find(segmenter, truth, paths, split)
    scores = score_images(findings, class_agnostic)
    kind = "real photographs" if class_agnostic else "images with known and unknown objects"
    rule = "an object, whatever its class" if class_agnostic else "an object of its class (all unknown classes are one)"
    measure = (
        f"Ranked by each image's F1 at mask IoU 0.5: an instance is right if it covers {rule}. "
        f"Mean F1 of all {len(paths)}: {100 * np.nanmean(scores.f1):.0f} %. Left: found; right: true."
    )
    title = f"{len(paths)} {kind} ({data.name})"
    return Group(title, measure, findings, scores, paths, choose_rows(scores)), findings


def _names_in_common(truth: GroundTruth, bundle: Bundle) -> tuple[tuple[int, ...], frozenset[int], dict[int, str]]:
    names = {c.id: c.name for c in truth.categories if c.name in bundle.class_names}
    return tuple(names), frozenset(), names


def _class_ids(category: np.ndarray, split: Split, class_names: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Category ids [M] as places among the names, unknown after the last: the model's, then any it was not taught."""
    names = (*class_names, *(name for name in split.names.values() if name not in class_names))
    places = {i: names.index(name) for i, name in split.names.items()}
    return np.array([places.get(i, len(names)) for i in category.tolist()], np.int64), names


def _pixels(figure: Figure) -> np.ndarray:
    """uint8 [H, W, 3] BGR of a figure at its own resolution."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return cv2.cvtColor(np.asarray(canvas.buffer_rgba()), cv2.COLOR_RGBA2BGR)


def _png(figure: Figure) -> bytes:
    return cv2.imencode(".png", _pixels(figure), [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()


def _jpeg(figure: Figure, most_bytes: int) -> bytes:
    """As good as fits into the bytes, down to a quality below which nothing could be made out."""
    pixels = _pixels(figure)
    for quality in range(88, 48, -5):
        data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(data) <= most_bytes:
            break
    return data


def _write(folder: Path, files: dict[str, bytes]) -> tuple[Path, ...]:
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        write_whole(folder / name, data)
    return tuple(folder / name for name in files)
