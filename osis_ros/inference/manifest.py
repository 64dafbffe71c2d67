"""model.yaml, the manifest of a model bundle: its entries, and error messages for wrong ones."""

from collections.abc import Sequence
from datetime import date as Date
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from osis_ros.errors import OsisError
from osis_ros.instances import UNKNOWN_NAME

FORMAT_VERSION = 2
READABLE = (1, 2)  # format 1 did not say what T_u bounds
Measure = Literal["distance", "probability", "odds"]
HIGHEST: dict[Measure, float] = {"distance": 2.0, "probability": 1.0, "odds": 1.0}


class BundleError(OsisError):
    """A bundle that cannot be used; the message is one sentence that names the file, the field and the remedy."""


def _multiple_of_32(pixels: int) -> int:
    if pixels % 32:
        raise ValueError("not a multiple of 32")
    return pixels


def _distinct_names(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names) or any(not name.strip() or not name.isprintable() for name in names):
        raise ValueError("empty, unprintable or repeated names")
    if UNKNOWN_NAME in names:
        raise ValueError(f"'{UNKNOWN_NAME}' is reserved")
    return names


class Checked(BaseModel):
    """Strict types, no unknown fields, immutable. Error messages quote a field's description: "expected …"."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


Side = Annotated[
    int, Field(ge=32, le=4096, description="32..4096 and a multiple of 32"), AfterValidator(_multiple_of_32)
]


Channel = Annotated[int, Field(ge=0, le=255)]


class Thresholds(Checked):
    """The default thresholds of the model."""

    score: float = Field(ge=0, le=1, description="the lowest score kept, 0..1")
    unknown: float = Field(
        ge=0,
        le=2,
        description="T_u, the distance above which an object is unknown: 0..2, or 0..1 for a probability or odds",
    )
    nms_iou: float = Field(
        gt=0, le=1, description="the box IoU above which the lower-scoring instance is dropped, 0..1"
    )
    max_instances: int = Field(ge=1, le=1000, description="the most instances per image, 1..1000")


class Metric(Checked):
    """One figure of the model card, with what it was measured on and the command that prints it."""

    name: str = Field(description="the metric's name")
    value: float = Field(description="a number")
    data: str = Field(description="the data set's name")
    command: str = Field(description="the command that prints it")


class Provenance(Checked):
    """Where the weights come from."""

    config: str | dict[str, Any] = Field(description="the training configuration, complete or by name")
    data: str = Field(description="the training data, in words")
    steps: int = Field(ge=0, description="optimiser steps, 0 or more")
    seed: int = Field(description="the seed, an integer")
    commit: str = Field(description="the commit of the training code")
    date: Date = Field(strict=False, description="the day of the export, such as 2026-01-31")
    init: dict[str, Any] | None = Field(None, description="the weights that training started from")
    metrics: tuple[Metric, ...] = Field((), strict=False, description="a list of name, value, data, command")


class Manifest(Checked):
    """The entries of model.yaml."""

    format_version: int = Field(description=f"{FORMAT_VERSION}")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="the 64 lower-case hex digits of model.onnx's SHA-256")
    class_names: Annotated[
        tuple[str, ...],
        Field(strict=False, min_length=1, description=f"a list of distinct names, none of them '{UNKNOWN_NAME}'"),
        AfterValidator(_distinct_names),
    ]
    input_height: Side
    input_width: Side
    padding: tuple[Channel, Channel, Channel] = Field(
        (0, 0, 0),
        strict=False,
        description="red, green and blue, 0..255 each: the colour that fills the input outside the scaled image",
    )
    embedding_dim: int = Field(
        ge=0, le=4096, description="1..4096, the length of an embedding; 0 for a model that labels every pixel"
    )
    unknown_by: Measure = Field(
        "distance",
        description="the measure that T_u is compared with: distance (cosine distance to the nearest class centre, "
        "0..2), probability (p of no known class, 0..1) or odds (p / (p + q) with q of the likeliest class, 0..1)",
    )
    second_look: bool = Field(
        False,
        description="true or false: whether classes and distances also come from a second look at crops of the objects",
    )
    decisive_embedding: bool = Field(
        False,
        description="true or false: whether the embedding includes the second look, so that classes and distances are "
        "told from it; without a second look they are in any case",
    )
    class_table: bool = Field(
        False, description="true or false: whether the rows of the classes lie beside the graph, in classes.npz"
    )
    scene: bool = Field(
        False,
        description="true or false: whether the model labels every pixel, so that an instance is all pixels of a known "
        "class or a group of unknown pixels; false: it finds objects",
    )
    float16: bool = Field(
        False, description="true or false: whether TensorRT may compute in float16, because the graph's numbers fit it"
    )
    word_dim: int | None = Field(
        None,
        ge=1,
        le=4096,
        description="1..4096, the length of a name's vector; left out: the model takes no names beside its classes",
    )
    thresholds: Thresholds = Field(description="score, unknown, nms_iou and max_instances")
    provenance: Provenance = Field(description="config, data, steps, seed, commit, date and metrics")

    @property
    def highest_unknown(self) -> float:
        """The greatest T_u, at which nothing is unknown: 2 for a cosine distance, 1 for a probability."""
        return HIGHEST[self.unknown_by]

    def refusal(self, unknown_threshold: float) -> str | None:
        """`refused_unknown` for the measure of this model."""
        return refused_unknown(self.unknown_by, unknown_threshold)


def refused_unknown(measure: Measure, threshold: float) -> str | None:
    """Why this T_u is out of range for the measure: its value and the expected range. None if it is in range."""
    highest = HIGHEST[measure]
    if 0 <= threshold <= highest:
        return None
    bounded = "a cosine distance" if measure == "distance" else "a probability"
    return f"{threshold:g}, expected 0..{highest:g}: this model's T_u bounds {bounded}"


class _PlainLoader(yaml.SafeLoader):
    """YAML without aliases, because a file of a few hundred bytes with aliases can become a billion entries."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(
                None, None, "aliases (*name) are not allowed", self.peek_event().start_mark
            )
        return super().compose_node(parent, index)


def read_manifest(file: Path) -> Manifest:
    """Read and check a model.yaml.

    Raises:
        BundleError: what `read_fields` or `validate_manifest` refuses.
    """
    return validate_manifest(read_fields(file), file)


def read_fields(file: Path) -> dict[str, Any]:
    """The fields of a model.yaml, unchecked.

    Raises:
        BundleError: no such file, not YAML, or no mapping.
    """
    try:
        fields = yaml.load(file.read_text("utf-8"), _PlainLoader)
    except FileNotFoundError:
        raise BundleError(f"{file.name} is missing; a bundle holds model.onnx and {file.name} ({file})") from None
    except OSError as err:
        raise BundleError(f"{file.name} cannot be read: {err.strerror} ({file})") from None
    except UnicodeDecodeError:
        raise BundleError(f"{file.name} is not UTF-8 text, expected YAML ({file})") from None
    except yaml.YAMLError as err:
        mark = getattr(err, "problem_mark", None)
        where = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        problem = getattr(err, "problem", None) or "unreadable"
        raise BundleError(f"{file.name} is not valid YAML{where}: {problem} ({file})") from None
    except (ValueError, AttributeError, RecursionError) as err:  # PyYAML's, of a date in month 13 and the like
        raise BundleError(f"{file.name} is not valid YAML: {err} ({file})") from None
    if not isinstance(fields, dict):
        raise BundleError(f"{file.name} holds {_shown(fields)}, expected a mapping of fields ({file})")
    return fields


def validate_manifest(fields: dict[str, Any], file: Path) -> Manifest:
    """Check fields as read from `file`, which is only named in errors.

    Raises:
        BundleError: the first field that is missing, misspelt or out of range.
    """
    version = fields.get("format_version")
    if version is not None and version not in READABLE:
        raise BundleError(
            f"{file.name}: format_version is {_shown(version)}, expected {FORMAT_VERSION}: the bundle is of another "
            f"release of osis_ros; export it again with this one ({file})"
        )
    try:
        manifest = Manifest.model_validate(_as_format_2(fields) if version == 1 else fields)
    except ValidationError as err:
        first = err.errors()[0]
        raise BundleError(f"{file.name}: {_complaint(first['loc'], first['type'], first['input'])} ({file})") from None
    refusal = manifest.refusal(manifest.thresholds.unknown)
    if refusal:
        raise BundleError(f"{file.name}: thresholds.unknown is {refusal} ({file})")
    return manifest


def _as_format_2(fields: dict[str, Any]) -> dict[str, Any]:
    """Add the fields that format 1 did not have, from the training configuration or else from the paper's defaults."""
    model = fields
    for name in ("provenance", "config", "model"):
        model = model.get(name) if isinstance(model, dict) else None
    model = model if isinstance(model, dict) else {}
    decision = model.get("decision")
    measure = decision.get("unknown_by") if isinstance(decision, dict) else None
    return {
        "unknown_by": measure if measure in get_args(Measure) else "distance",
        "second_look": bool(model.get("second_look")),
        **fields,
        "format_version": FORMAT_VERSION,
    }


def _complaint(location: Sequence[str | int], kind: str, value: Any) -> str:
    """One validation error in words: which field, which value, what was expected."""
    name = ".".join(str(part) for part in location if not (isinstance(part, str) and part in ("str", "dict[str,any]")))
    if kind == "extra_forbidden":
        return f"{name} is not a field of format version {FORMAT_VERSION}; remove it or correct its spelling"
    found = "missing" if kind == "missing" else _shown(value)
    return f"{name} is {found}, expected {_expectation(location)}"


def _expectation(location: Sequence[str | int]) -> str:
    model: type[BaseModel] | None = Manifest
    expected = "a valid value"
    for part in location:
        if model is None or part not in model.model_fields:
            continue
        field = model.model_fields[part]
        expected = field.description or expected
        model = {"thresholds": Thresholds, "provenance": Provenance, "metrics": Metric}.get(str(part))
    return expected


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
