"""One image that tells every pixel's instance."""

import numpy as np

from osis_ros.instances import Instances


def label_image(instances: Instances) -> np.ndarray:
    """Paint instance index + 1 on 0, low scores first, so that where masks overlap the best score is seen.

    Returns:
        [height, width] uint16.
    Raises:
        ValueError: more than 65,535 instances, which 16 bits cannot tell apart.
    """
    if len(instances) > np.iinfo(np.uint16).max:
        raise ValueError(f"a 16-bit label image holds at most 65535 instances, here are {len(instances)}")
    labels = np.zeros((instances.height, instances.width), np.uint16)
    for index in reversed(np.argsort(-instances.scores, kind="stable").tolist()):
        x, y, width, height = instances.rois[index]
        np.copyto(labels[y : y + height, x : x + width], index + 1, where=instances.masks[index])
    return labels
