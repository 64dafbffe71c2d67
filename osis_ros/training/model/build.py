"""The network that a configuration asks for."""

from osis_ros.training.model.by_class_detector import ByClassDetector
from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.detector import Detector
from osis_ros.training.model.placeholder_detector import PlaceholderDetector
from osis_ros.training.model.scene_network import SceneNetwork
from osis_ros.training.model.zero_shot_detector import ZeroShotDetector

DETECTORS = {"distance": Detector, "class": ByClassDetector, "placeholder": PlaceholderDetector}


def build_detector(config: ModelConfig) -> Detector | SceneNetwork:
    """A network with random weights; `scene`, `decision.kind` and, of words, `classifier.kind` say of which class."""
    if config.scene:
        return SceneNetwork(config)
    if config.classifier.kind == "words":
        return ZeroShotDetector(config)
    return DETECTORS[config.decision.kind](config)
