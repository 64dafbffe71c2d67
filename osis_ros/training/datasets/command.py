"""`osis data`: make open-set data sets of one's own copies, and check them."""

from pathlib import Path
from typing import Annotated

import typer

from osis_ros.terminal import fail
from osis_ros.training.datasets.open_set import DatasetError, summary

app = typer.Typer(no_args_is_help=True, help="Make open-set data sets of your own copies, and check them.")


def _report(written: dict[str, dict], output: Path) -> None:
    for name, tree in written.items():
        typer.echo(f"{output / name}: {summary(tree)}")


@app.command()
def coco(
    root: Annotated[Path, typer.Argument(help="COCO 2017: annotations/, train2017/, val2017/.")],
    output: Annotated[Path, typer.Argument(help="Folder for train.json and val.json.")],
) -> None:
    """COCO 2017 to COCO-OSIS: 20 known classes, 60 unknown. Images stay where they are; file names start at ROOT."""
    from osis_ros.training.datasets.coco import coco_osis

    try:
        _report(coco_osis(root, output), output)
    except DatasetError as err:
        raise fail(err) from None


@app.command()
def graspnet(
    root: Annotated[Path, typer.Argument(help="GraspNet-1Billion: scenes/scene_0000/realsense/{rgb,label}/0000.png …")],
    output: Annotated[Path, typer.Argument(help="Folder for train.json and test_1.json … test_6.json.")],
    camera: Annotated[str, typer.Option(help="realsense or kinect.")] = "realsense",
    sets: Annotated[str | None, typer.Option(help="Only these, e.g. train,test_1.")] = None,
    seed: Annotated[int, typer.Option(help="Draws the scenes of Test-4, 5, 6, which were never published.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Scenes converted at a time.")] = 2,
) -> None:
    """GraspNet-1Billion's scene folders to GraspNet-OSIS. Stopped and started again, it goes on where it was."""
    from rich.progress import track

    from osis_ros.training.datasets.graspnet import SETS, scene_sets
    from osis_ros.training.datasets.graspnet_scenes import CAMERAS, convert_scenes, join_scenes, scene_objects
    from osis_ros.training.datasets.open_set import write_annotations

    wanted = tuple(name.strip() for name in sets.split(",")) if sets else SETS
    if camera not in CAMERAS or not set(wanted) <= set(SETS):
        raise fail(f"camera is one of {', '.join(CAMERAS)}, sets are some of {', '.join(SETS)}")
    try:
        found = scene_sets(scene_objects(root), seed)
        chosen = [name for name in wanted if name in found.scenes]
        scenes = {scene for name in chosen for scene in found.scenes[name]}
        ticks = iter(track(range(len(scenes)), "scenes", transient=True))
        shards = convert_scenes(scenes, root, output, camera, workers, lambda: next(ticks))
        for name in chosen:
            tree = join_scenes(name, found, shards)
            write_annotations(tree, output / f"{name}.json")
            _report({f"{name}.json": tree}, output)
    except DatasetError as err:
        raise fail(err) from None
    for name in wanted:
        if name in found.left_out:
            typer.echo(f"{name} is left out: {found.left_out[name]}")


@app.command()
def graspnet_json(
    folder: Annotated[Path, typer.Argument(help="The authors' graspnet_os_train.json, graspnet_os_test_1.json, …")],
    output: Annotated[Path, typer.Argument(help="Folder for train.json, test_1.json, …")],
) -> None:
    """The authors' own GraspNet-OSIS files: checked, named and marked known or unknown."""
    from osis_ros.training.datasets.graspnet_json import from_authors

    try:
        _report(from_authors(folder, output), output)
    except DatasetError as err:
        raise fail(err) from None


@app.command()
def open_set(
    annotations: Annotated[Path, typer.Argument(help="Any COCO-format JSON file.")],
    output: Annotated[Path, typer.Argument(help="The file to write.")],
    known: Annotated[str, typer.Option(help="NAME,… or ids of the known classes.")],
    train: Annotated[bool, typer.Option(help="Delete unknown annotations and drop images left empty.")] = False,
) -> None:
    """Any COCO-format file to an open-set test set (everything, marked), or with --train to a training set."""
    from osis_ros.training.datasets.open_set import (
        category_ids,
        evaluation_set,
        read_annotations,
        training_set,
        write_annotations,
    )

    try:
        tree = read_annotations(annotations)
        names = [name.strip() for name in known.split(",") if name.strip()]
        made = (training_set if train else evaluation_set)(tree, category_ids(tree, names, annotations))
        write_annotations(made, output)
    except DatasetError as err:
        raise fail(err) from None
    _report({output.name: made}, output.parent)


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="A folder of COCO 2017 or GraspNet-1Billion, or a COCO-format file.")],
    images: Annotated[Path | None, typer.Option(help="For a file: the folder its file names start at.")] = None,
    camera: Annotated[str, typer.Option(help="For GraspNet: realsense or kinect.")] = "realsense",
) -> None:
    """Say whether a copy is whole, and what is missing. The exit status is 1 if anything is."""
    from osis_ros.training.datasets.check import check as look

    try:
        findings = look(path, images, camera)
    except DatasetError as err:
        raise fail(err) from None
    for fact in findings.facts:
        typer.echo(fact)
    for problem in findings.problems:
        typer.secho(f"problem: {problem}", fg=typer.colors.RED)
    if findings.problems:
        raise typer.Exit(1)
    typer.echo("nothing is missing")
