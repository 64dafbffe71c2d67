"""SemSeg: an image becomes boxes, classes known and unknown, embeddings and masks (Yang et al. 2024)."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import clip_boxes_to_image

from osis_ros.training.model.backbones.backbone import build_backbone
from osis_ros.training.model.few_sizes import in_few_sizes
from osis_ros.training.model.semseg.box_coding import deltas_to_boxes
from osis_ros.training.model.semseg.classifier import Classifier, classification_loss
from osis_ros.training.model.semseg.config import DecisionConfig, SemSegConfig
from osis_ros.training.model.semseg.detections import Detections
from osis_ros.training.model.semseg.embedding import EmbeddingSpace, embedding_loss
from osis_ros.training.model.semseg.fpn import FeaturePyramid
from osis_ros.training.model.semseg.mask_head import MaskHead, mask_loss, mask_targets
from osis_ros.training.model.semseg.open_set import Thresholds, decide
from osis_ros.training.model.semseg.pooling import RoIPooler, with_image_index
from osis_ros.training.model.semseg.proposals import ProposalNetwork, Proposals
from osis_ros.training.model.semseg.roi_head import RoIHead, proposal_scores
from osis_ros.training.model.semseg.roi_sampling import RoISamples, sample_rois
from osis_ros.training.model.semseg.stages import Batch, Candidates, Recognised, Scored, Semantics, View


class SemSeg(nn.Module):
    """The network. In training it returns losses, otherwise `Detections`.

    A class of its own may put other parts in place of the proposal network, the RoI head and what recognises classes.
    """

    embedding: EmbeddingSpace
    classifier: Classifier

    def __init__(self, config: SemSegConfig) -> None:
        super().__init__()
        self.config = config
        roi, mask = config.roi, config.mask
        self.backbone = build_backbone(config.backbone, config.frozen_stages)
        self.fpn = FeaturePyramid(self.backbone.channels, config.channels, config.late_merge)
        self.proposals = self.make_proposal_network()
        self.box_pool = RoIPooler(roi.pool_size, roi.sampling_ratio, roi.canonical_size, roi.aligned)
        self.mask_pool = RoIPooler(mask.pool_size, mask.sampling_ratio, roi.canonical_size, roi.aligned)
        self.roi_head = self.make_roi_head()
        for name, part in self.make_recognition().items():
            self.add_module(name, part)
        self.mask_head = self.make_mask_head()

    def make_proposal_network(self) -> nn.Module:
        """What finds proposals."""
        return ProposalNetwork(self.config.proposals, self.config.channels)

    def make_roi_head(self) -> nn.Module:
        """What makes hidden features of pooled ones, and refines boxes."""
        return RoIHead(self.config.roi, self.config.channels)

    def make_recognition(self) -> dict[str, nn.Module]:
        """What tells classes apart, by the names of the parts."""
        config, hidden, classes = self.config.embedding, self.config.roi.hidden, self.config.num_classes
        return {
            "embedding": EmbeddingSpace(hidden, config.dim, classes, learnt=config.enabled),
            "classifier": Classifier(config.dim, hidden, classes),
        }

    def make_mask_head(self) -> nn.Module:
        """What draws masks of pooled features."""
        config = self.config
        return MaskHead(config.mask, config.channels, config.embedding.dim, config.num_classes)

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names that class ids from 0 on stand for; an id behind the last is an unknown object's."""
        return self.config.class_names

    @property
    def thresholds(self) -> Thresholds:
        """The configured ones."""
        return Thresholds(self.config.decision.score_threshold, self.config.decision.unknown_threshold)

    @property
    def max_instances(self) -> int:
        """The most instances of an image: the limits on known and on unknown ones together."""
        decision = self.config.decision
        return decision.max_known + (decision.max_unknown if self.config.embedding.enabled else 0)

    def forward(
        self, images: Tensor, image_sizes: list[tuple[int, int]], targets: list[dict] | None = None
    ) -> dict[str, Tensor] | list[Detections]:
        """Losses with targets, detections without.

        Args:
            images: [B, 3, H, W] RGB, uint8 or float 0–255; image i fills its top left corner, the rest is ignored.
            image_sizes: (height, width) of each image in pixels.
            targets: for each image `boxes` float32 [G, 4] in pixels, `labels` int64 [G] (0..K-1, or -1 for an object
                whose class is not to be learnt) and `masks` bool or uint8 [G, H, W]; perhaps `has_mask` bool [G], False
                where a mask is not to be learnt. G may be 0.
        Returns:
            the weighted losses of equations 1 and 7, scalars to be summed; or the detections of each image.
        """
        if targets is None:
            return self.detect(images, image_sizes, self.thresholds)
        return self.losses(self.observe(images, image_sizes), targets)

    def detect(self, images: Tensor, image_sizes: list[tuple[int, int]], thresholds: Thresholds) -> list[Detections]:
        """Each image's instances above a score, best first. Tensor operations alone, so that it can be exported.

        A higher score threshold than the configured one leaves instances out and changes nothing else.
        """
        batch, decision, results = self.observe(images, image_sizes), self.config.decision, []
        for i, proposals in enumerate(batch.proposals):
            view = batch.view(i)
            found = self.recognise(view, proposals, thresholds.scores_from(decision.score_threshold), decision)
            found = found.take(torch.where(found.scores > thresholds.score)[0])
            results.append(self.segment(view, found, thresholds.score).best_first(thresholds.score))
        return results

    def segment_boxes(
        self,
        images: Tensor,
        image_sizes: list[tuple[int, int]],
        boxes: list[Tensor],
        class_ids: list[Tensor],
        by_class: list[Tensor] | None = None,
    ) -> list[Detections]:
        """Only masks and embeddings, on given boxes [G, 4] of given classes [G] (0..K, K unknown), in the given order.

        The mask-quality test of section IV-E: z is that of the given boxes. Every score is 1, or where an addition
        estimates it, the IoU of mask and object.

        Args:
            by_class: [G] bool, True where the mask head gets the centre of the class in place of z (conditioned mask
                decoding); False for unknown objects. None: nowhere.
        """
        pixels = self.backbone.normalise(images, image_sizes)
        levels, results = self.pyramid(pixels), []
        for i, (own, ids) in enumerate(zip(boxes, class_ids, strict=True)):
            view = View(pixels[i : i + 1], [level[i : i + 1] for level in levels], image_sizes[i])
            semantics = self.describe(self.pool_boxes(view.levels, with_image_index([own])))
            scores = torch.ones_like(own[:, 0])
            scored = self.score(Candidates(own, scores, semantics, self.classify(semantics), scores))
            if by_class is not None:
                semantics = self.as_classes(semantics, ids, by_class[i])
            results.append(self.segment(view, Recognised(own, scores, ids, semantics, scored.unknown_scores)))
        return results

    def as_classes(self, semantics: Semantics, class_ids: Tensor, chosen: Tensor) -> Semantics:
        """The same, and where `chosen` [R] the mask head takes an object for the centre of its class, [R] ids."""
        centres = F.normalize(self.embedding.centres)
        z = torch.where(chosen[:, None], centres[class_ids.clamp(max=len(centres) - 1)], semantics.z)
        return semantics._replace(z=z, distances=self.embedding.distances(z))

    def observe(self, images: Tensor, image_sizes: list[tuple[int, int]]) -> Batch:
        """Pixels, pyramid and proposals of images as `forward` takes them."""
        pixels = self.backbone.normalise(images, image_sizes)
        levels = self.pyramid(pixels)
        dense = self.proposals(levels)
        proposals = self.proposals.select(dense, image_sizes)
        # RoIAlign wants float32 in this layout; made here once, both poolers share it.
        return Batch(pixels, [level.float().contiguous() for level in levels], image_sizes, dense, proposals)

    def pyramid(self, pixels: Tensor) -> list[Tensor]:
        """Normalised images [B, 3, H, W], sides multiples of 32 → P2…P6 [B, C, H_l, W_l]."""
        return self.fpn(self.backbone(pixels))

    def pool_boxes(self, levels: list[Tensor], rois: Tensor) -> Tensor:
        """RoI features of RoIs [R, 5]: [R, hidden]."""
        return self.roi_head(self.box_pool(levels, rois))

    def describe(self, hidden: Tensor) -> Semantics:
        """Where RoI features [R, hidden] lie in the embedding space."""
        raw = self.embedding(hidden)
        z = F.normalize(raw)
        return Semantics(raw, z, self.embedding.distances(z), z)

    def classify(self, semantics: Semantics) -> Tensor:
        """Logits [R, K + 1] of the classes, none of them last."""
        return self.classifier(semantics.raw)

    def masks(
        self, levels: list[Tensor], rois: Tensor, semantics: Semantics, class_ids: Tensor | None = None
    ) -> Tensor:
        """Mask logits [R, M, M] of RoIs [R, 5]; class_ids [R] in 0..K-1 matter only if every class has a mask."""
        parts = self.mask_pool(levels, rois), semantics.z, 1 - semantics.distances
        if class_ids is not None and self.config.mask.output == "class_specific":
            parts = *parts, class_ids
        return in_few_sizes(self.mask_head, *parts) if self.training else self.mask_head(*parts)

    def recognise(
        self, view: View, proposals: Proposals, thresholds: Thresholds, decision: DecisionConfig
    ) -> Recognised:
        """One image's instances before their masks; `thresholds` stand in for those of `decision`."""
        found = self.candidates(view, proposals, thresholds.score, decision)
        scored = self.score(found)
        index, class_ids, scores = decide(found.boxes, scored, decision, thresholds)
        unknown_scores = scored.unknown_scores[index]
        return Recognised(found.boxes[index], scores, class_ids, found.semantics.take(index), unknown_scores)

    def candidates(
        self, view: View, proposals: Proposals, least: float | Tensor, decision: DecisionConfig
    ) -> Candidates:
        """The best proposals of one image that score more than `least`, their boxes refined."""
        hidden = self.pool_boxes(view.levels, with_image_index([proposals.boxes]))
        deltas, iou = self.roi_head.refine(hidden)
        scores = proposal_scores(proposals.centerness, iou)
        kept = torch.where(scores > least)[0]
        kept = kept[scores[kept].argsort(descending=True)[: decision.max_boxes]]
        scores, hidden = scores[kept], hidden[kept]
        boxes = clip_boxes_to_image(deltas_to_boxes(proposals.boxes[kept], deltas[kept]), view.size)
        semantics = self.describe(hidden)
        return Candidates(boxes, scores, semantics, self.classify(semantics), scores)

    def score(self, found: Candidates) -> Scored:
        """Known instances by the softmax alone, unknown ones by s; T_u bounds the distance to the nearest centre."""
        nearest = found.semantics.distances.amin(1)
        if not self.config.embedding.enabled:
            nearest = torch.zeros_like(nearest)  # nothing is unknown
        return Scored(found.logits.softmax(1)[:, :-1], found.scores_as_unknown, nearest)

    def segment(self, view: View, found: Recognised, least: float | Tensor | None = None) -> Detections:
        """One image's instances with masks, in their order; see `draw`."""
        found, logits = self.draw(view, found, least)
        masks = (logits - self.config.mask.threshold_logit).sigmoid()
        boxes, scores, class_ids, semantics, unknown_scores = found
        return Detections(boxes, scores, class_ids, unknown_scores, semantics.decisive, masks)

    def draw(self, view: View, found: Recognised, least: float | Tensor | None) -> tuple[Recognised, Tensor]:
        """Mask logits [N, M, M] inside the boxes, and the instances that they belong to.

        Args:
            least: an addition that changes scores may drop what then scores no more; None: boxes and scores are given
                and stay. The paper's network changes neither.
        """
        return found, self.masks(view.levels, with_image_index([found.boxes]), found.semantics, found.class_ids)

    def losses(self, batch: Batch, targets: list[dict]) -> dict[str, Tensor]:
        """The losses of equations 1 and 7 by name, weighted."""
        weights, roi = self.config.loss_weights, self.config.roi
        losses = self.proposals.losses(batch.dense, [target["boxes"] for target in targets])
        samples = sample_rois(
            [own.boxes for own in batch.proposals], targets, self.config.num_classes,
            count=roi.samples, positive_fraction=roi.positive_fraction, positive_iou=roi.positive_iou,
        )  # fmt: skip
        hidden = self.pool_boxes(batch.levels, samples.rois)
        losses |= self.roi_head.losses(hidden, samples)
        semantics = self.describe(hidden)
        losses["classification"], others = self.recognition_losses(batch, samples, hidden, semantics)
        losses |= self.mask_losses(batch.levels, samples, semantics, targets)
        losses |= others
        return {f"loss_{name}": getattr(weights, name, 1) * loss for name, loss in losses.items()}

    def recognition_losses(
        self, batch: Batch, samples: RoISamples, hidden: Tensor, semantics: Semantics
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Of R samples with their features [R, hidden] and semantics: the loss of the classifier, and those of other
        parts by name."""
        config = self.config.embedding
        logits = self.classify(semantics)
        classification = classification_loss(logits, samples.labels, self.config.roi.reject_unlabelled)
        if not config.enabled:
            return classification, {}
        contrast = embedding_loss(semantics.distances, samples, self.embedding.centres, config)
        return classification, {"contrastive": contrast}

    def mask_losses(
        self, levels: list[Tensor], samples: RoISamples, semantics: Semantics, targets: list[dict]
    ) -> dict[str, Tensor]:
        """Of R samples with their semantics: the losses of the mask head by name."""
        taught = self.taught_masks(samples, targets)
        logits = self.masks(levels, taught.rois, semantics.take(taught.chosen), samples.labels[taught.chosen])
        return {"mask": mask_loss(logits, taught.masks)}

    def taught_masks(self, samples: RoISamples, targets: list[dict]) -> "TaughtMasks":
        """Which samples the mask head learns from."""
        chosen = samples.some_with_mask(self.config.mask.rois_per_image, len(targets))
        if self.config.mask.output in ("class_specific", "words"):
            chosen = chosen[samples.labels[chosen] >= 0]  # an object without a class has no mask to learn
        rois, masks = samples.rois[chosen], torch.cat([target["masks"] for target in targets])
        return TaughtMasks(chosen, rois, mask_targets(masks, rois, samples.index[chosen], self.config.mask.output_size))


class TaughtMasks(NamedTuple):
    """chosen [P] indices of samples, their rois [P, 5], and the true masks inside them [P, M, M] float32, 0 or 1."""

    chosen: Tensor
    rois: Tensor
    masks: Tensor
