"""What an added row of the classes makes a network with a second look decide, without an export."""

import numpy as np
import pytest
import torch
from decisive_network import HEIGHT, WIDTH, coarse_picture, decisive_network

from osis_ros.inference.class_table import ClassTable
from osis_ros.training.export_classes import class_table
from osis_ros.training.export_graph import ClassesGraph
from osis_ros.training.model.detector import Detector
from osis_ros.training.model.semseg.detections import Detections

SCORE = 0.05
ODDS, BOUNDARY = 0.3, np.log(0.7 / 0.3)  # T_u, and the logit of an object that is then just known
LOOKS = 12  # so that the second look leaves boxes out


@pytest.fixture(scope="module")
def network() -> Detector:
    network = decisive_network(HEIGHT, WIDTH, on_crops=True)
    return network.reconfigured(
        network.config.replace(scoring={"unknown_by": "odds"}, second_look={"max_boxes": LOOKS})
    )


def found_with(network: Detector, table: ClassTable, threshold: float = ODDS) -> Detections:
    rows = (torch.from_numpy(own) for own in table.inputs.values())
    with torch.inference_mode():
        graph, image = ClassesGraph(network, HEIGHT, WIDTH).eval(), torch.from_numpy(coarse_picture(HEIGHT, WIDTH))
        return graph(image, torch.tensor(SCORE), torch.tensor(threshold), *rows)


def crops_of(embeddings: np.ndarray, table: ClassTable) -> np.ndarray:
    """The second look's parts of embeddings, at unit length; 0 where it did not look."""
    crops = embeddings[:, table.weights.shape[1] :]
    return crops / np.maximum(np.linalg.norm(crops, axis=1, keepdims=True), 1e-9)


@pytest.mark.parametrize("threshold", [ODDS, 0.6])
def test_an_added_class_gets_nothing_that_the_second_look_has_not_seen(network, threshold):
    """Nor, at the threshold that it was made for, what is further from its view than half way to the nearest other."""
    table = class_table(network)
    before = found_with(network, table)
    embeddings, number, named = before.embeddings.numpy(), len(table.names), 0
    crops = crops_of(embeddings, table)
    seen, unknown = crops.any(axis=1), (before.class_ids == number).numpy()
    assert (unknown & ~seen).sum() > 3
    assert (unknown & seen).sum() > 3
    for i in np.flatnonzero(unknown & seen)[:4]:
        others = embeddings[seen & (crops @ crops[i] < 0.9)]
        more = table.with_class("kettle", embeddings[[i]], others, boundary=BOUNDARY)
        after = found_with(network, more, threshold)
        theirs, given = crops_of(after.embeddings.numpy(), table), (after.class_ids == number).numpy()
        assert not given[~theirs.any(axis=1)].any()
        named += given.any()
        if threshold == ODDS:
            assert (theirs[given] @ crops[i] > (1 + (crops_of(others, table) @ crops[i]).max()) / 2 - 1e-4).all()
    assert named > 1  # of the others, another class has the higher logit still
