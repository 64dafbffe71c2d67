"""What makes an exported graph small and quick beyond what the exporter does; none of it changes a result."""

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

NO_LIMIT = np.iinfo(np.int64).max
SMALLEST_STORED_HALF = 1024  # elements: below, a Cast costs more bytes than it saves


def optimise(model: onnx.ModelProto, half: bool, rows: bool = True) -> onnx.ModelProto:
    """Clean an exported graph up, in place.

    Args:
        half: store as float16 what float16 holds exactly.
        rows: the outputs have as many rows as there are instances; False: their sizes are fixed.
    Returns:
        `model`.
    """
    _forget_origin(model)
    _limit_nms(model.graph)
    _sum_squares_by_convolution(model.graph)
    _split_convolutions(model)
    if rows:
        _name_rows(model.graph, "N")
    _drop_unused_constants(model.graph)
    if half:
        _store_half(model.graph)
    return model


def pad_outputs(graph: onnx.GraphProto, rows: int) -> None:
    """Pad every output of N rows with zeros to `rows`, and add the output `count` [] int64, which is N."""
    for output in list(graph.output):
        name, tensor = output.name, output.type.tensor_type
        for node in graph.node:
            for names in (node.input, node.output):
                names[:] = [f"{name}_found" if value == name else value for value in names]
        shape = [rows, *(dimension.dim_value for dimension in tensor.shape.dim[1:])]
        zeros = np.zeros(shape, helper.tensor_dtype_to_np_dtype(tensor.elem_type))
        padding = _constant(graph, f"{name}_padding", zeros)
        start, end = _constant(graph, "row_0", np.array([0])), _constant(graph, "row_end", np.array([rows]))
        graph.node.append(helper.make_node("Concat", [f"{name}_found", padding], [f"{name}_padded"], axis=0))
        graph.node.append(helper.make_node("Slice", [f"{name}_padded", start, end, start], [name]))
    graph.node.append(helper.make_node("Shape", ["scores_found"], ["found_shape"]))
    graph.node.append(helper.make_node("Squeeze", ["found_shape"], ["count"]))
    _name_rows(graph, rows)
    graph.output.append(helper.make_tensor_value_info("count", TensorProto.INT64, []))


def as_default(graph: onnx.GraphProto, values: Mapping[str, np.ndarray]) -> None:
    """Let inputs have these values where a run gives them none."""
    for name, value in values.items():
        graph.initializer.append(numpy_helper.from_array(value, name))


def _constant(graph: onnx.GraphProto, name: str, value: np.ndarray) -> str:
    if all(tensor.name != name for tensor in graph.initializer):
        graph.initializer.append(numpy_helper.from_array(value, name))
    return name


def _forget_origin(model: onnx.ModelProto) -> None:
    """Drop the exporter's notes: stack traces and file paths of the machine that exported, in every node."""
    for holder in (model, model.graph, *model.graph.node, *model.graph.input, *model.graph.output):
        holder.ClearField("doc_string")
        holder.ClearField("metadata_props")
    del model.graph.value_info[:]


def _limit_nms(graph: onnx.GraphProto) -> None:
    """Tell each NMS how many boxes are used of its result, so that it stops there."""
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in [node for node in graph.node if node.op_type == "NonMaxSuppression"]:
        limit = _used_rows(graph, node.output[0], constants)
        if limit < NO_LIMIT:
            node.input[2] = _constant(graph, f"{node.name}_limit", np.array([limit]))


def _used_rows(graph: onnx.GraphProto, name: str, constants: dict[str, TensorProto]) -> int:
    """The end of the slice [0:end] that everything after `name` goes through; NO_LIMIT where there is none."""
    while True:
        users = [node for node in graph.node if name in node.input]
        if len(users) != 1 or users[0].op_type not in ("Slice", "Reshape", "Squeeze", "Cast"):
            return NO_LIMIT
        node = users[0]
        if node.op_type == "Slice" and all(value in constants for value in node.input[1:]):
            start, end, axis, *step = (int(numpy_helper.to_array(constants[value]).item()) for value in node.input[1:])
            if (start, axis, *step) == (0, 0, 1) and end > 0:
                return end
        name = node.output[0]


def _sum_squares_by_convolution(graph: onnx.GraphProto) -> None:
    """The sum of squares over a map's channels as a 1 × 1 convolution of ones.

    ONNX Runtime keeps convolutions' maps in a blocked layout; a reduction would have every map copied out of it.
    """
    constants = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    users = {name: [node for node in graph.node if name in node.input] for node in graph.node for name in node.output}
    makers = {name: node for node in graph.node for name in node.output}
    for power in [node for node in graph.node if node.op_type == "Pow"]:
        (reduce,) = users[power.output[0]] if len(users[power.output[0]]) == 1 else (None,)
        if reduce is None or reduce.op_type != "ReduceSum" or constants.get(power.input[1]) != 2:
            continue
        channels = _channels(power.input[0], makers, constants)
        axes = constants.get(reduce.input[1])
        if channels is None or axes is None or axes.tolist() != [1] or _attribute(reduce, "keepdims", 1) != 1:
            continue
        ones = _constant(graph, f"ones_{channels}", np.ones((1, channels, 1, 1), np.float32))
        square = helper.make_node("Mul", [power.input[0], power.input[0]], list(power.output), f"{power.name}_square")
        summed = helper.make_node(
            "Conv", [power.output[0], ones], list(reduce.output), f"{reduce.name}_sum", kernel_shape=[1, 1]
        )
        power.CopyFrom(square)
        reduce.CopyFrom(summed)


def _split_convolutions(model: onnx.ModelProto) -> None:
    """A convolution of maps side by side as the sum of each one's own.

    ONNX Runtime's blocked layout has no room for an odd number of channels: it would lay the maps out anew and convolve
    them by the slow way.
    """
    graph, nodes = model.graph, []
    inferred = onnx.shape_inference.infer_shapes(model).graph.value_info
    channels = {value.name: value.type.tensor_type.shape.dim[1].dim_value for value in inferred if _is_map(value)}
    constants = {tensor.name: tensor for tensor in graph.initializer}
    makers = {name: node for node in graph.node for name in node.output}
    for node in graph.node:
        whole = node.op_type == "Conv" and _attribute(node, "group", 1) == 1
        beside = makers.get(node.input[0]) if whole else None
        if beside is None or beside.op_type != "Concat" or _attribute(beside, "axis", 0) != 1:
            nodes.append(node)
            continue
        ends = np.cumsum([channels[name] for name in beside.input])[:-1]
        parts = np.split(numpy_helper.to_array(constants[node.input[1]]), ends, axis=1)
        sums = [*(f"{node.name}_sum_{i}" for i in range(len(parts) - 1)), node.output[0]]
        for i, (name, weight) in enumerate(zip(beside.input, parts, strict=True)):
            made = sums[0] if i == 0 else f"{node.name}_part_{i}"
            inputs = [name, _constant(graph, f"{node.input[1]}_{i}", weight), *(node.input[2:] if i == 0 else ())]
            nodes.append(helper.make_node("Conv", inputs, [made], f"{node.name}_{i}"))
            nodes[-1].attribute.extend(node.attribute)
            if i > 0:
                nodes.append(helper.make_node("Add", [sums[i - 1], made], [sums[i]], f"{node.name}_add_{i}"))
    used = {name for node in nodes for name in node.input}
    del graph.node[:]
    graph.node.extend(node for node in nodes if node.op_type != "Concat" or node.output[0] in used)


def _is_map(value: onnx.ValueInfoProto) -> bool:
    return len(value.type.tensor_type.shape.dim) == 4


def _channels(name: str, makers: dict[str, onnx.NodeProto], constants: dict[str, np.ndarray]) -> int | None:
    """The channels of a map that a convolution made, None for anything else."""
    node = makers.get(name)
    while node is not None and node.op_type in ("Relu", "Clip"):
        node = makers.get(node.input[0])
    return None if node is None or node.op_type != "Conv" else constants[node.input[1]].shape[0]


def _attribute(node: onnx.NodeProto, name: str, default: int) -> int:
    return next((helper.get_attribute_value(item) for item in node.attribute if item.name == name), default)


def _name_rows(graph: onnx.GraphProto, rows: int | str) -> None:
    for output in graph.output:
        dimensions = output.type.tensor_type.shape.dim
        if dimensions:
            dimensions[0].Clear()
            if isinstance(rows, str):
                dimensions[0].dim_param = rows
            else:
                dimensions[0].dim_value = rows


def _drop_unused_constants(graph: onnx.GraphProto) -> None:
    used = {name for node in graph.node for name in node.input}
    kept = [tensor for tensor in graph.initializer if tensor.name in used]
    del graph.initializer[:]
    graph.initializer.extend(kept)


def _store_half(graph: onnx.GraphProto) -> None:
    """Store weights as float16 where that is exact, and cast them back; a session folds the casts when it starts."""
    casts = []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT:
            continue
        value = numpy_helper.to_array(tensor)
        with np.errstate(over="ignore"):
            small = value.astype(np.float16)
        if value.size < SMALLEST_STORED_HALF or not np.array_equal(small.astype(np.float32), value):
            continue
        name, stored = tensor.name, f"{tensor.name}_half"
        tensor.CopyFrom(numpy_helper.from_array(small, stored))
        casts.append(helper.make_node("Cast", [stored], [name], f"{name}_cast", to=TensorProto.FLOAT))
    nodes = [*casts, *graph.node]
    del graph.node[:]
    graph.node.extend(nodes)
