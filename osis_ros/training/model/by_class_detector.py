"""Mask R-CNN, OpenDet and what lies between: RoIs are classified, and the likeliest classes win."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import clip_boxes_to_image

from osis_ros.training.model.baselines.by_class import decide_by_class
from osis_ros.training.model.baselines.cosine import CosineClassifier, with_unknown
from osis_ros.training.model.baselines.fast_rcnn_head import FastRCNNHead
from osis_ros.training.model.baselines.instance_contrast import InstanceContrast
from osis_ros.training.model.baselines.separate_head import SeparateHead
from osis_ros.training.model.baselines.softmax import SoftmaxClassifier
from osis_ros.training.model.baselines.unknown_probability import unknown_probability_loss
from osis_ros.training.model.detector import Detector
from osis_ros.training.model.semseg.box_coding import deltas_to_boxes
from osis_ros.training.model.semseg.classifier import classification_loss
from osis_ros.training.model.semseg.config import DecisionConfig
from osis_ros.training.model.semseg.open_set import Decision, Thresholds
from osis_ros.training.model.semseg.pooling import with_image_index
from osis_ros.training.model.semseg.proposals import Proposals
from osis_ros.training.model.semseg.roi_sampling import RoISamples
from osis_ros.training.model.semseg.stages import Batch, Candidates, Recognised, Scored, Semantics, View


class ByClassDetector(Detector):
    """A detector of `decision.kind: class`. Its embeddings are class features of unit length."""

    def make_roi_head(self) -> nn.Module:
        head = {"fast_rcnn": FastRCNNHead, "separate": SeparateHead}[self.config.roi.head]
        return head(self.config.roi, self.config.channels, self.config.num_classes)

    def make_recognition(self) -> dict[str, nn.Module]:
        config, hidden, classes = self.config, self.config.roi.hidden, self.config.num_classes
        if config.classifier.kind == "softmax":
            return {"classifier": SoftmaxClassifier(hidden, classes)}
        parts: dict[str, nn.Module] = {"classifier": CosineClassifier(hidden, classes, config.classifier.scale)}
        if config.instance_contrast:
            parts["instance_contrast"] = InstanceContrast(config.instance_contrast, hidden, classes)
        return parts

    def describe(self, hidden: Tensor) -> Semantics:
        """Class features. Nothing has a distance to a class."""
        features = self.roi_head.class_features(hidden).float()
        nowhere = features.new_zeros(len(features), self.config.num_classes)
        z = F.normalize(features)
        return Semantics(features, z, nowhere, z)

    def recognise(
        self, view: View, proposals: Proposals, thresholds: Thresholds, decision: DecisionConfig
    ) -> Recognised:
        """One image's instances before their masks; T_u bounds nothing."""
        hidden = self.pool_boxes(view.levels, with_image_index([proposals.boxes]))
        deltas = self.roi_head.deltas(hidden)
        moved = proposals.boxes if deltas.ndim == 2 else proposals.boxes[:, None]
        boxes = clip_boxes_to_image(deltas_to_boxes(moved, deltas), view.size)
        semantics = self.describe(hidden)
        found = Candidates(boxes, proposals.centerness, semantics, self.classify(semantics), proposals.centerness)
        index, class_ids, scores = self.decide(found, thresholds, decision)
        own = boxes[index] if boxes.ndim == 2 else boxes[index, class_ids]
        return Recognised(own, scores, class_ids, semantics.take(index), self.score(found).unknown_scores[index])

    def decide(self, found: Candidates, thresholds: Thresholds, decision: DecisionConfig) -> Decision:
        """The likeliest classes of one image's candidates."""
        probabilities = found.logits.softmax(1)[:, :-1]
        return decide_by_class(found.boxes, probabilities, thresholds.score, decision.nms_iou, self.max_instances)

    def score(self, found: Candidates) -> Scored:
        """Probabilities of the known classes, and of unknown where the classifier has it."""
        probabilities, classes = found.logits.softmax(1)[:, :-1], self.config.num_classes
        known, others = probabilities[:, :classes], probabilities[:, classes:]
        unknown = others[:, 0] if others.shape[1] else torch.zeros_like(known[:, 0])
        return Scored(known, unknown, unknown)

    def masks(
        self, levels: list[Tensor], rois: Tensor, semantics: Semantics, class_ids: Tensor | None = None
    ) -> Tensor:
        """Mask logits [R, M, M] of RoIs [R, 5]; an unknown one is given the mask of the likeliest known class."""
        if class_ids is not None and self.config.mask.output == "class_specific":
            likeliest = self.classify(semantics)[:, : self.config.num_classes].argmax(1)
            class_ids = torch.where(class_ids < self.config.num_classes, class_ids, likeliest)
        return super().masks(levels, rois, semantics, class_ids)

    def recognition_losses(
        self, batch: Batch, samples: RoISamples, hidden: Tensor, semantics: Semantics
    ) -> tuple[Tensor, dict[str, Tensor]]:
        logits, labels, config = self.classify(semantics), samples.labels, self.config
        if config.classifier.kind == "cosine":
            labels = with_unknown(labels, config.num_classes)
        classification = classification_loss(logits, labels, config.roi.reject_unlabelled)
        others = {}
        if config.unknown_probability and self.progress.step > config.unknown_probability.first_step:
            loss = unknown_probability_loss(logits, labels, config.unknown_probability.samples)
            others["unknown_probability"] = config.unknown_probability.loss_weight * loss
        if config.instance_contrast:
            known = samples.positive & (samples.labels >= 0)
            z = self.instance_contrast(semantics.raw[known])
            loss = self.instance_contrast.loss(z, samples.labels[known], samples.iou[known])
            others["instance_contrast"] = config.instance_contrast.loss_weight * (1 - self.progress.share) * loss
        return classification, others
