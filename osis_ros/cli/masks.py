"""`osis masks`: masks for objects that were labelled with boxes."""

from pathlib import Path
from typing import Annotated

import typer

from osis_ros.cli.options import Checkpoint, LongSide, ShortSide, names
from osis_ros.files.output_file import require_output


def masks(
    checkpoint: Checkpoint,
    boxes: Annotated[Path, typer.Option(help="COCO-format JSON file with boxes, plain or gzip.")],
    images: Annotated[Path, typer.Option(help="Folder that its file names are relative to.")],
    output: Annotated[Path, typer.Option(help="The same file with masks is written here.")],
    by_name: Annotated[
        str | None,
        typer.Option(
            help="Classes, separated by commas, whose masks are drawn by what the network has learnt of the class. All "
            "others are drawn by what it sees in the box."
        ),
    ] = None,
    redraw: Annotated[
        bool, typer.Option("--redraw", help="Also draw the masks that the file has already anew.")
    ] = False,
    short_side: ShortSide = 800,
    long_side: LongSide = 1333,
) -> None:
    """Draw masks in boxes that you labelled, with a checkpoint.

    Each annotation with a `bbox` and no `segmentation` gets a mask and a `mask_score`. It may be of any category, or of
    none. You can interrupt it at any time; the same command resumes.
    """
    from osis_ros.training.box_masks import draw_masks, is_with_masks

    require_output(output, (boxes, checkpoint), is_with_masks, "file of `osis masks`")
    drawn = draw_masks(checkpoint, boxes, images, output, names(by_name) or (), redraw, short_side, long_side)
    note = f"; {drawn.empty} boxes stay without a mask, nothing was found in them" if drawn.empty else ""
    typer.echo(f"{output}: {drawn.masks} masks drawn{note}")
