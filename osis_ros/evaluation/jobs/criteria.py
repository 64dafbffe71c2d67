"""Criteria that a replay must meet: bounds on its figures, and regions of the image in which nothing may be found."""

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import yaml

from osis_ros.errors import OsisError
from osis_ros.instances import Instances

BOUNDS = ("at_least", "at_most")
FIGURE_KEYS = {"name", "figure", "camera", *BOUNDS}
REGION_KEYS = {"name", "region", "camera", "at_most", "inside"}
INSIDE = 0.5  # share of an instance's mask in a region from which it counts


class CriteriaError(OsisError):
    """A file of criteria with mistakes; the message has a sentence for each, `problems` has them one by one."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Outcome:
    """Whether a criterion is met, and a sentence that says by how much."""

    name: str
    passed: bool
    text: str

    def __str__(self) -> str:
        return f"{'passed' if self.passed else 'failed'}: {self.name}: {self.text}"


@dataclass(frozen=True)
class FigureBound:
    """A figure of summary.json that must lie between bounds, ends included; None for no bound, or for all cameras."""

    name: str
    figure: str
    at_least: float | None
    at_most: float | None
    camera: str | None = None

    def outcome(self, figures: Mapping[str, float | None]) -> Outcome:
        value = figures.get(self.figure)
        wanted = " and ".join(f"{word.replace('_', ' ')} {bound:g}" for word in BOUNDS
                              if (bound := getattr(self, word)) is not None)  # fmt: skip
        if value is None:
            return Outcome(self.name, False, f"{self.figure} is not defined for this recording, expected {wanted}")
        low = -np.inf if self.at_least is None else self.at_least
        high = np.inf if self.at_most is None else self.at_most
        return Outcome(self.name, low <= value <= high, f"{self.figure} is {value:.6g}, expected {wanted}")


@dataclass(frozen=True)
class EmptyRegion:
    """A polygon in which nothing may be found, in more than `at_most` images.

    Attributes:
        region: at least three corners, x y in pixels of the image.
        at_most: images in which something may be found there.
        inside: share of an instance's mask in the region from which it counts, above 0, at most 1.
        camera: whose images are meant; None for all.
    """

    name: str
    region: tuple[tuple[float, float], ...]
    at_most: int = 0
    inside: float = INSIDE
    camera: str | None = None

    def hits(self, instances: Instances) -> np.ndarray:
        """[N] bool, which instances lie in the region."""
        polygon = np.zeros((instances.height, instances.width), np.uint8)
        cv2.fillPoly(polygon, [np.round(np.array(self.region)).astype(np.int32)], 1)
        hits = np.zeros(len(instances), bool)
        for index, mask in enumerate(instances.masks):
            x, y, width, height = instances.rois[index].tolist()
            pixels = np.count_nonzero(mask)
            within = np.count_nonzero(polygon[y : y + height, x : x + width][mask])
            hits[index] = pixels and within >= self.inside * pixels
        return hits

    def outcome(self, images: int, times: Sequence[float]) -> Outcome:
        """
        Args:
            images: that were looked at.
            times: of those in which something was found, s in the recording.
        """
        text = f"something is in the region in {len(times)} of {images} images, expected at most {self.at_most}"
        if times:
            text += f"; first at {min(times):.3f} s"
        return Outcome(self.name, len(times) <= self.at_most, text)


Criterion = FigureBound | EmptyRegion


def read_criteria(path: Path, figures: Collection[str], cameras: Collection[str] = ()) -> tuple[Criterion, ...]:
    """The criteria of a YAML file: a mapping with one list, `criteria`.

    Args:
        figures: names that a criterion may bound.
        cameras: names that it may be limited to.
    Raises:
        CriteriaError: the file cannot be read, or a sentence for each mistake in it, with the file and the key.
    """
    try:
        tree = yaml.safe_load(path.read_text("utf-8"))
    except OSError as err:
        raise CriteriaError([f"{path} cannot be read: {err.strerror or err}"]) from None
    except (yaml.YAMLError, ValueError, RecursionError) as err:
        raise CriteriaError([f"{path} is no YAML file: {' '.join(str(err).split())}"]) from None
    entries = tree.get("criteria") if isinstance(tree, dict) else None
    if not isinstance(entries, list) or not entries:
        raise CriteriaError([f"{path}: criteria is missing or no list, expected a list of criteria with a name each"])
    problems = [f"{path}: {key} is not known, expected criteria alone" for key in tree if key != "criteria"]
    criteria: list[Criterion] = []
    for number, entry in enumerate(entries):
        reader = _Entry(f"{path}: criteria[{number}]", entry, figures, cameras)
        if (criterion := reader.criterion()) is not None:
            criteria.append(criterion)
        problems += reader.problems
    names = [criterion.name for criterion in criteria]
    problems += [f"{path}: two criteria are called '{name}', expected each name once" for name in sorted(set(names))
                 if names.count(name) > 1]  # fmt: skip
    if problems:
        raise CriteriaError(problems)
    return tuple(criteria)


class _Entry:
    """Reads one criterion, and keeps a sentence for each mistake."""

    def __init__(self, place: str, entry: object, figures: Collection[str], cameras: Collection[str]) -> None:
        self._place, self._entry, self._figures, self._cameras = place, entry, figures, cameras
        self.problems: list[str] = []

    def criterion(self) -> Criterion | None:
        """The criterion, or None where something is wrong with it."""
        if not isinstance(self._entry, dict):
            self._wrong("", f"is {_shown(self._entry)}, expected a name with a figure and its bounds, or with a region")
            return None
        if ("figure" in self._entry) == ("region" in self._entry):
            both = "both" if "figure" in self._entry else "neither"
            self._wrong("", f"has {both} of figure and region, expected one of them")
            return None
        known = FIGURE_KEYS if "figure" in self._entry else REGION_KEYS
        for key in [key for key in self._entry if key not in known]:
            self._wrong(f".{key}", f"is not known, expected one of {', '.join(sorted(known))}")
        name = self._entry.get("name")
        if not isinstance(name, str) or not name.strip():
            self._wrong(".name", f"is {_shown(name)}, expected a text")
        camera = self._entry.get("camera")
        if camera is not None and camera not in self._cameras:
            there = ", ".join(filter(None, self._cameras)) or "no camera's, because there is one only"
            self._wrong(".camera", f"is {_shown(camera)}, expected {there}")
        made = self._bound(name) if "figure" in self._entry else self._region(name)
        return None if self.problems else made

    def _bound(self, name: str) -> FigureBound:
        figure = self._entry["figure"]
        if not isinstance(figure, str) or figure not in self._figures:
            near = difflib.get_close_matches(str(figure), self._figures, cutoff=0.5) or ["images"]
            self._wrong(".figure", f"is {_shown(figure)}, expected a figure of the run, such as {', '.join(near)}; "
                                   "docs/regression.md lists all")  # fmt: skip
        low, high = (self._number(bound) for bound in BOUNDS)
        if low is None and high is None and not self.problems:
            self._wrong("", "has no bound, expected at_least, at_most or both")
        if low is not None and high is not None and low > high:
            self._wrong(".at_least", f"is {low:g}, expected no more than at_most, {high:g}")
        return FigureBound(name, figure, low, high, self._entry.get("camera"))

    def _region(self, name: str) -> EmptyRegion | None:
        corners = self._entry["region"]
        whole = isinstance(corners, list) and len(corners) >= 3 and all(
            isinstance(corner, list) and len(corner) == 2 and all(map(_is_number, corner)) for corner in corners
        )  # fmt: skip
        if not whole:
            self._wrong(".region", f"is {_shown(corners)}, expected a list of at least three corners [x, y] in pixels")
            return None
        inside, most = self._number("inside"), self._number("at_most")
        if inside is not None and not 0 < inside <= 1:
            self._wrong(".inside", f"is {inside:g}, expected a share above 0, at most 1")
        if most is not None and (most < 0 or most != int(most)):
            self._wrong(".at_most", f"is {most:g}, expected a whole number of images, 0 or more")
        if self.problems:
            return None
        return EmptyRegion(name, tuple((float(x), float(y)) for x, y in corners), int(most or 0),
                           INSIDE if inside is None else inside, self._entry.get("camera"))  # fmt: skip

    def _number(self, key: str) -> float | None:
        if key not in self._entry:
            return None
        value = self._entry[key]
        if not _is_number(value):
            self._wrong(f".{key}", f"is {_shown(value)}, expected a number")
            return None
        return float(value)

    def _wrong(self, key: str, text: str) -> None:
        self.problems.append(f"{self._place}{key} {text}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(abs(value) < 1e15)


def _shown(value: object) -> str:
    text = "missing" if value is None else f"'{value}'"
    return text if len(text) <= 60 else f"{text[:57]}…'"
