"""Options that several commands share, so that they are called and explained alike."""

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[str, typer.Option(help="Folder of a model bundle, or the name of a model in the package.")]
Provider = Annotated[str, typer.Option(help="Hardware to run on: cpu, cuda, tensorrt or auto.")]
ScoreThreshold = Annotated[float | None, typer.Option(help="Lowest score to keep, 0..1. Default: the model's own.")]
UnknownThreshold = Annotated[
    float | None,
    typer.Option(
        help="T_u: an object farther than this from every known class is unknown, 0..2. Default: the model's own."
    ),
]
MaxInstances = Annotated[int | None, typer.Option(help="Keep at most N instances per image.", metavar="N")]
MaxOverlap = Annotated[
    float | None,
    typer.Option(help="Drop the lower-scoring of two instances whose mask IoU exceeds this, 0..1."),
]
First = Annotated[int | None, typer.Option(min=1, help="Process only the first N images.", metavar="N")]

GroundTruth = Annotated[Path, typer.Option(help="Ground truth: a COCO-format JSON file, plain or gzip.")]
Images = Annotated[Path, typer.Option(help="Folder that the file names in the ground truth are relative to.")]
Known = Annotated[
    str | None,
    typer.Option(
        help="Known classes: names or ids, separated by commas. Default: what the ground truth marks as known, else "
        "the model's classes."
    ),
]
Report = Annotated[Path | None, typer.Option(help="Also write all figures to this JSON file.")]
Checkpoint = Annotated[Path, typer.Argument(help="A run's last.ckpt, or a weights.safetensors file.")]
ShortSide = Annotated[int, typer.Option(min=32, help="Short side in pixels to which images are resized.")]
LongSide = Annotated[int, typer.Option(min=32, help="Longest side that a resized image may have, in pixels.")]


def names(text: str | None) -> tuple[str, ...] | None:
    """`cup, bowl` -> ("cup", "bowl")."""
    return None if text is None else tuple(name.strip() for name in text.split(",") if name.strip())
