"""What trackeval (github.com/JonathonLuiten/TrackEval, MIT) says of tracks against true ones, by overlap of masks."""

from collections.abc import Sequence

import numpy as np
from trackeval.metrics import CLEAR, HOTA, Identity

from osis_ros.instances import Instances
from osis_ros.tracking.mask_overlap import mask_overlap


def judged(
    seconds: Sequence[float], true: Sequence[Instances], found: Sequence[Instances], ids: Sequence[np.ndarray]
) -> dict[str, float]:
    """The verdict on the tracked instances of a recording.

    Args:
        seconds: when each image was taken, evenly spaced.
        true: the true instances of each image; `ids` are their objects'.
        found: the instances of each image.
        ids: of each image, a track id for each found instance; 0 for none, which counts as not found.
    Returns:
        HOTA (mean over IoU 0.05 to 0.95), OWTA (the same without a penalty for what is not labelled) and IDF1
        (IoU 0.5 or more) in percent, and the switches of ids a minute.
    """
    kept = [np.flatnonzero(one) for one in ids]
    similarity = []
    for exact, instances, rows in zip(true, found, kept, strict=True):
        chosen = instances.take(rows)
        similarity.append(mask_overlap(exact.rois, exact.masks, chosen.rois, chosen.masks)[0])
    data = {"similarity_scores": similarity, "num_timesteps": len(true)}
    of_tracker = [one[rows] for one, rows in zip(ids, kept, strict=True)]
    for name, all_ids in (("gt", [one.ids for one in true]), ("tracker", of_tracker)):
        numbers = np.unique(np.concatenate(all_ids))
        data[f"{name}_ids"] = [np.searchsorted(numbers, one) for one in all_ids]
        data[f"num_{name}_ids"], data[f"num_{name}_dets"] = len(numbers), sum(map(len, all_ids))
    quiet = {"PRINT_CONFIG": False}
    hota, identity = HOTA().eval_sequence(data), Identity(quiet).eval_sequence(data)
    clear = CLEAR(quiet).eval_sequence(data)
    minutes = len(seconds) * (seconds[1] - seconds[0]) / 60
    return {
        "HOTA": 100 * float(np.mean(hota["HOTA"])), "OWTA": 100 * float(np.mean(hota["OWTA"])),
        "IDF1": 100 * float(identity["IDF1"]), "switches/min": float(clear["IDSW"]) / minutes,
    }  # fmt: skip
