"""The model card, README.md of a bundle, generated from what is recorded about the weights."""

import json
from collections.abc import Sequence

from osis_ros.inference.bundle import MODEL_FILE
from osis_ros.inference.manifest import Manifest, Metric
from osis_ros.training.model.config import ModelConfig

CREDITS = {
    "mobilenet_v2": (
        "The backbone started from ImageNet weights of MobileNetV2 that were dequantised from an 8-bit model published "
        "under Apache-2.0."
    ),
    "resnet50": "The backbone started from ImageNet weights of the original (MSRA) ResNet-50.",
    "resnet18": "The backbone started from torchvision's ImageNet weights of ResNet-18 (BSD-3-Clause).",
}

MEANS = {
    "distance": "far from every class centre",
    "probability": "more probably of no known class than T_u says",
    "odds": "more probably of no known class, against the likeliest one, than T_u says",
}
BOUNDED = {
    "distance": "cosine distance to the nearest class",
    "probability": "probability of no known class",
    "odds": "p / (p + q), probabilities p of no known class and q of the likeliest one",
}


def model_card(
    name: str, manifest: Manifest, config: ModelConfig, pretrained: bool, megabytes: float, sections: Sequence[str] = ()
) -> str:
    """README.md in Markdown.

    Args:
        name: the bundle's.
        config: of the network; `pretrained`: its backbone started from ImageNet weights.
        megabytes: size of model.onnx in 10^6 bytes.
        sections: further Markdown, each with a heading of its own, placed after the metrics.
    """
    limits = manifest.thresholds
    provenance = manifest.provenance
    size = f"{manifest.input_width}×{manifest.input_height}"
    credit = f"{CREDITS[config.backbone]} " if pretrained else ""
    parts = [
        f"# {name}",
        f"Open-set instance segmentation (SemSeg: Yang et al., *Class Semantics Modulation for Open-Set Instance "
        f"Segmentation*, RA-L 2024; {config.backbone} backbone): from one RGB image to a box, a "
        f"score and a pixel mask of every object, each one of {len(manifest.class_names)} known classes or `unknown`, "
        "an object of no class that was learnt.",
        "## Use",
        f"```sh\nosis segment IMAGE… --model models/{name}\n"
        f"ros2 launch osis_ros segmenter.launch.py model:={name}\n```",
        "## Facts",
        _table(
            ("fact", "value"),
            [
                ("known classes, in id order", ", ".join(manifest.class_names)),
                ("input", f"{size} RGB, 8 bits; images of other sizes are letterboxed, never stretched"),
                (f"`{MODEL_FILE}`", f"{megabytes:.1f} MB"),
                ("score threshold", f"{limits.score:g}"),
                (f"unknown threshold T_u ({BOUNDED[config.decision.unknown_by]})", f"{limits.unknown:g}"),
                ("NMS IoU", f"{limits.nms_iou:g}"),
                ("most instances an image", str(limits.max_instances)),
                ("embedding", f"{manifest.embedding_dim} dimensions, unit length"),
            ],
        ),
        "The two thresholds are defaults as exported (`model.yaml` holds those in force): they can be changed at every "
        "call, and while the node runs.",
        "## How it was trained",
        _table(
            ("fact", "value"),
            [
                ("configuration", _config_name(provenance.config)),
                ("data", provenance.data),
                ("optimiser steps", f"{provenance.steps:,}{_before(provenance.init)}"),
                ("seed", str(provenance.seed)),
                ("commit", f"`{provenance.commit}`"),
                ("exported", str(provenance.date)),
            ],
        ),
        *_whole_config(provenance.config),
        "## What it scores",
        _metrics(provenance.metrics),
        *sections,
        "## Limits",
        f"It sees {size} pixels: objects of a few pixels are missed, in large photographs too. Unknown means "
        f"{MEANS[config.decision.unknown_by]}: an unknown object that looks like a known one is taken for it, and a "
        "known one seen oddly may come out as unknown. It was tried on no other data than is named above: try it on "
        "your own camera's images before a robot acts on its answers.",
        "## Licence and credits",
        f"Apache-2.0, as the package. {credit}".rstrip(),
    ]
    return "\n\n".join(parts) + "\n"


def _metrics(metrics: Sequence[Metric]) -> str:
    if not metrics:
        return "Not measured."
    rows = [(metric.name, f"{metric.value:g}", metric.data, f"`{metric.command}`") for metric in metrics]
    return _table(("metric", "value", "data", "printed by"), rows)


def _config_name(config: str | dict) -> str:
    return config if isinstance(config, str) else str(config.get("name", "see below"))


def _before(init: dict | None) -> str:
    """The runs that these weights went on from, latest first."""
    if not init:
        return ""
    if not init.get("steps"):
        return f", after those of other weights ({init.get('name')})"
    return f", after {init['steps']:,} of commit `{init.get('commit')}`{_before(init.get('init'))}"


def _whole_config(config: str | dict) -> list[str]:
    if isinstance(config, str):
        return []
    text = json.dumps(config, indent=1, ensure_ascii=False)
    return [f"<details><summary>The whole configuration</summary>\n\n```json\n{text}\n```\n\n</details>"]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)
