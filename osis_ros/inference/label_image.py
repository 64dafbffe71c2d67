"""An image with the instance's id at each pixel."""

import numpy as np

from osis_ros.instances import Instances


def label_image(instances: Instances) -> np.ndarray:
    """Write each instance's id to the pixels of its mask; 0 elsewhere. Where masks overlap, the highest score wins.

    Returns:
        [height, width] uint16.
    Raises:
        ValueError: an id above 65,535, which 16 bits cannot hold.
    """
    highest = int(instances.ids.max(initial=0))
    if highest > np.iinfo(np.uint16).max:
        raise ValueError(f"a 16-bit label image holds ids up to 65535, here is {highest}")
    labels = np.zeros((instances.height, instances.width), np.uint16)
    ids = instances.ids.astype(np.uint16)
    for index in reversed(np.argsort(-instances.scores, kind="stable").tolist()):
        x, y, width, height = instances.rois[index]
        np.copyto(labels[y : y + height, x : x + width], ids[index], where=instances.masks[index])
    return labels
