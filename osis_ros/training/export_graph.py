"""SemSeg as one ONNX graph: pixels and thresholds in, instances out."""

import contextlib
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn

from osis_ros.inference.class_table import ClassTable
from osis_ros.training.export_classes import class_table, give_classes, has_table, with_given_classes
from osis_ros.training.export_optimise import as_default, optimise, pad_outputs
from osis_ros.training.model.detector import Detector
from osis_ros.training.model.scene_network import SceneLabels, SceneNetwork
from osis_ros.training.model.semseg.detections import Detections
from osis_ros.training.model.semseg.open_set import Thresholds
from osis_ros.training.model.zero_shot_detector import ZeroShotDetector

OPSET = 20
SOME_CLASSES, MOST_CLASSES = 3, 100_000  # how many rows the graph is traced with, and how many it takes
NAMES, SOME_NAMES, MOST_NAMES = "names", 3, 100_000  # the input of a zero-shot network, and how many names it takes
INPUTS = ("image", "score_threshold", "unknown_threshold")
OUTPUTS = ("boxes", "scores", "class_ids", "distances", "embeddings", "masks")
SCENE_INPUTS = ("image", "unknown_threshold")


class ExportGraph(nn.Module):
    """The network on one image of a fixed size, as the graph contract has it."""

    def __init__(self, model: Detector, height: int, width: int) -> None:
        super().__init__()
        self.model = model
        self.size = (height, width)

    def forward(self, image: Tensor, score_threshold: Tensor, unknown_threshold: Tensor) -> Detections:
        """One image's instances, best score first.

        Args:
            image: uint8 [H, W, 3] RGB.
            score_threshold: float32 scalar, the lowest score of an instance. Raising it leaves out instances of lower
                scores and changes nothing else: which proposals are looked at stays as configured.
            unknown_threshold: float32 scalar, T_u.
        """
        thresholds = Thresholds(score_threshold, unknown_threshold)
        return self.model.detect(image.permute(2, 0, 1)[None], [self.size], thresholds)[0]


class ClassesGraph(ExportGraph):
    """A network that takes the rows of its classes as further inputs."""

    def __init__(self, model: Detector, height: int, width: int) -> None:
        super().__init__(with_given_classes(model), height, width)

    def forward(
        self,
        image: Tensor,
        score_threshold: Tensor,
        unknown_threshold: Tensor,
        centres: Tensor,
        weights: Tensor,
        biases: Tensor,
        temperatures: Tensor | None = None,
        offsets: Tensor | None = None,
    ) -> Detections:
        """As `ExportGraph`.

        Args:
            centres: float32 [K, E], weights: [K, D], biases, temperatures, offsets: [K], as in `ClassTable`;
                the last two only with a second look.
        """
        give_classes(self.model, centres, weights, biases, temperatures, offsets)
        return super().forward(image, score_threshold, unknown_threshold)


class NamesGraph(ExportGraph):
    """A zero-shot network, which takes the vectors of the names that it is asked for as a further input."""

    def forward(self, image: Tensor, score_threshold: Tensor, unknown_threshold: Tensor, names: Tensor) -> Detections:
        """As `ExportGraph`.

        Args:
            names: float32 [M, D] of unit length; M may be 0. Their class ids follow those of the classes.
        """
        self.model.names.asked = names
        return super().forward(image, score_threshold, unknown_threshold)


class SceneGraph(nn.Module):
    """A network that labels every pixel, on one image of a fixed size."""

    def __init__(self, model: SceneNetwork, height: int, width: int) -> None:
        super().__init__()
        self.model = model
        self.size = (height, width)

    def forward(self, image: Tensor, unknown_threshold: Tensor) -> SceneLabels:
        """Labels of an image, uint8 [H, W, 3] RGB; `unknown_threshold`: float32 scalar, T_u."""
        return self.model.label(image.permute(2, 0, 1)[None], [self.size], unknown_threshold)[0]


def export_onnx(
    model: Detector, file: str | Path, height: int, width: int, *, static: bool = False, half: bool = False
) -> ClassTable | None:
    """Write the network's graph.

    The rows of its classes are inputs with a default, if it has such rows and is not static.

    Args:
        model: in evaluation mode, on the CPU.
        height, width: of the input image in pixels; multiples of 32.
        static: pad every output to `model.max_instances` rows and add `count`, for runtimes that want fixed shapes.
        half: store weights that float16 holds exactly as float16; they are float32 again when a session has started.
    Returns:
        the default rows of the classes; None if they are no inputs.
    """
    graph = ExportGraph(model, height, width)
    arguments = (torch.zeros(height, width, 3, dtype=torch.uint8), torch.tensor(0.05), torch.tensor(0.085))
    inputs, outputs, shapes, asked, table = INPUTS, OUTPUTS, None, None, None
    if isinstance(model, SceneNetwork):
        graph, inputs, outputs = SceneGraph(model, height, width), SCENE_INPUTS, SceneLabels._fields
        arguments = (arguments[0], arguments[2])
    if has_table(model) and not static:
        table = class_table(model)
        graph, inputs = ClassesGraph(model, height, width), (*INPUTS, *table.inputs)
        rows = (torch.from_numpy(np.resize(own, (SOME_CLASSES, *own.shape[1:]))) for own in table.inputs.values())
        arguments = (*arguments, *rows)
        classes = torch.export.Dim("K", min=1, max=MOST_CLASSES)
        shapes = (None, None, None, *({0: classes} for _ in table.inputs))
    if isinstance(model, ZeroShotDetector):
        asked = model.names.asked
        graph, inputs = NamesGraph(model, height, width), (*INPUTS, NAMES)
        arguments = (*arguments, torch.eye(SOME_NAMES, asked.shape[1]))
        shapes = (None, None, None, {0: torch.export.Dim(NAMES, min=0, max=MOST_NAMES)})
    with torch.no_grad(), _quiet():
        program = torch.onnx.export(
            graph.eval(), arguments, dynamo=True, opset_version=OPSET, input_names=list(inputs),
            output_names=list(outputs), dynamic_shapes=shapes, verbose=False,
        )  # fmt: skip
    if asked is not None:
        model.names.asked = asked
    exported = optimise(program.model_proto, half, rows=outputs is OUTPUTS)
    if static:
        pad_outputs(exported.graph, model.max_instances)
    if table is not None:
        as_default(exported.graph, table.inputs)
    onnx.checker.check_model(exported)
    onnx.save(exported, file)
    return table


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's remarks on its own and torchvision's deprecations, which a user can do nothing about."""
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
