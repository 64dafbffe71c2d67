"""Reading tensors from files of other projects without ever running code that such a file may carry."""

import collections
import pickle
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from torch import Tensor, nn

from osis_ros.errors import OsisError

# What a pickle of numpy arrays in dicts is made of, under the module names of NumPy 1 and 2 and of Python 2.
_RECONSTRUCT, _SCALAR = np.zeros(0).__reduce__()[0], np.float64(0).__reduce__()[0]
ALLOWED = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): lambda text, encoding: text.encode(encoding),
    **{(f"numpy.{core}.multiarray", "_reconstruct"): _RECONSTRUCT for core in ("core", "_core")},
    **{(f"numpy.{core}.multiarray", "scalar"): _SCALAR for core in ("core", "_core")},
}
WRAPPERS = ("state_dict", "model", "blobs")


class WeightsError(OsisError):
    """Weights that cannot be used; the message is one sentence that names the file and the tensors."""


class _Refused(pickle.UnpicklingError):
    """A pickle that names something other than arrays."""


class _ArraysOnly(pickle.Unpickler):
    """Builds dicts, lists, numbers, strings and numpy arrays; anything else is refused before it can act."""

    def find_class(self, module: str, name: str) -> Any:
        try:
            return ALLOWED[module, name]
        except KeyError:
            raise _Refused(f"it asks for {module}.{name}, which is no array") from None


def _read_pickle(file: BinaryIO) -> Any:
    return _ArraysOnly(file, encoding="latin1").load()


def _read_torch(path: Path) -> Any:
    # Training frameworks leave numpy numbers in their bookkeeping; they are data, not code.
    numbers = [type(np.dtype(kind)) for kind in ("float32", "float64", "int32", "int64", "bool")]
    with torch.serialization.safe_globals([np.ndarray, np.dtype, _RECONSTRUCT, _SCALAR, *numbers]):
        return torch.load(path, map_location="cpu", weights_only=True)


def _as_tensor(value: Any) -> Any:
    return torch.from_numpy(value) if isinstance(value, np.ndarray) and value.dtype.kind in "fiub" else value


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The named tensors of a PyTorch (.pth, .pt, .ckpt) or numpy pickle (.pkl) file.

    They may be the file's only content or stand under `state_dict`, `model` or `blobs`.

    Raises:
        WeightsError: missing, unreadable, or holding something other than tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"{path}: no such file, expected weights (.pth, .pt, .ckpt or .pkl)")
    try:
        if path.suffix == ".pkl":
            with path.open("rb") as file:
                content = _read_pickle(file)
        else:
            content = _read_torch(path)
    except OSError as err:
        raise WeightsError(f"{path}: cannot be read as plain weights ({err.strerror or err})") from None
    except _Refused as err:
        raise WeightsError(f"{path}: cannot be read as plain weights ({err})") from None
    except Exception:  # whatever a damaged zip or pickle makes the readers stumble over; PyTorch's advice is no help
        raise WeightsError(
            f"{path}: cannot be read as plain weights; it is damaged, of another format, or would run code when loaded"
        ) from None
    if isinstance(content, dict):
        content = next((content[key] for key in WRAPPERS if isinstance(content.get(key), dict)), content)
        content = {name: _as_tensor(value) for name, value in content.items()}
    if not isinstance(content, dict) or not content:
        raise WeightsError(f"{path}: expected named tensors, found {type(content).__name__}")
    for name, value in content.items():
        if not isinstance(value, Tensor):
            raise WeightsError(f"{path}: entry {name!r} is a {type(value).__name__}, expected a tensor")
    return content


def fill(module: nn.Module, tensors: dict[str, Tensor], names: dict[str, str], path: Path) -> None:
    """Load every tensor of a module from a file's; tensors that no name asks for are left alone.

    Args:
        module: to be filled.
        tensors: by the file's names.
        names: the file's name of each tensor of the module's state dict.
        path: the file, for the message.
    Raises:
        WeightsError: names the tensors that are missing, or of another shape.
    """
    own = module.state_dict()
    missing = [names[name] for name in own if names[name] not in tensors]
    if missing:
        raise WeightsError(f"{path}: missing {listed(missing)}")
    misshapen = [
        f"{names[name]} is {list(tensors[names[name]].shape)}, expected {list(tensor.shape)}"
        for name, tensor in own.items()
        if tensors[names[name]].shape != tensor.shape
    ]
    if misshapen:
        raise WeightsError(f"{path}: {listed(misshapen)}")
    module.load_state_dict({name: tensors[names[name]] for name in own})


def listed(names: list[str], most: int = 5) -> str:
    """A few names and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
