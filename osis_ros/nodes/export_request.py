"""`~/export_grasp_input`: the newest frame as files for a grasp planner, in a folder that the user has set apart."""

from collections.abc import Mapping
from pathlib import Path

from osis_ros.errors import OsisError
from osis_ros.geometry.planner_files import PLANNERS, GraspScene, write_planner_files
from osis_ros.messages.image_decoding import rgb_from_message
from osis_ros.messages.stamps import stamp_of
from osis_ros.nodes.placing import PlacedFrame
from osis_ros.pipeline.setting import Setting
from osis_ros.srv import ExportGraspInput

EXPORT_FOLDER = Setting(
    "export_folder", "", "Folder below which ~/export_grasp_input may write; empty for nowhere, and it is then refused."
)
SETTINGS = (EXPORT_FOLDER,)


class ExportError(OsisError):
    """A request to write files that cannot be met."""


def export(request: ExportGraspInput.Request, frame: PlacedFrame | None, values: Mapping[str, object]) -> list[Path]:
    """Write the files.

    Args:
        frame: the newest, None where there is none.
        values: of `SETTINGS`, by name.
    Returns:
        the files.
    Raises:
        OsisError: a planner, an id or a folder that cannot be used, or a frame without depth or colour.
    """
    if request.planner not in PLANNERS:
        raise ExportError(f"planner is '{request.planner}', expected one of {', '.join(sorted(PLANNERS))}")
    folder = allowed(request.folder, values[EXPORT_FOLDER.name])
    scene = scene_of(frame, list(request.ids))
    try:
        return write_planner_files(scene, request.planner, folder)
    except OSError as err:
        raise ExportError(f"{err.filename or folder} cannot be written: {err.strerror}") from err


def allowed(folder: str, root: str) -> Path:
    """The folder, resolved, where it may be written to.

    Raises:
        ExportError: it is not below `root`, also by a link, or it holds something already.
    """
    if not root:
        raise ExportError(f"the parameter {EXPORT_FOLDER.name} is empty: set it to a folder for the files")
    base = Path(root).expanduser().resolve()
    if "\0" in folder or not folder.strip():
        raise ExportError("folder is empty, expected the name of a new folder")
    path = (base / folder).resolve()
    if path == base or not path.is_relative_to(base):
        raise ExportError(f"folder is '{folder}', expected one below {base} (the parameter {EXPORT_FOLDER.name})")
    try:
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise ExportError(f"{path} is there already and not an empty folder, expected the name of a new one")
    except OSError as err:
        raise ExportError(f"{path} cannot be read: {err.strerror}") from err
    return path


def scene_of(frame: PlacedFrame | None, ids: list[int]) -> GraspScene:
    """What goes into the files.

    Raises:
        OsisError: there is no frame, it has no depth or no colour, or it has no such objects.
    """
    if frame is None:
        raise ExportError("no frame has come yet")
    if frame.depth is None:
        raise ExportError(f"the newest frame has no place in space: {frame.problem}")
    if frame.colour is None:
        raise ExportError("no colour image of that stamp has come: remap image, and leave the parameter colour true")
    _ = frame.labels  # raises for ids that no label image holds
    present = frame.instances.ids.tolist()
    if unknown := sorted(set(ids) - set(present)):
        raise ExportError(f"there is no object {', '.join(map(str, unknown))} in the newest frame, which has "
                          f"{', '.join(map(str, present)) or 'none'}")  # fmt: skip
    chosen = frame.instances.take([present.index(id_) for id_ in dict.fromkeys(ids)]) if ids else frame.instances
    return GraspScene(
        rgb=rgb_from_message(frame.colour), depth=frame.depth, camera=frame.camera, instances=chosen,
        stamp=stamp_of(frame.found), frame=frame.found.header.frame_id, world_from_camera=frame.pose,
    )  # fmt: skip
