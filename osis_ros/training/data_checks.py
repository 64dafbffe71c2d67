"""Whether the annotations can teach what the configuration wants."""

from lightning.pytorch.utilities import rank_zero_warn

from osis_ros.training.config import ConfigError
from osis_ros.training.data import NO_CLASS, Record
from osis_ros.training.model.config import ModelConfig


def require_known_objects(sources: list[list[Record]], class_names: tuple[str, ...]) -> None:
    """Stop a run that could learn no class, and warn of classes that it cannot learn.

    Raises:
        ConfigError: no annotation of any source belongs to a known class.
    """
    labels = {label for records in sources for record in records for label in record.labels}
    if labels <= {NO_CLASS}:
        raise ConfigError(
            "no annotation belongs to a known class; check model.class_names against the categories of the train data"
        )
    absent = [name for label, name in enumerate(class_names) if label not in labels]
    if absent:
        rank_zero_warn(f"no annotation is of class {', '.join(absent)}, which cannot be learnt so; is it misspelt?")


def warn_without_masks(sources: list[list[Record]], config: ModelConfig) -> None:
    """Warn of masks that cannot be learnt, for there are boxes only, and of a teacher with nobody to teach."""
    records = [record for records in sources for record in records]
    labels = {
        label for record in records for number, label in enumerate(record.labels) if number not in record.box_only
    }
    if config.mask_teacher and not any(record.box_only for record in records):
        rank_zero_warn("model.mask_teacher: every annotation has a mask, so there is nothing to teach")
    if not labels:
        rank_zero_warn("no annotation has a mask to learn from, so the mask head learns nothing")
    absent = [name for label, name in enumerate(config.class_names) if label not in labels]
    if labels and absent and config.mask.output == "class_specific" and not config.mask_teacher:
        rank_zero_warn(
            f"mask.output class_specific has masks of their own for {', '.join(absent)}, of which no annotation has a "
            "mask; with another output they share those of the other classes"
        )
