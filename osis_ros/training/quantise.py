"""`osis quantize`: a bundle whose convolutions compute in 8 bits (static quantisation: Jacob et al., CVPR 2018)."""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.quant_utils import add_pre_process_metadata

from osis_ros.inference.bundle import MODEL_FILE, Bundle, write_bundle
from osis_ros.inference.image_file import read_image
from osis_ros.inference.letterbox import Letterbox
from osis_ros.inference.manifest import BundleError
from osis_ros.inference.segmenter import INPUTS, NAMES

FEWEST_CHANNELS = 16  # of a convolution's input and output; those with fewer see pixels or give boxes and scores
WITH_CONVOLUTIONS = ("Relu", "Clip", "Add", "MaxPool")  # operators that stay in 8 bits between two convolutions
ONCE = 1  # batch size of a map of the whole image
FINEST = 8  # pixels of the input to a pixel of the map: finer maps stay in float32 (docs/int8.md has figures)


def quantise(bundle: Bundle, folder: Path, files: Iterable[Path]) -> Bundle:
    """Write a bundle with the same network, whose convolutions have 8-bit weights and activations.

    The convolutions on maps of the whole image are quantised, except on the finest maps. The images give the ranges of
    their activations. What works on crops of single objects stays in float32: the shipped model finds almost nothing
    with 8 bits there. Weights have 7 bits, because processors without VNNI would saturate with 8; so every processor
    gives the same result.

    Args:
        folder: the new bundle's; a bundle that is there already is replaced.
        files: images to calibrate with, of the kind that the model will see, but none that it is judged on.
    Returns:
        the new bundle. Its thresholds are those of the first one; `osis calibrate` chooses its own.
    Raises:
        BundleError: a bundle that is quantised already or has no such convolution, or the folder.
        ImageError: an image that cannot be read.
    """
    with tempfile.TemporaryDirectory() as place:
        folded, quantised = Path(place) / "folded.onnx", Path(place) / MODEL_FILE
        model = _folded(bundle, folded)
        nodes = _convolutions(
            model.graph, bundle.manifest.input_height // FINEST, bundle.manifest.input_width // FINEST
        )
        if any(node.op_type == "QuantizeLinear" for node in model.graph.node) or not nodes:
            raise BundleError(f"{MODEL_FILE} is quantised already, or has no large convolution ({bundle.path})")
        add_pre_process_metadata(model)
        onnx.save(model, folded)
        reader = _Images(bundle, files)
        quantize_static(
            folded, quantised, reader, quant_format=QuantFormat.QDQ, per_channel=True, reduce_range=True,
            activation_type=QuantType.QUInt8, weight_type=QuantType.QInt8,
            op_types_to_quantize=["Conv", *WITH_CONVOLUTIONS], nodes_to_quantize=nodes,
            extra_options={"CalibMovingAverage": True},
        )  # fmt: skip
        card = _card(bundle, folder.name, reader.count)
        return write_bundle(folder, quantised, _fields(bundle, reader.count), card, classes=bundle.classes)


def _folded(bundle: Bundle, file: Path) -> onnx.ModelProto:
    """The graph with its constants computed and its weights in float32, and with the shapes of its tensors."""
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(file)
    options.log_severity_level = 3
    onnxruntime.InferenceSession(bundle.model_file, options, providers=["CPUExecutionProvider"])
    return onnx.shape_inference.infer_shapes(onnx.load(file))


def _convolutions(graph: onnx.GraphProto, height: int, width: int) -> list[str]:
    """Names of the nodes to quantise, on maps of this size at most."""
    weights = {tensor.name: tensor.dims for tensor in graph.initializer}
    shapes = {
        value.name: [side.dim_value for side in value.type.tensor_type.shape.dim]
        for value in (*graph.value_info, *graph.output)
    }
    names = []
    for node in graph.node:
        shape = shapes.get(node.output[0], ())
        if len(shape) != 4 or shape[0] != ONCE or not (0 < shape[2] <= height and 0 < shape[3] <= width):
            continue
        if node.op_type in WITH_CONVOLUTIONS or (node.op_type == "Conv" and _is_large(node, weights)):
            names.append(node.name)
    has_convolution = any(node.op_type == "Conv" for node in graph.node if node.name in names)
    return names if has_convolution else []


def _is_large(convolution: onnx.NodeProto, weights: dict[str, list[int]]) -> bool:
    if convolution.input[1] not in weights:
        return False
    groups = next((attribute.i for attribute in convolution.attribute if attribute.name == "group"), 1)
    outputs, inputs, *_ = weights[convolution.input[1]]
    return min(outputs, inputs * groups) >= FEWEST_CHANNELS


class _Images(CalibrationDataReader):
    """The inputs of the graph for each image.

    Attributes:
        count: images read so far.
    """

    def __init__(self, bundle: Bundle, files: Iterable[Path]) -> None:
        self.count, self._feeds = 0, self._read(bundle, files)

    def _read(self, bundle: Bundle, files: Iterable[Path]) -> Iterator[dict[str, np.ndarray]]:
        manifest = bundle.manifest
        size, thresholds = (manifest.input_height, manifest.input_width), manifest.thresholds
        for file in files:
            rgb = read_image(file)
            image = Letterbox.fit(*rgb.shape[:2], *size).apply(rgb, *size, manifest.padding)
            values = image, np.asarray(thresholds.score, np.float32), np.asarray(thresholds.unknown, np.float32)
            feeds = dict(zip(INPUTS, values, strict=True))
            if manifest.word_dim is not None:
                feeds[NAMES] = np.zeros((0, manifest.word_dim), np.float32)
            self.count += 1
            yield feeds

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self._feeds, None)


def _fields(bundle: Bundle, count: int) -> dict[str, object]:
    """The new manifest: figures that were measured on the float32 graph are not its own."""
    fields = bundle.manifest.model_dump(mode="json", exclude={"format_version", "sha256"})
    origin = fields["provenance"]
    origin["data"] += f"; 8-bit ranges of '{bundle.name}' ({bundle.manifest.sha256[:12]}) from {count} images"
    return {**fields, "float16": False, "provenance": {**origin, "metrics": []}}


def _card(bundle: Bundle, name: str, count: int) -> str:
    return (
        f"# {name}\n\nThe model `{bundle.name}` with 8-bit convolutions, made by `osis quantize` with {count} images.\n"
        "Its accuracy is not that of the original: `osis compare` measures both, and `osis calibrate --write` chooses "
        "its\nthresholds.\n"
    )
