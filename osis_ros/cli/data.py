"""`osis scenes` and `osis data`: rendered scenes, and open-set data sets of one's own copies."""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from osis_ros.cli.failure import Commands, fail
from osis_ros.cli.options import names
from osis_ros.files.output_file import require_output

app = typer.Typer(
    cls=Commands, no_args_is_help=True, rich_markup_mode="markdown",
    help="Convert COCO, GraspNet and your own data to open-set data, and check it.",
)  # fmt: skip
CAMERA = "Camera of GraspNet: realsense or kinect."


def scenes(
    output: Annotated[Path, typer.Argument(help="Output folder; the images go to OUTPUT/SPLIT.")],
    split: Annotated[str, typer.Option(help="train (known classes only), outliers, val, test or demo.")] = "train",
    count: Annotated[
        int | None,
        typer.Option(help="Total number of images; a later run may ask for more. Default: that of Tabletop-OSIS."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the first scene; further scenes count up from it.")] = 0,
    workers: Annotated[int | None, typer.Option(help="Number of processes. Default: 2.")] = None,
    ray: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Render on all cores of a Ray cluster: its address as `ray start --head` prints it, or auto.",
        ),
    ] = None,
    width: Annotated[int, typer.Option(help="Image width in pixels.")] = 640,
    height: Annotated[int, typer.Option(help="Image height in pixels.")] = 480,
    views: Annotated[
        int | None, typer.Option(help="Images per scene. Default: 3 for train and outliers, 2 otherwise.")
    ] = None,
    depth: Annotated[bool, typer.Option(help="Also write depth as 16-bit PNG, in millimetres.")] = False,
    goss: Annotated[
        bool,
        typer.Option(help="Also write goss.json with a label for each pixel: objects, table, wall, bin and so on."),
    ] = False,
    space: Annotated[
        bool, typer.Option(help="Also write each object's box, visible share and symmetry, and the support plane.")
    ] = False,
    preview: Annotated[Path | None, typer.Option(help="Also write a sheet of the first images to this file.")] = None,
) -> None:
    """Render tabletop scenes as a COCO-format data set.

    Without options it makes a set of Tabletop-OSIS. You can interrupt it at any time; the same command resumes.
    """
    from osis_ros.simulation.gl import load_mujoco

    load_mujoco()
    from osis_ros.simulation.dataset import TABLETOP_OSIS, VIEWS_PER_SCENE, Settings
    from osis_ros.simulation.preview import SUFFIXES, is_preview, write_preview
    from osis_ros.simulation.progress import write_with_progress

    require_output(preview, is_earlier=is_preview, kind="preview")
    if preview and preview.suffix.lower() not in SUFFIXES:
        raise fail(f"--preview is {preview}, expected a .png or .jpg file")
    if preview and preview.resolve().is_relative_to((output / split).resolve()):
        raise fail(f"{preview} lies in the data set itself, choose another place for the preview")
    views = VIEWS_PER_SCENE.get(split, 1) if views is None else views
    if ray and workers is not None:
        raise fail("--workers is for this machine and --ray for a cluster, which uses all its cores; give one of them")
    settings = Settings(split, seed, width, height, views, depth, goss, space)
    count = TABLETOP_OSIS.get(split, 1) if count is None else count
    write_with_progress(output, settings, count, 2 if workers is None else workers, ray)
    if preview:
        write_preview(output / split, preview)


@app.command()
def coco(
    root: Annotated[Path, typer.Argument(help="Folder of COCO 2017 with annotations/, train2017/ and val2017/.")],
    output: Annotated[Path, typer.Argument(help="Output folder for train.json and val.json.")],
) -> None:
    """Convert COCO 2017 to COCO-OSIS: 20 known classes, 60 unknown ones.

    Images stay where they are; file names are relative to ROOT.
    """
    from osis_ros.training.datasets.coco import coco_osis

    _require_outputs(output / "train.json", output / "val.json")
    _report(coco_osis(root, output), output)


@app.command()
def coco_stuff(
    root: Annotated[Path, typer.Argument(help="Folder of COCO 2017 with train2017/ and val2017/.")],
    output: Annotated[Path, typer.Argument(help="Output folder for train.json and val.json.")],
    split: Annotated[str, typer.Option(help="Known and unknown classes of the GOSS paper: voc, manual or random.")],
    maps: Annotated[
        Path | None,
        typer.Option(
            help="Folder of the pixel maps (stuffthingmaps_trainval2017.zip) with train2017/ and val2017/. "
            "Default: ROOT/stuffthingmaps."
        ),
    ] = None,
) -> None:
    """Convert COCO-Stuff to COCO-Stuff-GOSS: 111 known classes, 60 unknown ones, a label for each pixel.

    Images stay where they are; file names are relative to ROOT.
    """
    from osis_ros.progress import progress_bar
    from osis_ros.training.datasets.coco_stuff import FOLDERS, UNKNOWN, coco_stuff_goss, pictures_of

    _require_split(split, UNKNOWN)
    _require_outputs(output / "train.json", output / "val.json")
    pictures = {part: pictures_of(root, maps or root / "stuffthingmaps", part) for part in FOLDERS}
    with progress_bar("label files", sum(map(len, pictures.values()))) as done:
        written = coco_stuff_goss(pictures, split, output, done)
    _report(written, output)


@app.command()
def cityscapes(
    root: Annotated[Path, typer.Argument(help="Folder of Cityscapes with leftImg8bit/ and gtFine/.")],
    output: Annotated[Path, typer.Argument(help="Output folder for train.json and val.json.")],
    split: Annotated[
        str, typer.Option(help="Known and unknown classes of the GOSS paper: manual-16-3 or manual-13-6.")
    ] = "manual-16-3",
) -> None:
    """Convert Cityscapes to Cityscapes-GOSS: 16 known classes and 3 unknown ones, or 13 and 6.

    Images stay where they are; file names are relative to ROOT.
    """
    from osis_ros.progress import progress_bar
    from osis_ros.training.datasets.cityscapes import PARTS, UNKNOWN, cityscapes_goss, pictures_of

    _require_split(split, UNKNOWN)
    _require_outputs(output / "train.json", output / "val.json")
    pictures = {part: pictures_of(root, part) for part in PARTS}
    with progress_bar("label files", sum(map(len, pictures.values()))) as done:
        written = cityscapes_goss(pictures, split, output, done)
    _report(written, output)


@app.command()
def graspnet(
    root: Annotated[
        Path, typer.Argument(help="Folder of GraspNet-1Billion with scenes/scene_0000/realsense/{rgb,label}/0000.png.")
    ],
    output: Annotated[Path, typer.Argument(help="Output folder for train.json and test_1.json to test_6.json.")],
    camera: Annotated[str, typer.Option(help=CAMERA)] = "realsense",
    sets: Annotated[str | None, typer.Option(help="Make only these sets, e.g. train,test_1.")] = None,
    seed: Annotated[
        int, typer.Option(help="Seed that draws the scenes of Test-4, 5 and 6, which were never published.")
    ] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Number of scenes converted at the same time.")] = 2,
) -> None:
    """Convert GraspNet-1Billion to GraspNet-OSIS.

    You can interrupt it at any time; the same command resumes.
    """
    from osis_ros.progress import progress_bar
    from osis_ros.training.datasets.graspnet import SETS, scene_sets
    from osis_ros.training.datasets.graspnet_scenes import CAMERAS, convert_scenes, join_scenes, scene_objects
    from osis_ros.training.datasets.open_set import write_annotations

    wanted = names(sets) or SETS
    if camera not in CAMERAS:
        raise fail(f"--camera is {camera!r}, expected {' or '.join(CAMERAS)}")
    for name in wanted:
        if name not in SETS:
            raise fail(f"--sets names {name!r}, expected some of {', '.join(SETS)}")
    _require_outputs(*(output / f"{name}.json" for name in wanted))
    found = scene_sets(scene_objects(root), seed)
    chosen = [name for name in wanted if name in found.scenes]
    scenes = {scene for name in chosen for scene in found.scenes[name]}
    with progress_bar("scenes", len(scenes)) as done:
        shards = convert_scenes(scenes, root, output, camera, workers, done)
    for name in chosen:
        tree = join_scenes(name, found, shards)
        write_annotations(tree, output / f"{name}.json")
        _report({f"{name}.json": tree}, output)
    for name in wanted:
        if name in found.left_out:
            typer.echo(f"{name} is left out: {found.left_out[name]}")


@app.command()
def graspnet_json(
    folder: Annotated[
        Path, typer.Argument(help="Folder of the authors' graspnet_os_train.json, graspnet_os_test_1.json, …")
    ],
    output: Annotated[Path, typer.Argument(help="Output folder for train.json, test_1.json, …")],
) -> None:
    """Check the authors' GraspNet-OSIS files and mark their classes as known or unknown."""
    from osis_ros.training.datasets.graspnet import SETS
    from osis_ros.training.datasets.graspnet_json import from_authors

    _require_outputs(*(output / f"{name}.json" for name in SETS))
    _report(from_authors(folder, output), output)


@app.command()
def open_set(
    annotations: Annotated[Path, typer.Argument(help="Any COCO-format JSON file.")],
    output: Annotated[Path, typer.Argument(help="Output file.")],
    known: Annotated[str, typer.Option(help="Known classes: names or ids, separated by commas.")],
    train: Annotated[
        bool, typer.Option(help="Make a training set: leave out unknown objects, and images left empty.")
    ] = False,
) -> None:
    """Convert any COCO-format file to an open-set test set, or with --train to a training set.

    A test set keeps every object and marks its class as known or unknown.
    """
    from osis_ros.training.datasets.open_set import (
        evaluation_set,
        read_annotations,
        training_set,
        write_annotations,
    )

    if not names(known):
        raise fail("--known names no class")
    _require_outputs(output, inputs=(annotations,))
    tree, truth = read_annotations(annotations, boxes=train)
    made = (training_set if train else evaluation_set)(tree, [truth.category_id(name) for name in names(known)])
    write_annotations(made, output)
    _report({output.name: made}, output.parent)


@app.command()
def zero_shot(
    annotations: Annotated[Path, typer.Argument(help="Any COCO-format JSON file.")],
    output: Annotated[Path, typer.Argument(help="Output file.")],
    split: Annotated[
        str | None, typer.Option(help="A split of COCO's 80 classes: coco-48-17 or coco-65-15 (ZSI).")
    ] = None,
    unseen: Annotated[
        str | None, typer.Option(help="In place of --split: names of the unseen classes, separated by commas.")
    ] = None,
    left_out: Annotated[
        str | None, typer.Option(help="With --unseen: classes that are neither trained nor asked for.")
    ] = None,
    train: Annotated[
        bool, typer.Option(help="Make a training set: seen classes only, on images without an unseen object.")
    ] = False,
) -> None:
    """Convert any COCO-format file to a zero-shot test set, or with --train to a training set.

    A test set keeps the images that have an unseen object.
    """
    from osis_ros.training.datasets.open_set import read_annotations, write_annotations
    from osis_ros.training.datasets.zero_shot import (
        SPLITS,
        ZeroShotSplit,
        zero_shot_test_set,
        zero_shot_training_set,
    )

    if (split is None) == (not names(unseen)) or (split and left_out):
        raise fail("give either --split, or --unseen and, if there are any, --left-out")
    if split is not None and split not in SPLITS:
        raise fail(f"--split is {split!r}, expected {' or '.join(SPLITS)}")
    chosen = SPLITS[split] if split else ZeroShotSplit(names(unseen), names(left_out) or ())
    _require_outputs(output, inputs=(annotations,))
    tree, truth = read_annotations(annotations)
    made = (zero_shot_training_set if train else zero_shot_test_set)(tree, truth, chosen)
    write_annotations(made, output)
    _report({output.name: made}, output.parent)


@app.command()
def check(
    path: Annotated[Path, typer.Argument(help="A folder of COCO 2017 or GraspNet-1Billion, or a COCO-format file.")],
    images: Annotated[
        Path | None, typer.Option(help="For a file: the folder that its file names are relative to.")
    ] = None,
    camera: Annotated[str, typer.Option(help=CAMERA)] = "realsense",
) -> None:
    """Check that a data set is complete, and report what is missing.

    The exit status is 1 if anything is missing.
    """
    from osis_ros.training.datasets.check import check as look

    findings = look(path, images, camera)
    for fact in findings.facts:
        typer.echo(fact)
    for problem in findings.problems:
        typer.secho(f"problem: {problem}", fg=typer.colors.RED)
    if findings.problems:
        raise typer.Exit(1)
    typer.echo("nothing is missing")


def _require_split(split: str, known: Iterable[str]) -> None:
    if split not in known:
        raise fail(f"--split is {split!r}, expected one of {', '.join(known)}")


def _require_outputs(*files: Path, inputs: tuple[Path, ...] = ()) -> None:
    from osis_ros.training.datasets.open_set import is_open_set

    for file in files:
        require_output(file, inputs, is_open_set, "open-set annotation file")


def _report(written: dict[str, dict], output: Path) -> None:
    from osis_ros.training.datasets.open_set import summary

    for name, tree in written.items():
        typer.echo(f"{output / name}: {summary(tree)}")
