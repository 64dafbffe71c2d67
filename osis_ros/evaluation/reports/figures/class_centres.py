"""The class centres of a model in the space of its embeddings."""

import numpy as np
from safetensors import SafetensorError, safe_open

from osis_ros.coco.annotations import EvaluationError
from osis_ros.inference.bundle import Bundle

WEIGHTS_FILE, CENTRES = "weights.safetensors", "embedding.centres"


def read_centres(bundle: Bundle) -> np.ndarray | None:
    """The class centres [K, D] float32, of unit length, from the bundle's rows or the weights beside the graph; None
    where there are none.

    Raises:
        EvaluationError: weights that cannot be read, or of another model.
    """
    if bundle.classes is not None:
        return bundle.classes.centres
    path = bundle.path / WEIGHTS_FILE
    if not path.is_file():
        return None
    try:
        with safe_open(path, "numpy") as weights:
            if CENTRES not in weights.keys():  # noqa: SIM118, it is no dict
                return None
            centres = weights.get_tensor(CENTRES).astype(np.float32)
    except (SafetensorError, OSError, TypeError) as err:
        raise EvaluationError(f"{path}: cannot be read ({err})") from None
    wanted = (len(bundle.class_names), bundle.manifest.embedding_dim)
    if centres.shape != wanted:
        raise EvaluationError(f"{path}: {CENTRES} is {list(centres.shape)}, model.yaml expects {list(wanted)}")
    return centres / np.linalg.norm(centres, axis=1, keepdims=True)
