"""The configuration of a training run on the labels, for `osis train`."""

import yaml

from osis_ros.discovery.labels.label_set import LabelSet
from osis_ros.instances import UNKNOWN_NAME

HEADER = """\
# Trains the known classes and the new ones of names.csv on the labels of this folder. In the repository's folder, if
# osis discover wrote to DISCOVERED:
#
#   osis train --config DISCOVERED/labels/train.yaml --data DISCOVERED --init {init}
#
# The labels are the model's own masks: correct them in a labelling tool first. Objects called `unknown` teach what an
# object is. Add your other data sets under `train`, so that the known classes are not forgotten.
"""


def training_configuration(labels: LabelSet, class_names: tuple[str, ...], annotations: str, images: str) -> str:
    """YAML text.

    Args:
        class_names: of the known classes; the new ones follow them.
        annotations, images: paths below the data folder.
    """
    configuration = {
        "name": "discovered",
        "model": {"preset": "tabletop", "class_names": [*class_names, *(n for n in labels.new if n != UNKNOWN_NAME)]},
        "train": {"discovered": {"annotations": annotations, "images": images}},
        "augment": {"mode": "jitter", "size": [384, 512], "photometric": True, "recolour": 0.3},
        "optimiser": {
            "name": "adamw", "learning_rate": 0.0002, "weight_decay": 0.05, "schedule": "cosine", "warmup_steps": 200,
            "clip_gradient_norm": 10, "ema_decay": 0.998,
        },
        "steps": 2000,
        "precision": "auto",
    }  # fmt: skip
    text = yaml.safe_dump(configuration, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)
    return HEADER.format(init="models/tabletop/weights.safetensors") + text
