"""A bundle without training whose answers can be worked out by hand: it segments red, green and blue things.

Its graph has the inputs and outputs of every exported model. In each colour channel, the pixels more than 100 above
both other channels are one object: its box is their extent, its score the share of the box that they fill (1 for a
rectangle, π/4 for a disc). Red and green are known, at cosine distance 0.01 and 0.02; blue lies at 0.5, so that it is
unknown below that threshold and, above it, the class `red`, nearest by definition.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from osis_ros.inference.bundle import Bundle, write_bundle

CLASS_NAMES = ("red", "green")
DISTANCES = (0.01, 0.02, 0.5)


def colour_bundle(folder: Path, height: int = 96, width: int = 128, padded: bool = False, **changes: object) -> Bundle:
    """Write the bundle. `padded` makes the static form, 5 rows and a `count`; `changes` replace manifest fields."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    graph = folder.parent / f"{folder.name}.onnx"
    onnx.save(colour_graph(height, width, padded), graph)
    manifest = {
        "class_names": list(CLASS_NAMES),
        "input_height": height,
        "input_width": width,
        "embedding_dim": 3,
        "thresholds": {"score": 0.3, "unknown": 0.085, "nms_iou": 0.5, "max_instances": 100},
        "provenance": {
            "config": "colour", "data": "none", "steps": 0, "seed": 0, "commit": "none", "date": "2026-11-20",
        },
    }  # fmt: skip
    return write_bundle(folder, graph, {**manifest, **changes}, "# colour\n")


def colour_graph(height: int, width: int, padded: bool = False) -> onnx.ModelProto:
    nodes: list[onnx.NodeProto] = []
    constants: list[onnx.TensorProto] = []

    def constant(name: str, value: object, dtype: type) -> str:
        constants.append(numpy_helper.from_array(np.asarray(value, dtype), name))
        return name

    def add(operator: str, inputs: list[str], output: str, **attributes: object) -> str:
        nodes.append(helper.make_node(operator, inputs, [output], **attributes))
        return output

    zero, one = constant("zero", 0, np.float32), constant("one", [1], np.int64)
    add("Cast", ["image"], "pixels", to=TensorProto.FLOAT)
    add("Transpose", ["pixels"], "channels", perm=[2, 0, 1])
    # the larger of the two other channels: green and blue for red, and so on round
    next_one = add("Gather", ["channels", constant("next", [1, 2, 0], np.int64)], "following", axis=0)
    after = add("Gather", ["channels", constant("after", [2, 0, 1], np.int64)], "preceding", axis=0)
    add("Max", [next_one, after], "others")
    add("Sub", ["channels", "others"], "excess")
    add("Greater", ["excess", constant("hundred", 100, np.float32)], "strong")
    add("Cast", ["strong"], "inside", to=TensorProto.FLOAT)
    for axis, low, high in ((1, "x0", "x1"), (2, "y0", "y1")):
        line = add("ReduceMax", ["inside", constant(f"axis{axis}", [axis], np.int64)], f"line{axis}", keepdims=0)
        add("ArgMax", [line], f"{low}_index", axis=1, keepdims=1)
        add("ArgMax", [line], f"{high}_last", axis=1, keepdims=1, select_last_index=1)
        add("Add", [f"{high}_last", one], f"{high}_index")
        for name in (low, high):
            add("Cast", [f"{name}_index"], name, to=TensorProto.FLOAT)
    add("Concat", ["x0", "y0", "x1", "y1"], "extents", axis=1)
    add("ReduceSum", ["inside", constant("plane", [1, 2], np.int64)], "areas", keepdims=0)
    for low, high, name in (("x0", "x1", "w"), ("y0", "y1", "h")):
        add("Sub", [high, low], name)
    add("Mul", ["w", "h"], "box_column")
    add("Squeeze", ["box_column", constant("second", [1], np.int64)], "box_areas")
    add("Div", ["areas", "box_areas"], "fill")
    add("Greater", ["fill", "score_threshold"], "kept")
    add("Cast", ["kept"], "kept_score", to=TensorProto.FLOAT)
    add("Greater", ["areas", zero], "present")
    add("Cast", ["present"], "present_score", to=TensorProto.FLOAT)
    add("Mul", ["kept_score", "present_score"], "valid")
    add("Mul", ["fill", "valid"], "ranked")
    if padded:
        add("Pad", ["ranked", constant("pads", [0, 2], np.int64)], "candidates")
        add("TopK", ["candidates", constant("five", [5], np.int64)], "unused")
        nodes[-1].output[:] = ["scores", "slot"]
        add("ReduceSum", ["valid", constant("all", [0], np.int64)], "kept_count", keepdims=0)
        add("Cast", ["kept_count"], "count", to=TensorProto.INT64)
        add("Min", ["slot", constant("last", 2, np.int64)], "order")
    else:
        add("ReduceSum", ["valid", constant("all", [0], np.int64)], "kept_count", keepdims=1)
        add("Cast", ["kept_count"], "limit", to=TensorProto.INT64)
        add("TopK", ["ranked", "limit"], "unused")
        nodes[-1].output[:] = ["scores", "order"]
    distances = constant("all_distances", DISTANCES, np.float32)
    add("Greater", [distances, "unknown_threshold"], "far")
    own = constant("own", [0, 1, 0], np.int64)
    add("Where", ["far", constant("unknown", len(CLASS_NAMES), np.int64), own], "all_class_ids")
    batch = constant("batch", [0, 1, 2], np.int64)
    add("Unsqueeze", ["inside", one], "planes")
    add("RoiAlign", ["planes", "extents", batch], "pooled", output_height=28, output_width=28, sampling_ratio=2)
    add("Squeeze", ["pooled", one], "all_masks")
    identity = constant("identity", np.eye(3), np.float32)
    gathered = {"boxes": "extents", "class_ids": "all_class_ids", "distances": distances, "embeddings": identity,
                "masks": "all_masks"}  # fmt: skip
    for name, source in gathered.items():
        add("Gather", [source, "order"], name, axis=0)
    rows = 5 if padded else "N"
    floats = {"boxes": [4], "scores": [], "distances": [], "embeddings": [3], "masks": [28, 28]}
    outputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [rows, *shape]) for name, shape in floats.items()]
    outputs.append(helper.make_tensor_value_info("class_ids", TensorProto.INT64, [rows]))
    if padded:
        outputs.append(helper.make_tensor_value_info("count", TensorProto.INT64, []))
    inputs = [
        helper.make_tensor_value_info("image", TensorProto.UINT8, [height, width, 3]),
        helper.make_tensor_value_info("score_threshold", TensorProto.FLOAT, []),
        helper.make_tensor_value_info("unknown_threshold", TensorProto.FLOAT, []),
    ]
    graph = helper.make_graph(nodes, "colour", inputs, outputs, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
