"""The network that a configuration asks for."""

from osis_ros.training.model.by_class_detector import ByClassDetector
from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.detector import Detector
from osis_ros.training.model.placeholder_detector import PlaceholderDetector

DETECTORS = {"distance": Detector, "class": ByClassDetector, "placeholder": PlaceholderDetector}


def build_detector(config: ModelConfig) -> Detector:
    """A network with random weights; `decision.kind` says of which class."""
    return DETECTORS[config.decision.kind](config)
