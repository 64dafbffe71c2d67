"""Where a package's data lies once it is installed: models, message definitions."""

import os
import sys
import sysconfig
from pathlib import Path


def share_folders() -> tuple[Path, ...]:
    """`PREFIX/share` of the sourced workspaces, then of wherever pip installs to: a virtual environment, the system,
    /usr/local on Debian, or the user's own folder (`pip install --user`)."""
    sourced = [prefix for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if prefix]
    user = sysconfig.get_path("data", sysconfig.get_preferred_scheme("user"))
    return tuple(dict.fromkeys(Path(p) / "share" for p in (*sourced, sys.prefix, sysconfig.get_path("data"), user)))
