"""OpenDet's box head: layers of their own for boxes and for classes (Han et al. 2022)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from osis_ros.training.model.baselines.fast_rcnn_head import FastRCNNHead
from osis_ros.training.model.semseg.config import RoIConfig
from osis_ros.training.model.semseg.convolution import xavier


class SeparateHead(FastRCNNHead):
    """`FastRCNNHead` with a second pair of layers on the same pooled features. Hidden features are those of boxes, then
    those of classes: [R, 2 hidden]."""

    def __init__(self, config: RoIConfig, channels: int, num_classes: int) -> None:
        super().__init__(config, channels, num_classes)
        self.class_fc1 = xavier(nn.Linear(channels * config.pool_size**2, config.hidden))
        self.class_fc2 = xavier(nn.Linear(config.hidden, config.hidden))

    def forward(self, pooled: Tensor) -> Tensor:
        classes = F.relu(self.class_fc2(F.relu(self.class_fc1(pooled.flatten(1)))))
        return torch.cat((super().forward(pooled), classes), 1)

    def class_features(self, hidden: Tensor) -> Tensor:
        return hidden[:, self.config.hidden :]

    def deltas(self, hidden: Tensor) -> Tensor:
        return super().deltas(hidden[:, : self.config.hidden])
