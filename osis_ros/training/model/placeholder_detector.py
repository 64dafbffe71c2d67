"""OLN-Mask and PROSER: OLN says what is an object, and a classifier with placeholders which one, or unknown."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from osis_ros.training.model.additions.scoring import none_of_them
from osis_ros.training.model.baselines.placeholder import (
    PlaceholderClassifier,
    classification_loss,
    mixed_loss,
    mixtures,
    placeholder_loss,
)
from osis_ros.training.model.detector import Detector
from osis_ros.training.model.semseg.roi_sampling import RoISamples
from osis_ros.training.model.semseg.stages import Batch, Candidates, Scored, Semantics


class PlaceholderDetector(Detector):
    """A detector of `decision.kind: placeholder`. Its embeddings are RoI features of unit length.

    It is trained with `classifier.placeholders: 0` first, and then on with placeholders.
    """

    def make_recognition(self) -> dict[str, nn.Module]:
        config = self.config.classifier
        hidden, classes = self.config.roi.hidden, self.config.num_classes
        return {"classifier": PlaceholderClassifier(hidden, classes, config.placeholders, config.stay_known)}

    def describe(self, hidden: Tensor) -> Semantics:
        """RoI features. Nothing has a distance to a class."""
        features = hidden.float()
        nowhere = features.new_zeros(len(features), self.config.num_classes)
        z = F.normalize(features)
        return Semantics(features, z, nowhere, z)

    def score(self, found: Candidates) -> Scored:
        """Known instances by the softmax alone, unknown ones by s; T_u bounds the odds of the placeholders
        against the likeliest class, greater than one half where a placeholder's logit is greater."""
        return Scored(found.logits.softmax(1)[:, :-1], found.scores_as_unknown, none_of_them(found.logits, "odds"))

    def recognition_losses(
        self, batch: Batch, samples: RoISamples, hidden: Tensor, semantics: Semantics
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Positive samples of a known class teach classes. With placeholders, half of them, drawn at random, are
        mixed."""
        chosen = torch.where(samples.positive & (samples.labels >= 0))[0]
        if not self.config.classifier.placeholders:
            known, _ = self.classifier.raw(semantics.raw[chosen])
            return F.cross_entropy(known, samples.labels[chosen], reduction="sum") / max(len(chosen), 1), {}
        chosen = chosen[torch.randperm(len(chosen), device=chosen.device)]
        mixed, plain = chosen[: len(chosen) // 2], chosen[len(chosen) // 2 :]
        first = self.roi_head.first_layer(self.box_pool(batch.levels, samples.rois[mixed]))
        strange = self.roi_head.second_layer(mixtures(first, samples.labels[mixed]))
        known, placeholder = self.classifier.raw(semantics.raw[plain])
        self.classifier.remember(known, placeholder)
        labels = samples.labels[plain]
        return classification_loss(known, placeholder, labels), {
            "mixed": mixed_loss(*self.classifier.raw(strange)),
            "placeholder": placeholder_loss(known, placeholder, labels),
        }
