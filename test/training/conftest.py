"""A small network that decides, and a picture of its size, for the tests that run a checkpoint over images."""

import numpy as np
import pytest
from decisive_network import HEIGHT, WIDTH, coarse_picture, decisive_network

from osis_ros.training.model.detector import Detector


@pytest.fixture(scope="session")
def model() -> Detector:
    return decisive_network(HEIGHT, WIDTH)


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    return coarse_picture(HEIGHT, WIDTH)
