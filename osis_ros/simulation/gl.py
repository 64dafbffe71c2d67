"""Which OpenGL MuJoCo draws with when there is no screen. Must run before mujoco is first imported."""

import ctypes
import os

from osis_ros.errors import OsisError

MISSING = (
    "rendering needs OpenGL without a screen: apt-get install libegl1 libgl1 libgl1-mesa-dri (or libosmesa6), "
    "or set MUJOCO_GL to a backend that works here"
)


class RenderError(OsisError):
    """No usable OpenGL; the message says what to install."""


def choose_backend() -> None:
    """Set MUJOCO_GL, where the user has not, to egl if a device answers, else to osmesa if it is installed."""
    if os.environ.get("MUJOCO_GL"):
        return
    if _egl_devices() > 0 and (_loads("libOpenGL.so.0") or _loads("libGL.so.1")):  # MuJoCo's EGL wants either as well
        os.environ["MUJOCO_GL"] = "egl"
    elif _loads("libOSMesa.so.8") or _loads("libOSMesa.so.6") or _loads("libOSMesa.so"):
        os.environ["MUJOCO_GL"] = "osmesa"


def load_mujoco() -> None:
    """Import MuJoCo, which loads the OpenGL that MUJOCO_GL names.

    Raises:
        RenderError: MUJOCO_GL names what this machine lacks, or what MuJoCo does not know.
    """
    choose_backend()
    try:
        import mujoco  # noqa: F401
    except ModuleNotFoundError:
        raise
    except (ImportError, AttributeError, RuntimeError) as err:  # each backend fails in its own way
        raise RenderError(f"MuJoCo cannot be loaded with MUJOCO_GL={os.environ.get('MUJOCO_GL')!r}: {err}") from None


def _loads(library: str) -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(library)
    except OSError:
        return None


def _egl_devices() -> int:
    egl = _loads("libEGL.so.1")
    if egl is None:
        return 0
    egl.eglGetProcAddress.restype = ctypes.c_void_p
    address = egl.eglGetProcAddress(b"eglQueryDevicesEXT")
    if not address:
        return 0
    query = ctypes.CFUNCTYPE(ctypes.c_uint, ctypes.c_int, ctypes.c_void_p, ctypes.POINTER(ctypes.c_int))(address)
    count = ctypes.c_int(0)
    return count.value if query(0, None, ctypes.byref(count)) else 0
