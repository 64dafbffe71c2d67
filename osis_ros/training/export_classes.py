"""The known classes of a network as a table: rows that are inputs of its graph instead of constants in it."""

import copy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from osis_ros.inference.class_table import ClassTable
from osis_ros.training.model.additions.second_look import both_embeddings
from osis_ros.training.model.detector import Detector
from osis_ros.training.model.semseg.classifier import Classifier
from osis_ros.training.model.semseg.embedding import EmbeddingSpace

MASKS_OF_ANY_CLASS = ("modulated", "class_agnostic")


def has_table(model: Detector) -> bool:
    """Whether a network tells its classes by rows alone: SemSeg's decision, and masks that are not of a class."""
    return type(model) is Detector and model.config.embedding.enabled and model.config.mask.output in MASKS_OF_ANY_CLASS


@torch.no_grad()
def class_table(model: Detector) -> ClassTable:
    """The rows of a network's classes.

    Decoder and output layer are one linear layer, because nothing lies between them. The weights of no class are
    subtracted from every row, which changes neither a softmax nor the difference of two logits.
    """
    layer, decoder = model.classifier.output, model.classifier.decoder
    weights, biases = layer.weight @ decoder.weight, layer.weight @ decoder.bias + layer.bias
    centres, temperatures = F.normalize(model.embedding.centres), torch.ones_like(biases)
    if look := model.config.second_look:
        temperatures = look.temperature * temperatures
        share = centres.new_tensor(look.share)
        centres = both_embeddings(centres, F.normalize(model.second_look.embedding.centres), share)
    arrays = centres, weights[:-1] - weights[-1], biases[:-1] - biases[-1], temperatures[:-1]
    arrays = *arrays, torch.zeros_like(biases[:-1])
    return ClassTable(model.config.class_names, *(part.numpy() for part in arrays))


class GivenClasses(nn.Module):
    """The classifier with given rows."""

    def __init__(self, classifier: Classifier) -> None:
        super().__init__()
        self.register_buffer("weights", torch.zeros(1, classifier.decoder.in_features), persistent=False)
        self.register_buffer("biases", torch.zeros(1), persistent=False)

    def forward(self, raw: Tensor) -> Tensor:
        """Raw embeddings [R, D] → logits [R, K + 1] float32; the last, of no class, is 0."""
        return F.pad(raw @ self.weights.T + self.biases, (0, 1))


def with_given_classes(model: Detector) -> Detector:
    """A copy of a network, whose classes `give_classes` gives."""
    given = copy.copy(model)
    given._modules = dict(model._modules)
    given.embedding, given.classifier = _with_given_centres(model.embedding), GivenClasses(model.classifier)
    if model.config.second_look:
        given.second_look = copy.copy(model.second_look)
        given.second_look._modules = dict(model.second_look._modules)
        given.second_look.embedding = _with_given_centres(model.second_look.embedding)
        del given.second_look.temperature, given.second_look.offsets
        given.second_look._buffers = {"temperature": torch.ones(1), "offsets": torch.zeros(1)}
    return given


def _with_given_centres(space: EmbeddingSpace) -> EmbeddingSpace:
    given = EmbeddingSpace(space.encoder.in_features, space.encoder.out_features, 1, learnt=False)
    given.encoder = space.encoder
    return given.train(space.training)


def give_classes(
    model: Detector,
    centres: Tensor,
    weights: Tensor,
    biases: Tensor,
    temperatures: Tensor | None,
    offsets: Tensor | None,
) -> None:
    """Set the classes of a network that `with_given_classes` made.

    Args:
        centres: [K, E], weights: [K, D], biases: [K], as in `ClassTable`; temperatures, offsets: [K] if
            it has a second look.
    """
    dim = weights.shape[1]
    model.classifier.weights, model.classifier.biases = weights, biases
    model.embedding.centres = centres[:, :dim]
    if model.config.second_look:
        model.second_look.embedding.centres = centres[:, dim:]
        model.second_look.temperature, model.second_look.offsets = temperatures, offsets
