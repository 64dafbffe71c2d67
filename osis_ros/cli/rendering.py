"""`osis render`: a picture of a scene in space, as RViz shows it."""

from pathlib import Path
from typing import Annotated

import typer

from osis_ros.cli.failure import fail
from osis_ros.cli.options import Model, Provider, ScoreThreshold, UnknownThreshold
from osis_ros.files.atomic import write_whole
from osis_ros.files.output_file import require_output


def render(
    source: Annotated[
        Path,
        typer.Argument(help="A bag, or a folder with NAME-color.png, NAME-depth.png and camera_params.json."),
    ],
    output: Annotated[
        Path, typer.Option(help="The picture; an earlier picture of this command is overwritten.")
    ] = Path("scene.png"),
    model: Model = "tabletop",
    provider: Provider = "cpu",
    score_threshold: ScoreThreshold = None,
    unknown_threshold: UnknownThreshold = None,
    frame: Annotated[str | None, typer.Option(help="Folder: NAME of the frame. Default: the first.")] = None,
    camera: Annotated[
        Path | None, typer.Option(help="Folder: JSON file with fx, fy, cx and cy. Default: camera_params.json in it.")
    ] = None,
    at: Annotated[float, typer.Option(min=0, help="Bag: seconds from its first image.")] = 0.0,
    image_topic: Annotated[str | None, typer.Option(help="Bag: topic of the colour images.")] = None,
    depth_topic: Annotated[str | None, typer.Option(help="Bag: topic of the aligned depth images.")] = None,
    turn: Annotated[float, typer.Option(help="Degrees from the camera's side, to the right.")] = 30.0,
    pitch: Annotated[float, typer.Option(min=0, max=89, help="Degrees by which the picture looks down.")] = 40.0,
    grasps: Annotated[bool, typer.Option(help="Also draw the best simple grasp of each object.")] = True,
) -> None:
    """Draw what RViz would show of one moment: the point cloud, boxes with names, the support plane, and grasps.

    The model finds the objects, and the depth image corrects them, as the localizer does. Needs no RViz; for a bag it
    needs ROS 2 in this shell.
    """
    from osis_ros.geometry.rgbd_frame import frame_of_folder
    from osis_ros.geometry.scene_picture import Viewpoint
    from osis_ros.inference.scene_rendering import drawn, is_rendering
    from osis_ros.inference.segmenter import Segmenter

    require_output(output, is_earlier=is_rendering, kind="rendering")
    if output.suffix.lower() != ".png":
        raise fail(f"--output is {output}, expected a .png file")
    if not source.exists():
        raise fail(f"{source} does not exist, expected a bag or a folder of frames")
    if source.is_dir() and next(source.glob("*-color.*"), None) is not None:
        seen = frame_of_folder(source, frame, camera)
    else:
        from osis_ros.bags.rgbd_frames import frame_of_bag

        seen = frame_of_bag(source, at, image_topic, depth_topic)
    segmenter = Segmenter(model, provider)
    instances = segmenter.segment(seen.rgb, score_threshold, unknown_threshold)
    png, objects = drawn(seen, instances, Viewpoint(turn, pitch), grasps)
    write_whole(output, png)
    plane = "a support plane" if objects.plane is not None else "no support plane"
    typer.echo(f"{output}: {seen.name}, {len(objects)} objects in space, {plane}")
