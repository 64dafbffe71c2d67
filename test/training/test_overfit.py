"""What is trained, exported and scored by the very code that users run knows its few training pictures by heart."""

import pytest
import torch
from shapes import NAMES, tiny_run, write_shapes
from torchvision.models import resnet18

from osis_ros.evaluation.jobs.evaluate import Options, evaluate
from osis_ros.training.export import export_bundle
from osis_ros.training.fit import fit


@pytest.fixture
def one_thread():
    """So small a network is quicker on one thread than on several that share their cores with other tests."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_four_pictures_are_learnt_by_heart(tmp_path, one_thread):
    """AP_k > 90 at the default thresholds, masks to IoU 0.95 included; an error in targets, losses, loop, export,
    box geometry or scoring would leave less.

    The backbone stays frozen, at random weights from a file: heads on its features can learn four pictures, in a third
    of the time.
    """
    pictures = write_shapes(tmp_path, pictures=4, square=40, radius=20)
    torch.manual_seed(0)
    torch.save(resnet18(weights=None).state_dict(), pictures / "resnet18.pth")
    config = tiny_run(
        backbone_weights="resnet18.pth",
        model={
            "preset": "tabletop", "class_names": NAMES, "backbone": "resnet18", "frozen_stages": 5,
            "channels": 64, "second_look": None, "mask_refinement": None, "scoring": {"unknown_by": "distance"},
            "proposals": {"anchor_scale": 5},  # 40 pixels on the finest level, as the objects
            "roi": {"hidden": 128, "sampling_ratio": 2, "samples": 32, "positive_fraction": 0.5},
            "embedding": {"dim": 32},
            "mask": {"channels": 32, "convs": 2, "embedding_dim": 16, "sampling_ratio": 2, "rois_per_image": 8},
        },
        augment={"mode": "jitter", "size": (96, 128), "scale": (1, 1)},
        optimiser={"name": "adamw", "learning_rate": 3e-3, "reference_batch": 2, "warmup_steps": 20,
                   "schedule": "cosine", "clip_gradient_norm": 10},
        steps=130, checkpoint_every=130,
    )  # fmt: skip
    last = fit(config, pictures, tmp_path / "runs")
    export_bundle(last, tmp_path / "bundle", height=96, width=128)
    report = evaluate(Options(pictures / "a.json", model=str(tmp_path / "bundle"), images=pictures))
    assert report["known"]["AP"] > 90
