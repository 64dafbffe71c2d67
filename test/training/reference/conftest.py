"""An official checkpoint's tensors, made small enough for a test that needs no reference data."""

import pytest
import torch

from osis_ros.training.model.presets import faithful
from osis_ros.training.model.semseg.semseg import SemSeg
from osis_ros.training.reference.checkpoint_names import CENTERNESS, JOINED_OUTPUT, SIDES, official_name


@pytest.fixture(scope="session")
def official() -> dict[str, torch.Tensor]:
    """Tensors in official names and shapes for 20 classes, drawn at random."""
    torch.manual_seed(0)
    tensors = {
        official_name(n): t.clone() for n, t in SemSeg(faithful(tuple(map(str, range(20))))).state_dict().items()
    }
    for leaf in ("weight", "bias"):
        joined = tensors.pop(f"{JOINED_OUTPUT}.{leaf}")
        tensors[f"{SIDES}.{leaf}"], tensors[f"{CENTERNESS}.{leaf}"] = joined[:4].clone(), joined[4:].clone()
    return tensors
