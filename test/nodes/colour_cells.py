"""A bundle small enough to compute by hand: it finds the bright things in the four quarters of an image.

The graph keeps to the package's contract and really looks at the pixels. An image of 224×224 has four quarters of
112×112. In each, brightness is the largest of R, G, B, averaged over squares of 4×4 and divided by 255: that is the
28×28 mask. Its maximum is the score. The quarter's mean colour, at unit length, is the embedding; the class centres
are pure red, green and blue; the distance is 1 minus the largest cosine.
"""

import numpy as np
import pytest

from osis_ros.inference.bundle import Bundle, write_bundle

SIZE = 224
CLASS_NAMES = ("red", "green", "blue")

GRAPH = """
<ir_version: 9, opset_import: ["" : 18]>
colour_cells (uint8[224,224,3] image, float score_threshold, float unknown_threshold)
  => (float[N,4] boxes, float[N] scores, int64[N] class_ids, float[N] distances, float[N,3] embeddings,
      float[N,28,28] masks)
{
  values = Cast<to = 1>(image)
  unit = Div(values, full)
  channels_first = Transpose<perm = [2, 0, 1]>(unit)
  batch = Unsqueeze(channels_first, zero)
  squares = AveragePool<kernel_shape = [4, 4], strides = [4, 4]>(batch)
  quarters_of_channels = Reshape(squares, quartered)
  quarters = Transpose<perm = [1, 3, 0, 2, 4]>(quarters_of_channels)
  colours = Reshape(quarters, per_quarter)
  all_masks = ReduceMax<keepdims = 0>(colours, one)
  all_scores = ReduceMax<keepdims = 0>(all_masks, one_two)
  sums = ReduceSum<keepdims = 0>(colours, two_three)
  norms = ReduceL2<keepdims = 1>(sums, one)
  safe_norms = Max(norms, tiny)
  all_embeddings = Div(sums, safe_norms)
  nearest = ReduceMax<keepdims = 0>(all_embeddings, one)
  all_distances = Sub(unity, nearest)
  best_class = ArgMax<axis = 1, keepdims = 0>(all_embeddings)
  far = Greater(all_distances, unknown_threshold)
  all_classes = Where(far, unknown_id, best_class)
  sorted_scores, order = TopK<axis = 0, largest = 1, sorted = 1>(all_scores, four)
  bright = GreaterOrEqual(sorted_scores, score_threshold)
  scores = Compress<axis = 0>(sorted_scores, bright)
  kept = Compress<axis = 0>(order, bright)
  boxes = Gather<axis = 0>(all_boxes, kept)
  class_ids = Gather<axis = 0>(all_classes, kept)
  distances = Gather<axis = 0>(all_distances, kept)
  embeddings = Gather<axis = 0>(all_embeddings, kept)
  masks = Gather<axis = 0>(all_masks, kept)
}
"""

CONSTANTS = {
    "full": np.float32(255),
    "tiny": np.float32(1e-6),
    "unity": np.float32(1),
    "zero": np.array([0]),
    "one": np.array([1]),
    "one_two": np.array([1, 2]),
    "two_three": np.array([2, 3]),
    "four": np.array([4]),
    "quartered": np.array([3, 2, 28, 2, 28]),
    "per_quarter": np.array([4, 3, 28, 28]),
    "unknown_id": np.int64(len(CLASS_NAMES)),
    "all_boxes": np.array([(x, y, x + 112, y + 112) for y in (0, 112) for x in (0, 112)], np.float32),
}


def write_colour_cells(folder, **changes: object) -> Bundle:
    """Write the bundle to a folder; `changes` replace fields of its manifest."""
    onnx = pytest.importorskip("onnx", reason="the tests' model is written with it: pip install onnx")
    model = onnx.parser.parse_model(GRAPH)
    model.graph.initializer.extend(onnx.numpy_helper.from_array(np.asarray(v), name) for name, v in CONSTANTS.items())
    onnx.checker.check_model(model)
    folder.parent.mkdir(parents=True, exist_ok=True)
    file = folder.parent / f"{folder.name}.onnx"
    onnx.save(model, file)
    manifest = {
        "class_names": CLASS_NAMES,
        "input_height": SIZE,
        "input_width": SIZE,
        "embedding_dim": 3,
        "thresholds": {"score": 0.5, "unknown": 0.1, "nms_iou": 0.5, "max_instances": 4},
        "provenance": {"config": "by hand", "data": "none", "steps": 0, "seed": 0, "commit": "none",
                       "date": "2026-11-20"},
    }  # fmt: skip
    return write_bundle(folder, file, manifest | changes, "# colour cells\n")
