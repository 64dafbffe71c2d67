"""A grid of results next to the ground truth: the best, the middle and the worst images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from matplotlib.figure import Figure

from osis_ros.coco.rle import decode
from osis_ros.evaluation.jobs.predict import read_images
from osis_ros.evaluation.reports.figures.findings import Findings, ImageScores
from osis_ros.inference.overlay import draw_overlay
from osis_ros.instances import Instances

WIDTH, HEIGHT = 480, 360  # of a panel in pixels
PAIRS = 2  # of panels, found and true, in a row
MARGIN, GAP, CAPTION, ROW_TITLE, TITLE = 24, 6, 26, 40, 92
DPI = 100


@dataclass(frozen=True)
class Row:
    """A row of the grid: its title, and the images that it shows, by index."""

    title: str
    images: tuple[int, ...]


@dataclass(frozen=True)
class Group:
    """Rows of one data set. `title` and `measure` stand above them; `paths` are the files of all its images."""

    title: str
    measure: str
    findings: Findings
    scores: ImageScores
    paths: Sequence[Path]
    rows: tuple[Row, ...]


def choose_rows(scores: ImageScores) -> tuple[Row, ...]:
    """The best two images by F1, two about the median, and the worst two; as many as there are, none twice.

    Of equals, the one with more objects tells more. Images with nothing to find and nothing found tell nothing.
    """
    f1 = scores.f1
    ranked = np.flatnonzero(~np.isnan(f1))
    if len(ranked) <= PAIRS:
        return (Row("All images", tuple(ranked.tolist())),) if len(ranked) else ()
    best = ranked[np.lexsort((-scores.objects[ranked], -f1[ranked]))].tolist()
    worst = ranked[np.lexsort((-scores.objects[ranked], f1[ranked]))].tolist()
    top = best[:PAIRS]
    bottom = [image for image in worst if image not in top][:PAIRS]
    between = [image for image in best if image not in top + bottom]
    start = max(len(between) - PAIRS, 0) // 2
    middle = between[start : start + PAIRS]
    rows = (("Best images", top), ("Middle of the ranking", middle), ("Worst images", bottom))
    return tuple(Row(title, tuple(images)) for title, images in rows if images)


def draw_gallery(groups: Sequence[Group], class_names: tuple[str, ...]) -> Figure:
    """The groups one below the other, each panel drawn at the size that it is shown at."""
    width = 2 * MARGIN + PAIRS * (2 * WIDTH + GAP) + (PAIRS - 1) * MARGIN
    row_height = ROW_TITLE + HEIGHT + CAPTION
    height = sum(TITLE + len(group.rows) * row_height for group in groups) + MARGIN
    figure = Figure((width / DPI, height / DPI), dpi=DPI, facecolor="white")

    def text(x: float, y: float, words: str, **style: object) -> None:
        figure.text(x / width, 1 - y / height, words, va="baseline", parse_math=False, **style)

    y = 0
    for group in groups:
        text(MARGIN, y + 40, group.title, size=17, weight="bold")
        text(MARGIN, y + 70, group.measure, size=12.5, color="0.25")
        y += TITLE
        for row in group.rows:
            text(MARGIN, y + 24, row.title, size=14.5, weight="bold")
            x = MARGIN
            for image in row.images:
                top = y + ROW_TITLE
                for panel, caption in zip(
                    panels(group, image, class_names), ("found: " + _caption(group.scores, image), "true"), strict=True
                ):
                    figure.figimage(panel, x, height - top - panel.shape[0])
                    text(x, top + panel.shape[0] + 18, caption, size=11, color="0.25")
                    x += WIDTH + GAP
                x += MARGIN - GAP
            y += row_height
    return figure


def panels(group: Group, image: int, class_names: tuple[str, ...]) -> tuple[np.ndarray, np.ndarray]:
    """What was found and what is true on an image: uint8 [h, w, 3] RGB, as large as a panel can hold."""
    truth, split = group.findings.truth, group.findings.split
    (rgb,) = read_images(truth.images[image : image + 1], group.paths[image : image + 1])
    scale = min(WIDTH / rgb.shape[1], HEIGHT / rgb.shape[0])
    size = (max(1, round(rgb.shape[1] * scale)), max(1, round(rgb.shape[0] * scale)))
    small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    found = group.findings.instances[image]
    masks = [found.full_mask(index) for index in range(len(found))]
    found = _instances_at(size, masks, found.scores, found.class_ids, class_names)

    here = truth.objects.rows_by_image().get(image, np.zeros(0, int))
    here = here[~truth.objects.crowd[here]]
    class_of = {i: class_names.index(name) for i, name in split.names.items() if name in class_names}
    class_ids = [class_of.get(category, len(class_names)) for category in truth.objects.category[here].tolist()]
    masks = [decode(truth.objects.rles[index]) for index in here]
    true = _instances_at(size, masks, np.ones(len(here)), class_ids, class_names)
    return draw_overlay(small, found), draw_overlay(small, true, scores=False)


def _instances_at(
    size: tuple[int, int], masks: Sequence[np.ndarray], scores: np.ndarray, class_ids: Sequence[int],
    class_names: tuple[str, ...],
) -> Instances:  # fmt: skip
    """Whole-image masks [H, W] on an image of another size (width, height), without embeddings."""
    small = [cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) for mask in masks]
    rois = np.array([cv2.boundingRect(mask) for mask in small], np.int32).reshape(-1, 4)
    boxes = np.concatenate((rois[:, :2], rois[:, :2] + rois[:, 2:]), axis=1)
    crops = tuple(mask[y : y + h, x : x + w] > 0 for mask, (x, y, w, h) in zip(small, rois.tolist(), strict=True))
    return Instances(
        boxes=boxes, scores=scores, class_ids=class_ids, distances=np.zeros(len(small)),
        embeddings=np.zeros((len(small), 0)), rois=rois, masks=crops,
        height=size[1], width=size[0], class_names=class_names,
    )  # fmt: skip


def _caption(scores: ImageScores, image: int) -> str:
    return (f"F1 {100 * scores.f1[image]:.0f} %, {scores.right[image]} of {scores.found[image]} instances right, "
            f"{scores.objects[image]} objects")  # fmt: skip
