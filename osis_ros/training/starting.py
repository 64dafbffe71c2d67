"""Where a network starts from: earlier weights, and which of its parts are trained."""

from pathlib import Path

from lightning.pytorch.utilities import rank_zero_only

from osis_ros.training.checkpoint import CheckpointError, lineage, load_checkpoint
from osis_ros.training.config import ConfigError
from osis_ros.training.model.detector import Detector
from osis_ros.training.model.zero_shot_detector import ZeroShotDetector

LEAST_SHARE = 0.1  # of a network's weights, to call it started from another one


def train_only(model: Detector, parts: tuple[str, ...]) -> None:
    """Take the gradient from every part of the network but `parts`.

    Raises:
        ConfigError: one that the network does not have, or that has nothing to learn.
    """
    present = [name for name, part in model.named_children() if any(True for _ in part.parameters())]
    unknown = [part for part in parts if part not in present]
    if unknown:
        raise ConfigError(f"only: the network has no part {', '.join(unknown)}; expected some of {', '.join(present)}")
    for name, part in model.named_children():
        if name not in parts:
            part.requires_grad_(False)


def start_from(model: Detector, path: Path, parts: tuple[str, ...] = ()) -> tuple[dict, set[str]]:
    """Take every tensor of an earlier model that fits; with other classes, those of the classes stay as they were made.

    Args:
        parts: take those of these parts of the network alone; (): of all.
    Returns:
        Where the earlier weights come from (`lineage`), those of its backbone only if that was taken; and the names of
        the tensors taken.
    Raises:
        ConfigError: not a checkpoint of ours, or one of which next to nothing fits.
    """
    try:
        earlier, provenance = load_checkpoint(path)
    except CheckpointError as error:
        raise ConfigError(f"--init: {error}") from None
    own = model.state_dict()
    same_classes = earlier.config.class_names == model.config.class_names
    of_classes = set() if same_classes else model.class_tensors()
    fitting = {
        name: tensor
        for name, tensor in earlier.state_dict().items()
        if name in own
        and own[name].shape == tensor.shape
        and name not in of_classes
        and (not parts or name.split(".")[0] in parts)
    }
    taken = sum(tensor.numel() for tensor in fitting.values()) / sum(tensor.numel() for tensor in own.values())
    how_many = f"{len(fitting)} of this model's {len(own)} tensors, {taken:.0%} of its weights"
    if taken < LEAST_SHARE:
        raise ConfigError(
            f"--init: {path} has but {how_many}; it is of another backbone or width. For the shipped models' network "
            "the configuration says `model: {preset: tabletop}`"
        )
    anew = sorted({name.split(".")[0] for name in own.keys() - fitting.keys()})
    rank_zero_only(print)(f"{path}: took {how_many}" + f"; parts of {', '.join(anew)} start anew" * bool(anew))
    model.load_state_dict(fitting, strict=False)
    taken_backbone = any(name.startswith("backbone.") for name in fitting)
    origin = lineage(provenance)
    if not taken_backbone:
        origin |= {"backbone_weights": None, "init": None}
    return origin, set(fitting)


def require_no_frozen_chance(model: Detector, taken: set[str]) -> None:
    """Stop a run in which weights would stay as they were drawn.

    Args:
        taken: names of the tensors that come from earlier weights.
    Raises:
        ConfigError: parameters without gradient that do not.
    """
    frozen = {name: p.numel() for name, p in model.named_parameters() if not p.requires_grad and name not in taken}
    if frozen:
        parts = ", ".join(dict.fromkeys(name.split(".")[0] for name in frozen))
        raise ConfigError(
            f"{sum(frozen.values()):,} weights of {parts} are drawn at random and frozen, so they would never be "
            "learnt; start from trained weights with --init or backbone_weights, or train them: set every "
            "frozen_stages to 0 and leave out `only`"
        )


def require_words(model: Detector) -> None:
    """Stop a run whose classes have no vectors. Raises ConfigError."""
    if isinstance(model, ZeroShotDetector) and not model.names.seen.any():
        raise ConfigError(
            "classifier.kind words needs the vectors of the class names: set word_vectors to a file of word2vec, GloVe "
            "or fastText (--set word_vectors=FILE, relative to the data folder)"
        )
