"""Weights on disk, and the network that they belong to.

The canonical form is one safetensors file whose metadata hold the `ModelConfig` and the provenance, so that it is
enough by itself. Lightning's training checkpoints are read as well.
"""

import json
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from osis_ros.errors import OsisError
from osis_ros.files.atomic import write_whole
from osis_ros.training.model.build import build_detector
from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.detector import Detector
from osis_ros.training.model.semseg.semseg import SemSeg

FORMAT = "osis_ros.semseg"
NOT_RECORDED = "not recorded"
PREFIX = "model."  # of the network's tensors in a training checkpoint


class CheckpointError(OsisError):
    """A checkpoint that cannot be used; the message is one sentence that names the file and what is wrong in it."""


def lineage(provenance: dict[str, Any]) -> dict[str, Any]:
    """What later weights say of those that they started from, by their provenance; it may go back further (`init`)."""
    config = provenance.get("config", {})
    if isinstance(config, str):  # imported, others trained it; or unknown
        config = {} if config == NOT_RECORDED else {"name": config, "backbone_weights": config}
    kept = {key: provenance[key] for key in ("data", "steps", "seed", "commit", "init") if key in provenance}
    return {"name": config.get("name", NOT_RECORDED), "backbone_weights": config.get("backbone_weights")} | kept


def save_checkpoint(
    path: str | Path, model: SemSeg, provenance: dict[str, Any], dtype: torch.dtype = torch.float16
) -> None:
    """Write a network as safetensors, whole or not at all.

    Args:
        path: the file, by custom weights.safetensors.
        provenance: where the weights come from: config, data, steps, seed, commit, metrics; anything JSON can hold.
        dtype: of the floating-point tensors. float16 halves the file; the network is trained on from it as well.
    """
    path = Path(path)
    state = {name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}
    state = {name: (t.to(dtype) if t.is_floating_point() else t).contiguous() for name, t in state.items()}
    metadata = {
        "format": FORMAT,
        "config": model.config.model_dump_json(),
        "class_names": json.dumps(model.config.class_names),
        "provenance": json.dumps(provenance, default=str),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, save(state, metadata))


def load_checkpoint(path: str | Path) -> tuple[Detector, dict[str, Any]]:
    """Read a network, in evaluation mode with float32 weights.

    Args:
        path: a safetensors file of `save_checkpoint`, or Lightning's .ckpt of a training run (of which, where weights
            were averaged, the average is taken).
    Returns:
        the network, and its provenance.
    Raises:
        CheckpointError: no such file, not of these forms, or tensors that do not fit the network; each is named.
    """
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(f"checkpoint {path} is not a file; expected a .ckpt or .safetensors file")
    read = _read_safetensors if path.suffix == ".safetensors" else _read_lightning
    config, state, provenance = read(path)
    try:
        model = build_detector(ModelConfig.model_validate(config))
    except ValidationError as err:
        first = err.errors()[0]
        field = ".".join(map(str, first["loc"]))
        raise CheckpointError(f"{path}: its configuration does not fit this release: {field}: {first['msg']}") from None
    require_same_tensors(path, state, model.state_dict())
    model.load_state_dict(state)
    return model.eval(), provenance


def _read_safetensors(path: Path) -> tuple[dict, dict[str, Tensor], dict]:
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118, safe_open is no mapping
    except (SafetensorError, OSError) as err:
        raise CheckpointError(f"{path} is not a readable safetensors file: {err}") from None
    if metadata.get("format") != FORMAT:
        raise CheckpointError(f"{path}: metadata 'format' is {metadata.get('format')!r}, expected '{FORMAT}'")
    try:
        config, provenance = (json.loads(metadata[key]) for key in ("config", "provenance"))
    except (KeyError, json.JSONDecodeError) as err:
        raise CheckpointError(f"{path}: metadata 'config' and 'provenance' must be JSON: {err}") from None
    if not isinstance(provenance, dict):
        raise CheckpointError(f"{path}: metadata 'provenance' must be a JSON object, not {metadata['provenance'][:40]}")
    return config, state, provenance


def _read_lightning(path: Path) -> tuple[dict, dict[str, Tensor], dict]:
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # whatever a damaged zip or pickle makes PyTorch stumble over
        raise CheckpointError(
            f"{path} is damaged, or no training checkpoint; a file that would run code when loaded is refused"
        ) from None
    try:
        parameters, tensors = checkpoint["hyper_parameters"], checkpoint["state_dict"]
        config = parameters["config"]
        model_config = config["model"]
        named = tensors.items()
    except (KeyError, TypeError, IndexError, AttributeError):
        raise CheckpointError(
            f"{path}: no hyper_parameters.config.model and state_dict in it; expected a checkpoint of `osis train`"
        ) from None
    state = {name.removeprefix(PREFIX): t for name, t in named if name.startswith(PREFIX)}
    provenance = {
        "config": config,
        "data": ", ".join(config.get("train", {})) or NOT_RECORDED,
        "steps": checkpoint.get("global_step", 0),
        "seed": config.get("seed", 0),
        "commit": parameters.get("commit", NOT_RECORDED),
        **({"init": parameters["init"]} if parameters.get("init") else {}),
    }
    return model_config, state, provenance


def require_same_tensors(path: Path, state: dict[str, Tensor], wanted: dict[str, Tensor]) -> None:
    """Raises CheckpointError, naming the first tensor of the file that is missing, too many, or of another shape."""
    missing, extra = sorted(wanted.keys() - state.keys()), sorted(state.keys() - wanted.keys())
    for names, complaint in ((missing, "lacks"), (extra, "has the unexpected")):
        if names:
            others = f" and {len(names) - 1} more" if len(names) > 1 else ""
            raise CheckpointError(
                f"{path} {complaint} tensor '{names[0]}'{others}; it is of another network or release"
            )
    for name, tensor in state.items():
        if tensor.shape != wanted[name].shape:
            raise CheckpointError(
                f"{path}: tensor '{name}' is {list(tensor.shape)}, expected {list(wanted[name].shape)}"
            )
