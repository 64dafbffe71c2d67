"""Which paths are bags, told from their names: nothing of ROS is needed."""

from pathlib import Path

from osis_ros.inference.image_file import SUFFIXES

BAG_SUFFIXES = (".mcap", ".db3", ".mcap.zstd", ".db3.zstd", ".bag")


def is_bag(path: Path) -> bool:
    """Whether this is a bag's file, or a folder that holds one and no image."""
    if not path.is_dir():
        return path.name.endswith(BAG_SUFFIXES)
    names = [file.name for file in path.iterdir()]
    return any(name.endswith(BAG_SUFFIXES) or name == "metadata.yaml" for name in names) and not any(
        name.lower().endswith(SUFFIXES) for name in names
    )
