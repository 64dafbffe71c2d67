"""Fast R-CNN's box head: one pair of layers for classes and boxes, and no estimate of the IoU (Girshick 2015)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from osis_ros.training.model.semseg.box_coding import boxes_to_deltas
from osis_ros.training.model.semseg.config import RoIConfig
from osis_ros.training.model.semseg.convolution import normal, xavier
from osis_ros.training.model.semseg.losses import l1_sum
from osis_ros.training.model.semseg.roi_sampling import RoISamples


class FastRCNNHead(nn.Module):
    """Two fully connected layers, then box deltas: four, or four for each class (`config.class_boxes`)."""

    def __init__(self, config: RoIConfig, channels: int, num_classes: int) -> None:
        """`channels`: of the pooled features."""
        super().__init__()
        self.config = config
        self.fc1 = xavier(nn.Linear(channels * config.pool_size**2, config.hidden))
        self.fc2 = xavier(nn.Linear(config.hidden, config.hidden))
        self.box = normal(nn.Linear(config.hidden, 4 * num_classes if config.class_boxes else 4), 0.001)

    @property
    def of_classes(self) -> tuple[str, ...]:
        """Names of its tensors that belong to the very classes it has learnt."""
        return ("box.weight", "box.bias") if self.config.class_boxes else ()

    def forward(self, pooled: Tensor) -> Tensor:
        """Pooled features [R, C, S, S] → hidden [R, hidden]."""
        return F.relu(self.fc2(F.relu(self.fc1(pooled.flatten(1)))))

    def class_features(self, hidden: Tensor) -> Tensor:
        """What classes are told by, [R, hidden] of hidden features."""
        return hidden

    def deltas(self, hidden: Tensor) -> Tensor:
        """Hidden features → deltas (see `deltas_to_boxes`) [R, 4], or [R, K, 4] with a box for each class; float32."""
        deltas = self.box(hidden).float()
        return deltas.unflatten(1, (-1, 4)) if self.config.class_boxes else deltas

    def losses(self, hidden: Tensor, samples: RoISamples) -> dict[str, Tensor]:
        """`box`: L1 over positives, divided by the number R of all samples, on hidden features of R samples."""
        return {"box": box_loss(self.deltas(hidden), samples)}


def box_loss(deltas: Tensor, samples: RoISamples) -> Tensor:
    """L1 of the deltas of positive samples, divided by the number R of all samples. Scalar.

    Args:
        deltas: [R, 4], or [R, K, 4]: then only the own class's are compared, and objects without a class are left out.
    """
    taught = samples.positive if deltas.ndim == 2 else samples.positive & (samples.labels >= 0)
    chosen = torch.where(taught)[0]
    own = deltas[chosen] if deltas.ndim == 2 else deltas[chosen, samples.labels[chosen]]
    target = boxes_to_deltas(samples.rois[chosen, 1:], samples.objects[chosen])
    return l1_sum(own, target) / max(len(samples.rois), 1)
