"""The mean of the weights of several runs from one start, often better than each (Wortsman et al. 2022)."""

from collections.abc import Sequence
from pathlib import Path

import torch

from osis_ros.training.checkpoint import (
    NOT_RECORDED,
    CheckpointError,
    load_checkpoint,
    require_same_tensors,
    save_checkpoint,
)


def average_checkpoints(paths: Sequence[Path], output: Path) -> None:
    """Write the plain mean of checkpoints as one safetensors file, half precision.

    Args:
        paths: two or more checkpoints of one architecture and the same classes. Configuration and provenance are those
            of the last, whose `data` then names them all. A part that one of the others does not have yet is the mean
            of those that have it.
        output: the file; it may be one of `paths`.
    Raises:
        CheckpointError: one that cannot be read, or does not fit the last.
    """
    if len(paths) < 2:
        raise CheckpointError("a mean takes two checkpoints or more")
    if output.suffix != ".safetensors":
        raise CheckpointError(f"{output}: expected a name that ends with .safetensors")
    model, provenance = load_checkpoint(paths[-1])
    own = model.state_dict()
    mean = {name: tensor.double() for name, tensor in own.items() if tensor.is_floating_point()}
    counts = dict.fromkeys(mean, 1)
    for path in paths[:-1]:
        other = load_checkpoint(path)[0]
        if other.config.class_names != model.config.class_names:
            raise CheckpointError(f"{path}: its classes are not those of {paths[-1]}, in the same order")
        state = other.state_dict()
        parts = {_part(name) for name in state}
        require_same_tensors(path, state, {name: tensor for name, tensor in own.items() if _part(name) in parts})
        for name in mean.keys() & state.keys():
            mean[name] += state[name]
            counts[name] += 1
    with torch.no_grad():
        model.load_state_dict({name: total / counts[name] for name, total in mean.items()}, strict=False)
    names = " and ".join(map(str, paths))
    data = f"{provenance.get('data', NOT_RECORDED)} (mean of the weights {names})"
    save_checkpoint(output, model, {**provenance, "data": data})


def _part(name: str) -> tuple[str, ...]:
    """The part of the network that a tensor belongs to, as `mask_refinement.score`."""
    return tuple(name.split(".")[:2])
