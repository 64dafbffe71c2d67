"""ZSI (Zheng et al. 2021) and what lies between it and Mask R-CNN: classes, and names never trained, by vectors."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from osis_ros.training.model.baselines.by_class import decide_by_class
from osis_ros.training.model.by_class_detector import ByClassDetector
from osis_ros.training.model.few_sizes import in_few_sizes
from osis_ros.training.model.semseg.config import DecisionConfig
from osis_ros.training.model.semseg.mask_head import mask_loss
from osis_ros.training.model.semseg.open_set import Decision, Thresholds
from osis_ros.training.model.semseg.roi_sampling import RoISamples
from osis_ros.training.model.semseg.stages import Batch, Candidates, Scored, Semantics
from osis_ros.training.model.zero_shot.background_rpn import BackgroundAwareRPN
from osis_ros.training.model.zero_shot.names import Names, with_background
from osis_ros.training.model.zero_shot.semantic_classifier import SemanticClassifier, name_scores, semantic_logits
from osis_ros.training.model.zero_shot.semantic_mask import SemanticMaskHead, SemanticMasks, mask_kernels
from osis_ros.words.names_file import NamedVectors


class ZeroShotDetector(ByClassDetector):
    """A detector of `classifier.kind: words`. Its embeddings are semantic vectors of unit length.

    Class ids 0..S-1 are the classes that it has learnt, S..S+M-1 the names that it was asked for.
    """

    def make_proposal_network(self) -> nn.Module:
        if self.config.proposals.kind != "background_rpn":
            return super().make_proposal_network()
        return BackgroundAwareRPN(self.config.proposals, self.config.channels, self.config.words.dim)

    def make_recognition(self) -> dict[str, nn.Module]:
        words, hidden = self.config.words, self.config.roi.hidden
        own_mask_background = self.has_word_masks and not self._in_sync("mask")
        return {
            "names": Names(self.config.num_classes, words.dim, not self._in_sync("box"), own_mask_background),
            "classifier": SemanticClassifier(hidden, words.dim, words.decoder),
        }

    def make_mask_head(self) -> nn.Module:
        if not self.has_word_masks:
            return super().make_mask_head()
        words = self.config.words
        return SemanticMaskHead(self.config.mask, self.config.channels, words.dim, words.decoder)

    @property
    def has_word_masks(self) -> bool:
        """Whether masks are told by names too."""
        return self.config.mask.output == "words"

    def _in_sync(self, head: str) -> bool:
        return self.config.words.sync in (head, "both")

    @property
    def class_names(self) -> tuple[str, ...]:
        return (*self.config.class_names, *self.names.asked_names)

    def learn_words(self, named: NamedVectors) -> None:
        """Take the vectors of the classes, in their order; the backgrounds' vectors start at their mean."""
        vectors = torch.from_numpy(named.vectors)
        self.names.learn(vectors)
        if isinstance(self.proposals, BackgroundAwareRPN):
            self.proposals.start_background(vectors)

    def ask(self, named: NamedVectors) -> None:
        """From now on look for these names too. Raises NamesError: see `Names.ask`."""
        self.names.ask(named, self.config.class_names)

    @property
    def words(self) -> Tensor:
        """What the classifier compares with, [S + 1, D], background last."""
        background = self.proposals.background if self._in_sync("box") else self.names.background
        return with_background(self.names.seen, background)

    @property
    def mask_words(self) -> Tensor:
        """What the mask head compares with, [S + 1, D], background last."""
        background = self.proposals.background if self._in_sync("mask") else self.names.mask_background
        return with_background(self.names.seen, background)

    def describe(self, hidden: Tensor) -> Semantics:
        """Semantic vectors. Nothing has a distance to a class."""
        semantic = self.classifier(self.roi_head.class_features(hidden))
        nowhere = torch.zeros_like(semantic[:, :1]).expand(-1, self.config.num_classes)
        z = F.normalize(semantic)
        return Semantics(semantic, z, nowhere, z)

    def classify(self, semantics: Semantics) -> Tensor:
        return semantic_logits(semantics.raw, self.words)

    def score(self, found: Candidates) -> Scored:
        """Every name's score. Nothing is unknown."""
        scores = name_scores(found.semantics.raw, self.words, self.names.every, self.config.words.rule)
        nothing = torch.zeros_like(scores[:, 0])
        return Scored(scores, nothing, nothing)

    def decide(self, found: Candidates, thresholds: Thresholds, decision: DecisionConfig) -> Decision:
        """The best `max_known` instances of classes, and the best `max_unknown` of names never trained."""
        seen, scores = self.config.num_classes, self.score(found).as_known
        learnt, asked = (
            decide_by_class(found.boxes, own, thresholds.score, decision.nms_iou, limit)
            for own, limit in ((scores[:, :seen], decision.max_known), (scores[:, seen:], decision.max_unknown))
        )
        asked = asked._replace(class_ids=asked.class_ids + seen)
        both = Decision(*(torch.cat(parts) for parts in zip(learnt, asked, strict=True)))
        order = both.scores.argsort(descending=True)
        return Decision(*(part[order] for part in both))

    def masks(
        self, levels: list[Tensor], rois: Tensor, semantics: Semantics, class_ids: Tensor | None = None
    ) -> Tensor:
        """Mask logits [R, M, M] of RoIs [R, 5]; that of an id behind the last name is the likeliest class's."""
        if not self.has_word_masks:
            return super().masks(levels, rois, semantics, class_ids)
        return self._word_masks(levels, rois, semantics, class_ids).logits

    def _word_masks(self, levels: list[Tensor], rois: Tensor, semantics: Semantics, class_ids: Tensor) -> SemanticMasks:
        kernels = mask_kernels(self.mask_words, self.names.asked)
        likeliest = self.classify(semantics)[:, : self.config.num_classes].argmax(1)
        own = kernels[torch.where(class_ids < kernels.shape[0], class_ids, likeliest)]
        parts = self.mask_pool(levels, rois), own
        return in_few_sizes(self.mask_head, *parts) if self.training else self.mask_head(*parts)

    def recognition_losses(
        self, batch: Batch, samples: RoISamples, hidden: Tensor, semantics: Semantics
    ) -> tuple[Tensor, dict[str, Tensor]]:
        classification, others = super().recognition_losses(batch, samples, hidden, semantics)
        words = self.config.words
        if words.decoder:
            loss = self.classifier.reconstruction_loss(self.roi_head.class_features(hidden), semantics.raw)
            others["reconstruction"] = words.reconstruction_weight * loss
        return classification, others

    def mask_losses(
        self, levels: list[Tensor], samples: RoISamples, semantics: Semantics, targets: list[dict]
    ) -> dict[str, Tensor]:
        if not self.has_word_masks:
            return super().mask_losses(levels, samples, semantics, targets)
        taught = self.taught_masks(samples, targets)
        found = self._word_masks(levels, taught.rois, semantics.take(taught.chosen), samples.labels[taught.chosen])
        losses = {"mask": mask_loss(found.logits, taught.masks)}
        if found.reconstruction is not None:
            error = found.reconstruction.sum() / max(len(found.reconstruction), 1)
            losses["mask_reconstruction"] = self.config.words.reconstruction_weight * error
        return losses
