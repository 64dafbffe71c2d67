"""The model card, README.md of a bundle: one screen for a reader in a hurry, details after it."""

from collections.abc import Sequence

from osis_ros.inference.manifest import Manifest, Metric, Provenance
from osis_ros.training.model.config import ModelConfig

CREDITS = {
    "mobilenet_v2": (
        "The backbone started from ImageNet weights of MobileNetV2 that were dequantised from an 8-bit model published "
        "under Apache-2.0."
    ),
    "resnet50": "The backbone started from ImageNet weights of the original (MSRA) ResNet-50.",
    "resnet18": "The backbone started from torchvision's ImageNet weights of ResNet-18 (BSD-3-Clause).",
}

UNKNOWN = {
    "distance": "its cosine distance to the nearest class centre exceeds T_u",
    "probability": "the probability of no known class exceeds T_u",
    "odds": "p / (p + q) exceeds T_u, where p is the probability of no known class and q that of the likeliest one",
}
LIMITS = "## Limits"


SEMSEG = "SemSeg (Yang et al., *Class Semantics Modulation for Open-Set Instance Segmentation*, RA-L 2024)"
ZSI = "ZSI (Zheng et al., *Zero-Shot Instance Segmentation*, CVPR 2021)"
GOSS = "GOSS (Hong et al., *GOSS: towards generalized open-set semantic segmentation*, The Visual Computer 2024)"


def model_card(
    name: str, manifest: Manifest, config: ModelConfig, pretrained: bool, megabytes: float, sections: Sequence[str] = ()
) -> str:
    """README.md in Markdown.

    Args:
        name: the bundle's.
        config: of the network; `pretrained`: its backbone started from ImageNet weights.
        megabytes: size of model.onnx in 10^6 bytes.
        sections: further Markdown, each with a heading of its own, placed after the details. One that begins with
            "## Limits" stands on the first screen, in place of what holds for every model.
    """
    limits = [section.strip() for section in sections if section.lstrip().startswith(LIMITS)]
    others = [section.strip() for section in sections if not section.lstrip().startswith(LIMITS)]
    size = f"{manifest.input_width}×{manifest.input_height}"
    credit = f" {CREDITS[config.backbone]}" if pretrained else ""
    parts = [
        f"# {name}",
        _purpose(manifest),
        f"**Known classes:** {', '.join(manifest.class_names)}.",
        f"**Network:** {_network(config)} with the backbone {config.backbone}; {megabytes:.1f} MB, {size} pixels.",
        "## Use",
        f"```sh\nosis segment IMAGE… --model models/{name}\n"
        f"ros2 launch osis_ros segmenter.launch.py model:=models/{name}\n```",
        "## Scores",
        _scores(manifest.provenance.metrics),
        *(limits or [_general_limits(size)]),
        "## Licence and credits",
        f"Apache-2.0, as the package.{credit}",
        "# Details",
        "## Facts",
        _facts(manifest),
        "## How it was trained",
        _training(manifest.provenance),
        *_commands(manifest.provenance.metrics),
        *others,
    ]
    return "\n\n".join(parts) + "\n"


def _network(config: ModelConfig) -> str:
    return GOSS if config.scene else ZSI if config.words else SEMSEG


def _purpose(manifest: Manifest) -> str:
    known = len(manifest.class_names)
    if manifest.word_dim is not None:
        return (
            "Zero-shot instance segmentation. The input is one RGB image. The output is a box, a score and a pixel "
            f"mask of every object of {known} trained classes, and of names that were never trained "
            "(`osis segment --names`). Scores are no probabilities, and nothing is `unknown`."
        )
    if manifest.scene:
        return (
            "Open-set scene segmentation. The input is one RGB image. The model labels every pixel. Each pixel has one "
            f"of {known} known classes, or it is `unknown` and belongs to a group. All pixels of a known class are one "
            "instance, and each group of unknown pixels is one. Scores are means over pixels."
        )
    return (
        "Open-set instance segmentation for robot arms. The input is one RGB image. The output is a box, a score and a "
        f"pixel mask of every object. Each object has one of {known} known classes, or it is `unknown`."
    )


def _scores(metrics: Sequence[Metric]) -> str:
    """One row for each data set, however many figures it has."""
    if not metrics:
        return "Not measured."
    rows = [
        (data, ", ".join(f"{metric.name} {metric.value:g}" for metric in of_data))
        for (data, _), of_data in _by_command(metrics).items()
    ]
    note = "All figures are of masks, in percent except counts. The commands are [below](#commands-for-the-scores)."
    legend = (
        "AP_k: average precision of the known classes. AP_unk, AR_unk^N: average precision and average recall of "
        "unknown objects, with at most N detections per image. AOSE: number of unknown objects taken for known ones. "
        "One class: every object counts, whatever its class."
    )
    return f"{note}\n\n{_table(('measured on', 'scores'), rows)}\n\n{legend}"


def _commands(metrics: Sequence[Metric]) -> list[str]:
    if not metrics:
        return []
    parts = [f"{data}:\n\n```sh\n{command}\n```" for data, command in _by_command(metrics)]
    return ["## Commands for the scores", *parts]


def _by_command(metrics: Sequence[Metric]) -> dict[tuple[str, str], list[Metric]]:
    """The figures that one command prints, by (data, command)."""
    groups: dict[tuple[str, str], list[Metric]] = {}
    for metric in metrics:
        groups.setdefault((metric.data, metric.command), []).append(metric)
    return groups


def _general_limits(size: str) -> str:
    return (
        f"{LIMITS}\n\n"
        f"- The model sees {size} pixels. Objects of a few pixels are missed, in large photographs too.\n"
        "- An unknown object that looks like a known one is taken for it. A known one in an unusual view may come out "
        "as `unknown`.\n"
        "- It was measured on the data above only. Try it on images of your own camera before a robot acts on its "
        "results."
    )


def _facts(manifest: Manifest) -> str:
    limits = manifest.thresholds
    rows = [
        (
            "input",
            f"{manifest.input_width}×{manifest.input_height} RGB, 8 bits; other sizes are letterboxed, never stretched",
        ),
        ("score threshold", f"{limits.score:g}"),
        ("unknown threshold T_u", f"{limits.unknown:g}; an object is unknown if {UNKNOWN[manifest.unknown_by]}"),
        *([] if manifest.scene else [("NMS IoU", f"{limits.nms_iou:g}")]),
        ("most instances per image", str(limits.max_instances)),
        *([] if manifest.scene else [("embedding", f"{manifest.embedding_dim} dimensions, unit length")]),
    ]
    note = (
        "The table has the thresholds at the time of the export. `osis calibrate --write` may have changed them in "
        "`model.yaml` since. They can also be changed for each call, and while the node runs."
    )
    return f"{_table(('fact', 'value'), rows)}\n\n{note}"


def _training(provenance: Provenance) -> str:
    rows = [
        ("configuration", f"{_config_name(provenance.config)}; `model.yaml` holds all of it"),
        ("data", provenance.data),
        ("optimiser steps", f"{provenance.steps:,}{_before(provenance.init)}"),
        ("seed", str(provenance.seed)),
        ("commit", f"`{provenance.commit}`"),
        ("exported", str(provenance.date)),
    ]
    return _table(("fact", "value"), rows)


def _config_name(config: str | dict) -> str:
    return config if isinstance(config, str) else str(config.get("name", "unnamed"))


def _before(init: dict | None) -> str:
    """The runs that these weights went on from, latest first."""
    if not init:
        return ""
    if not init.get("steps"):
        return f", after those of other weights ({init.get('name')})"
    return f", after {init['steps']:,} of commit `{init.get('commit')}`{_before(init.get('init'))}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)
