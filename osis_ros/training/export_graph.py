"""SemSeg as one ONNX graph: pixels and thresholds in, instances out."""

import contextlib
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path

import onnx
import torch
from torch import Tensor, nn

from osis_ros.training.export_optimise import optimise, pad_outputs
from osis_ros.training.model.detections import Detections
from osis_ros.training.model.open_set import Thresholds
from osis_ros.training.model.semseg import Recognised, Semantics, SemSeg, View, best_first

OPSET = 20
INPUTS = ("image", "score_threshold", "unknown_threshold")
OUTPUTS = ("boxes", "scores", "class_ids", "distances", "embeddings", "masks")


class ExportGraph(nn.Module):
    """The network on one image of a fixed size, as the graph contract has it."""

    def __init__(self, model: SemSeg, height: int, width: int) -> None:
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
        decision = self.model.config.decision
        images = image.permute(2, 0, 1)[None]
        pixels = self.model.backbone.normalise(images, [self.size])
        levels = self.model.pyramid(pixels)
        proposals = self.model.proposals.select(self.model.proposals(levels), [self.size])[0]
        thresholds = Thresholds(score_threshold.clamp(max=decision.score_threshold), unknown_threshold)
        view = View(pixels, levels, self.size)
        found = self.model.recognise(view, proposals, thresholds, decision)
        kept = torch.where(found.scores > score_threshold)[0]
        semantics = Semantics(*(part[kept] for part in found.semantics))
        found = Recognised(
            found.boxes[kept], found.scores[kept], found.class_ids[kept], semantics, found.strangeness[kept]
        )
        return best_first(self.model.segment(view, found, score_threshold), score_threshold)


def max_instances(model: SemSeg) -> int:
    """The most instances that the network gives: its limits on known and on unknown ones together."""
    decision = model.config.decision
    return decision.max_known + (decision.max_unknown if model.config.embedding.enabled else 0)


def export_onnx(
    model: SemSeg, file: str | Path, height: int, width: int, *, static: bool = False, half: bool = False
) -> None:
    """Write the network's graph.

    Args:
        model: in evaluation mode, on the CPU.
        height, width: of the input image in pixels; multiples of 32.
        static: pad every output to `max_instances` rows and add `count`, for runtimes that want fixed shapes.
        half: store weights that float16 holds exactly as float16; they are float32 again when a session has started.
    """
    graph = ExportGraph(model, height, width).eval()
    arguments = (torch.zeros(height, width, 3, dtype=torch.uint8), torch.tensor(0.05), torch.tensor(0.085))
    with torch.no_grad(), _quiet():
        program = torch.onnx.export(
            graph, arguments, dynamo=True, opset_version=OPSET, input_names=list(INPUTS), output_names=list(OUTPUTS),
            verbose=False,
        )  # fmt: skip
    exported = optimise(program.model_proto, half)
    if static:
        pad_outputs(exported.graph, max_instances(model))
    onnx.checker.check_model(exported)
    onnx.save(exported, file)


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
