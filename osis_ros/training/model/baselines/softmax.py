"""Fast R-CNN's classifier: one layer over the known classes and background."""

from torch import Tensor, nn

from osis_ros.training.model.semseg.convolution import normal


class SoftmaxClassifier(nn.Module):
    """K known classes and, last, background.

    Attributes:
        of_classes: names of its tensors that belong to the very classes it has learnt.
    """

    of_classes = ("output.weight", "output.bias")

    def __init__(self, hidden: int, num_classes: int) -> None:
        super().__init__()
        self.output = normal(nn.Linear(hidden, num_classes + 1), 0.01)

    def forward(self, features: Tensor) -> Tensor:
        """Features [R, hidden] → logits [R, K + 1] float32."""
        return self.output(features).float()
