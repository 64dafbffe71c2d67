"""The decision of a closed-set detector: the likeliest classes of every box (Mask R-CNN, OpenDet)."""

import torch
from torch import Tensor

from osis_ros.training.model.semseg.open_set import Decision, nms_by_class


def decide_by_class(
    boxes: Tensor, probabilities: Tensor, score_threshold: float | Tensor, nms_iou: float, limit: int
) -> Decision:
    """Turn classified boxes of one image into instances: one for each class that is likely enough.

    Args:
        boxes: [P, 4], or [P, K, 4] with a box for each class; clipped to the image.
        probabilities: [P, K], or [P, K + 1] with unknown as the last class; background is left out.
        score_threshold: the probability that an instance must exceed.
        nms_iou: IoU of NMS among the instances of a class.
    Returns:
        at most `limit` instances.
    """
    index, class_ids = torch.where(probabilities > score_threshold)
    scores = probabilities[index, class_ids]
    own = boxes[index] if boxes.ndim == 2 else boxes[index, class_ids]
    kept = nms_by_class(own, scores, class_ids, nms_iou)[:limit]
    return Decision(index[kept], class_ids[kept], scores[kept])
