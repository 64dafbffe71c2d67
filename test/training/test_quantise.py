"""`osis quantize`: a bundle with 8-bit convolutions finds what the original finds, and says what it is."""

from pathlib import Path

import cv2
import numpy as np
import onnx
import pytest
from colour_model import colour_bundle, colour_graph
from onnx import helper, numpy_helper
from typer.testing import CliRunner

from osis_ros.cli import app
from osis_ros.inference.bundle import Bundle, load_bundle, write_bundle
from osis_ros.inference.manifest import BundleError
from osis_ros.inference.segmenter import Segmenter
from osis_ros.training.quantise import quantise

WIDE = 16  # channels of the convolutions in the middle


@pytest.fixture(scope="module")
def convolved(tmp_path_factory) -> Bundle:
    """The colour model, whose colours go through four convolutions: 3 → 16 → 16 → 16 → 3.

    The first takes every 8th pixel, and the last map is enlarged again. Else they change nothing."""
    folder = tmp_path_factory.mktemp("quantise")
    plain = colour_bundle(folder / "plain")
    model = colour_graph(96, 128)
    graph = model.graph
    next(node for node in graph.node if node.op_type == "Transpose").output[0] = "colours"
    graph.initializer.append(numpy_helper.from_array(np.array([0]), "batch_axis"))
    chain = [helper.make_node("Unsqueeze", ["colours", "batch_axis"], ["map_0"])]
    for step, (inputs, outputs) in enumerate(((3, WIDE), (WIDE, WIDE), (WIDE, WIDE), (WIDE, 3))):
        weights = np.eye(outputs, inputs, dtype=np.float32)[..., None, None]
        graph.initializer.append(numpy_helper.from_array(weights, f"weights_{step}"))
        convolution = helper.make_node(
            "Conv",
            [f"map_{step}", f"weights_{step}"],
            [f"sum_{step}"],
            f"convolution_{step}",
            strides=[1 if step else 8] * 2,
        )
        chain += [convolution, helper.make_node("Relu", [f"sum_{step}"], [f"map_{step + 1}"], f"relu_{step}")]
    graph.initializer.append(numpy_helper.from_array(np.array([1, 1, 8, 8], np.float32), "scales"))
    how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    chain.append(helper.make_node("Resize", ["map_4", "", "scales"], ["map_large"], **how))
    chain.append(helper.make_node("Squeeze", ["map_large", "batch_axis"], ["channels"]))
    graph.node.extend(chain)
    order = {"Cast": 0, "Transpose": 1}  # ONNX wants nodes after what they use
    first = [node for node in graph.node if "image" in node.input or "colours" in node.output]
    rest = [node for node in graph.node if node not in first and node not in chain]
    first.sort(key=lambda node: order[node.op_type])
    del graph.node[:]
    graph.node.extend([*first, *chain, *rest])
    onnx.save(model, folder / "graph.onnx")
    fields = plain.manifest.model_dump(mode="json", exclude={"format_version", "sha256"})
    return write_bundle(folder / "convolved", folder / "graph.onnx", fields, "# convolved\n")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for number, bright in enumerate((160, 200, 255)):
        cv2.imwrite(str(folder / f"{number}.png"), picture(bright)[..., ::-1])
    return folder


def picture(bright: int) -> np.ndarray:
    """A red and a blue rectangle on grey."""
    rgb = np.full((96, 128, 3), 40, np.uint8)
    rgb[8:40, 16:64, 0] = bright
    rgb[48:88, 72:120, 2] = bright
    return rgb


def operators(bundle: Bundle) -> dict[str, str]:
    """The operator whose result each convolution's weights are; empty for a constant."""
    graph = onnx.load(bundle.model_file).graph
    makers = {node.output[0]: node.op_type for node in graph.node}
    return {node.name: makers.get(node.input[1], "") for node in graph.node if node.op_type == "Conv"}


def test_it_finds_what_the_original_finds(convolved, pictures, tmp_path):
    bundle = quantise(convolved, tmp_path / "small", sorted(pictures.iterdir()))
    rgb = picture(230)
    expected, found = (Segmenter(one).segment(rgb) for one in (convolved, bundle))
    assert found.class_ids.tolist() == expected.class_ids.tolist() == [0, 2]
    np.testing.assert_array_equal(found.boxes, [[16, 8, 64, 40], [72, 48, 120, 88]])
    assert all((a == b).all() for a, b in zip(found.masks, expected.masks))


def test_only_wide_convolutions_are_quantised(convolved, pictures, tmp_path):
    """The first sees pixels and the last gives the result."""
    bundle = quantise(convolved, tmp_path / "small", sorted(pictures.iterdir()))
    eight_bits = {name for name, operator in operators(bundle).items() if operator == "DequantizeLinear"}
    assert eight_bits == {"convolution_1", "convolution_2"}


def test_the_manifest_says_what_it_was_made_of(convolved, pictures, tmp_path):
    figures = [{"name": "AP_k", "value": 50.0, "data": "val", "command": "osis evaluate"}]
    fields = convolved.manifest.model_dump(mode="json", exclude={"format_version", "sha256"})
    fields["provenance"]["metrics"] = figures
    measured = write_bundle(tmp_path / "measured", convolved.model_file, {**fields, "float16": True}, "# measured\n")
    manifest = quantise(measured, tmp_path / "small", sorted(pictures.iterdir())).manifest
    origin = manifest.provenance
    assert origin.data == f"none; 8-bit ranges of 'measured' ({measured.manifest.sha256[:12]}) from 3 images"
    assert (origin.metrics, manifest.float16) == ((), False)
    assert manifest.thresholds == measured.manifest.thresholds


def test_a_bundle_without_wide_convolutions_is_refused(pictures, tmp_path):
    plain = colour_bundle(tmp_path / "plain")
    with pytest.raises(BundleError, match="is quantised already, or has no large convolution"):
        quantise(plain, tmp_path / "small", sorted(pictures.iterdir()))
    assert not (tmp_path / "small").exists()


def test_the_command(convolved, pictures, tmp_path):
    arguments = ["quantize", str(pictures), "--model", str(convolved.path), "--output", str(tmp_path / "small")]
    result = CliRunner().invoke(app, [*arguments, "--count", "2"])
    assert result.exit_code == 0, result.output
    assert "ranges from 2 images" in result.output
    assert len(load_bundle(tmp_path / "small").class_names) == 2
    again = CliRunner().invoke(app, [arguments[0], str(pictures), "--model", str(tmp_path / "small"), *arguments[4:]])
    assert again.exit_code == 1
    assert "is quantised already" in again.output
