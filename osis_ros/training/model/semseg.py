"""SemSeg: an image becomes boxes, classes known and unknown, embeddings and masks (Yang et al. 2024)."""

import math
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.ops import clip_boxes_to_image, nms

from osis_ros.training.model.backbone import build_backbone
from osis_ros.training.model.box_coding import deltas_to_boxes
from osis_ros.training.model.box_voting import vote_boxes
from osis_ros.training.model.classifier import UNLABELLED, Classifier, classification_loss
from osis_ros.training.model.config import DecisionConfig, ModelConfig
from osis_ros.training.model.crops import grown, shaken
from osis_ros.training.model.detections import Detections
from osis_ros.training.model.embedding import EmbeddingSpace, contrastive_loss, repulsion_loss
from osis_ros.training.model.few_sizes import in_few_sizes
from osis_ros.training.model.fpn import FeaturePyramid
from osis_ros.training.model.mask_head import MaskHead, mask_loss, mask_targets
from osis_ros.training.model.mask_refinement import MaskRefinement
from osis_ros.training.model.mask_score import areas_in_cells, mask_score_loss
from osis_ros.training.model.open_set import Thresholds, decide
from osis_ros.training.model.pooling import RoIPooler, with_image_index
from osis_ros.training.model.proposals import DensePrediction, ProposalNetwork, Proposals
from osis_ros.training.model.roi_head import RoIHead, box_refinement_loss, iou_estimate_loss
from osis_ros.training.model.roi_sampling import RoISamples, sample_rois
from osis_ros.training.model.second_look import SecondLook

COARSEST_POOLED = 5
NO_OPINION = 0.5


class View(NamedTuple):
    """One image: normalised pixels [1, 3, H, W], the pyramid levels [1, C, H_l, W_l] that RoIs are pooled from, finest
    first, and the (height, width) that is no padding."""

    pixels: Tensor
    levels: list[Tensor]
    size: tuple[int, int]


class Semantics(NamedTuple):
    """raw [R, D] embeddings, z [R, D] the same of unit length, distances [R, K] to the class centres; float32."""

    raw: Tensor
    z: Tensor
    distances: Tensor


class Candidates(NamedTuple):
    """N refined boxes [N, 4] before any decision: scores [N], semantics, logits [N, K + 1], no class last, and what a
    second look gives no_class [N], NO_OPINION where it did not look."""

    boxes: Tensor
    scores: Tensor
    semantics: Semantics
    logits: Tensor
    no_class: Tensor | None = None


class Recognised(NamedTuple):
    """N instances without masks: boxes [N, 4], scores [N], class_ids [N] (K unknown), their semantics, and strangeness
    [N], which T_u bounds (0 without an embedding space)."""

    boxes: Tensor
    scores: Tensor
    class_ids: Tensor
    semantics: Semantics
    strangeness: Tensor


class SemSeg(nn.Module):
    """The network. In training it returns losses, otherwise `Detections`."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        roi, mask, dim = config.roi, config.mask, config.embedding.dim
        self.backbone = build_backbone(config.backbone, config.frozen_stages)
        self.fpn = FeaturePyramid(
            self.backbone.channels[config.min_level - 2 :],
            config.channels,
            config.max_level - 5,
            config.separable,
            config.late_merge,
        )
        strides = tuple(2**level for level in config.levels if level >= config.proposals.finest_level)
        self.proposals = ProposalNetwork(config.proposals, config.channels, strides, config.separable)
        self.box_pool = RoIPooler(roi.pool_size, roi.sampling_ratio, config.min_level, roi.canonical_size)
        self.mask_pool = RoIPooler(mask.pool_size, mask.sampling_ratio, config.min_level, roi.canonical_size)
        self.roi_head = RoIHead(config.channels * roi.pool_size**2, roi.hidden)
        self.embedding = EmbeddingSpace(roi.hidden, dim, config.num_classes)
        # Centres that no loss reaches would keep several processes waiting for their gradient.
        self.embedding.centres.requires_grad_(config.embedding.enabled)
        self.classifier = Classifier(dim, roi.hidden, config.num_classes)
        self.mask_head = MaskHead(mask, config.channels, dim, config.num_classes, config.separable)
        self.second_look = None
        if config.second_look:
            self.second_look = SecondLook(config.second_look, config.num_classes)
        self.mask_refinement = None
        if config.mask_refinement:
            self.mask_refinement = MaskRefinement(config.mask_refinement)

    @property
    def thresholds(self) -> Thresholds:
        """The configured ones."""
        return Thresholds(self.config.decision.score_threshold, self.config.decision.unknown_threshold)

    def forward(
        self, images: Tensor, image_sizes: list[tuple[int, int]], targets: list[dict] | None = None
    ) -> dict[str, Tensor] | list[Detections]:
        """Losses with targets, detections without.

        Args:
            images: [B, 3, H, W] RGB, uint8 or float 0–255; image i fills its top left corner, the rest is ignored.
            image_sizes: (height, width) of each image in pixels.
            targets: for each image `boxes` float32 [G, 4] in pixels, `labels` int64 [G] (0..K-1, or -1 for an object
                whose class is not to be learnt) and `masks` bool or uint8 [G, H, W]. G may be 0.
        Returns:
            the weighted losses of equations 1 and 7 and of the parts on cut-outs, those of what learns, scalars to be
            summed. Without targets the detections of each image.
        """
        pixels = self.backbone.normalise(images, image_sizes)
        levels = self.pyramid(pixels)
        dense = self.proposals(levels)
        proposals = self.proposals.select(dense, image_sizes)
        # RoIAlign wants float32 in this layout; made here once, both poolers share it.
        levels = [level.float().contiguous() for level in self._pooled(levels)]
        if targets is not None:
            losses = self._losses(levels, dense, proposals, targets) if self._first_look_learns() else {}
            return losses | self._losses_on_cut_outs(pixels, levels, image_sizes, proposals, targets)
        views = [
            View(pixels[i : i + 1], [level[i : i + 1] for level in levels], image_size)
            for i, image_size in enumerate(image_sizes)
        ]
        return [self.detect(view, own, self.thresholds) for view, own in zip(views, proposals, strict=True)]

    def pyramid(self, pixels: Tensor) -> list[Tensor]:
        """Normalised images [B, 3, H, W], sides multiples of 32 → pyramid levels [B, C, H_l, W_l], finest first."""
        return self.fpn(self.backbone(pixels)[self.config.min_level - 2 :])

    def pool_boxes(self, levels: list[Tensor], rois: Tensor) -> Tensor:
        """RoI features of RoIs [R, 5]: [R, hidden]."""
        return self.roi_head(self.box_pool(self._pooled(levels), rois))

    def describe(self, hidden: Tensor) -> Semantics:
        """Where RoI features [R, hidden] lie in the embedding space."""
        raw = self.embedding(hidden)
        z = F.normalize(raw)
        return Semantics(raw, z, self.embedding.distances(z))

    def masks(self, levels: list[Tensor], rois: Tensor, semantics: Semantics) -> Tensor:
        """Mask logits [R, M, M] of RoIs [R, 5]."""
        parts = self.mask_pool(self._pooled(levels), rois), semantics.z, 1 - semantics.distances
        return in_few_sizes(self.mask_head, *parts) if self.training else self.mask_head(*parts)

    def detect(self, view: View, proposals: Proposals, thresholds: Thresholds) -> Detections:
        """One image's instances from its proposals. Tensor operations alone."""
        found = self.recognise(view, proposals, thresholds, self.config.decision)
        return best_first(self.segment(view, found, thresholds.score), thresholds.score)

    def recognise(
        self, view: View, proposals: Proposals, thresholds: Thresholds, decision: DecisionConfig
    ) -> Recognised:
        """`detect` before its masks; `thresholds` stand in for those of `decision`."""
        found = self._candidates(view, proposals, thresholds.score, decision)
        if self.second_look:
            found = self._looked_at_again(view, found)
        boxes, scores, semantics, logits, no_class = found
        strangeness = self._strangeness(semantics.distances, logits)
        bounded = strangeness if self.config.embedding.enabled else None
        index, class_ids, scores = decide(boxes, scores, logits, bounded, decision, thresholds, no_class)
        semantics = Semantics(*(part[index] for part in semantics))
        return Recognised(boxes[index], scores, class_ids, semantics, strangeness[index])

    def _candidates(
        self, view: View, proposals: Proposals, score: float | Tensor, decision: DecisionConfig
    ) -> Candidates:
        hidden = self.pool_boxes(view.levels, with_image_index([proposals.boxes]))
        deltas, iou = self.roi_head.refine(hidden)
        scores = (proposals.centerness * iou).sqrt()
        kept = torch.where(scores > score)[0]
        kept = kept[scores[kept].argsort(descending=True)[: decision.max_boxes]]
        scores, hidden = scores[kept], hidden[kept]
        boxes = clip_boxes_to_image(deltas_to_boxes(proposals.boxes[kept], deltas[kept]), view.size)
        if decision.vote_iou is not None:
            boxes = vote_boxes(boxes, scores, decision.vote_iou)
        semantics = self.describe(hidden)
        return Candidates(boxes, scores, semantics, self.classifier(semantics.raw))

    def _strangeness(self, distances: Tensor, logits: Tensor) -> Tensor:
        """[R] how far from every known class, by distances [R, K] to the centres or logits [R, K + 1], none last."""
        if not self.config.embedding.enabled:
            return torch.zeros_like(logits[:, 0])
        if self.config.decision.unknown_by == "probability":
            return logits.softmax(1)[:, -1]
        if self.config.decision.unknown_by == "odds":
            return (logits[:, -1] - logits[:, :-1].amax(1)).sigmoid()
        return distances.amin(1)

    def _looked_at_again(self, view: View, found: Candidates) -> Candidates:
        """Where the second look saw an object, it has its share in what both make of it."""
        distances, seen = self.second_look.opinion(view.pixels, found.boxes, found.scores)
        share = self.config.second_look.share * seen[:, None]
        again = self.second_look.logits(distances)
        no_class = torch.where(seen, again.softmax(1)[:, -1], NO_OPINION)
        semantics = found.semantics._replace(distances=torch.lerp(found.semantics.distances, distances, share))
        return found._replace(semantics=semantics, logits=torch.lerp(found.logits, again, share), no_class=no_class)

    def segment_boxes(
        self, images: Tensor, image_sizes: list[tuple[int, int]], boxes: list[Tensor], class_ids: list[Tensor]
    ) -> list[Detections]:
        """Only masks and embeddings, on given boxes [G, 4] of given classes [G] (0..K, K unknown), in the given order.

        The mask-quality test of section IV-E: every score is 1, and z is that of the given boxes.
        """
        pixels = self.backbone.normalise(images, image_sizes)
        levels = self.pyramid(pixels)
        results = []
        for i, (image_boxes, ids) in enumerate(zip(boxes, class_ids, strict=True)):
            view = View(pixels[i : i + 1], [level[i : i + 1] for level in levels], image_sizes[i])
            semantics = self.describe(self.pool_boxes(view.levels, with_image_index([image_boxes])))
            strangeness = self._strangeness(semantics.distances, self.classifier(semantics.raw))
            given = Recognised(image_boxes, torch.ones_like(image_boxes[:, 0]), ids, semantics, strangeness)
            results.append(self.segment(view, given))
        return results

    def segment(self, view: View, found: Recognised, least: float | Tensor | None = None) -> Detections:
        """One image's instances with masks, in their order. Where masks are refined, boxes and scores follow them, and
        what then scores no more than `least` is left out; None: boxes and scores stay."""
        boxes, scores, class_ids, semantics, strangeness = found
        logits = self.masks(view.levels, with_image_index([boxes]), semantics)
        threshold = self.config.mask.threshold
        if not self.mask_refinement:
            masks = (logits - math.log(threshold / (1 - threshold))).sigmoid()
            return Detections(boxes, scores, class_ids, strangeness, semantics.z, masks)
        index, boxes, logits, scores = self.mask_refinement.refine(view.pixels, boxes, logits, scores, threshold, least)
        return Detections(boxes, scores, class_ids[index], strangeness[index], semantics.z[index], logits.sigmoid())

    def _first_look_learns(self) -> bool:
        on_cut_outs = (self.second_look, self.mask_refinement)
        return any(learns(part) for part in self.children() if part not in on_cut_outs)

    def _pooled(self, levels: list[Tensor]) -> list[Tensor]:
        return levels[: COARSEST_POOLED - self.config.min_level + 1]

    def _losses(
        self, levels: list[Tensor], dense: DensePrediction, proposals: list[Proposals], targets: list[dict]
    ) -> dict[str, Tensor]:
        weights = self.config.loss_weights
        levels = [level.float() for level in levels]  # RoIAlign wants float32; once, since boxes and masks are pooled
        centerness, proposal_box = self.proposals.losses(dense, [target["boxes"] for target in targets])
        samples = sample_rois([p.boxes for p in proposals], targets, self.config.roi, self.config.num_classes)
        hidden = self.pool_boxes(levels, samples.rois)
        positive = torch.where(samples.positive)[0]
        deltas, iou = self.roi_head.refine(hidden)
        box_loss = box_refinement_loss(
            deltas[positive], samples.rois[positive, 1:], samples.objects[positive], len(samples.rois)
        )
        estimated = slice(None) if self.config.roi.iou_on_background else positive
        iou_loss = iou_estimate_loss(
            iou[estimated], samples.iou[estimated], len(samples.rois), self.config.roi.iou_loss
        )
        semantics = self.describe(hidden)
        losses = {
            "loss_centerness": weights.centerness * centerness,
            "loss_proposal_box": weights.proposal_box * proposal_box,
            "loss_iou": weights.iou * iou_loss,
            "loss_box": weights.box * box_loss,
            "loss_class": weights.classification * self._classification_loss(samples, semantics),
            "loss_mask": weights.mask * self._mask_loss(levels, samples, positive, semantics, targets),
        }
        if self.config.embedding.enabled:
            losses["loss_contrastive"] = weights.contrastive * self._contrastive_loss(samples, semantics)
        return losses

    def _losses_on_cut_outs(
        self,
        pixels: Tensor,
        levels: list[Tensor],
        image_sizes: list[tuple[int, int]],
        proposals: list[Proposals],
        targets: list[dict],
    ) -> dict[str, Tensor]:
        look, refinement, losses = self.second_look, self.mask_refinement, {}
        if not (learns(look) or learns(refinement)):
            return losses
        found = self._refined_boxes(levels, image_sizes, proposals)
        if learns(look):
            boxes = [own for own, _ in found]
            samples = self._sample(boxes, targets, look.config.samples, 1.0, look.config.positive_iou)
            rois, labels = samples.rois[samples.positive], samples.labels[samples.positive]
            distances = in_few_sizes(partial(look, pixels), rois)
            losses["loss_second_look"] = self.config.loss_weights.second_look * look.loss(distances, labels)
        if learns(refinement):
            losses |= self._refinement_losses(pixels, levels, found, targets)
        return losses

    @torch.no_grad()
    def _refined_boxes(
        self, levels: list[Tensor], image_sizes: list[tuple[int, int]], proposals: list[Proposals]
    ) -> list[tuple[Tensor, Tensor]]:
        """Boxes [N, 4] and scores [N] of every image as `_candidates` gives them, whatever their score and in any
        order; RoIs of all images are pooled at once."""
        rois, lengths = with_image_index([own.boxes for own in proposals]), [len(own.boxes) for own in proposals]
        deltas, iou = self.roi_head.refine(self.pool_boxes(levels, rois))
        every_score = (torch.cat([own.centerness for own in proposals]) * iou).sqrt()
        corners = torch.tensor([(width, height) * 2 for height, width in image_sizes], device=rois.device)
        moved = torch.minimum(deltas_to_boxes(rois[:, 1:], deltas).clamp(min=0), corners[rois[:, 0].long()])
        found, decision = [], self.config.decision
        for boxes, scores in zip(moved.split(lengths), every_score.split(lengths), strict=True):
            if len(scores) > decision.max_boxes:
                scores, kept = scores.topk(decision.max_boxes)
                boxes = boxes[kept]
            found.append((boxes if decision.vote_iou is None else vote_boxes(boxes, scores, decision.vote_iou), scores))
        return found

    def _refinement_losses(
        self, pixels: Tensor, levels: list[Tensor], found: list[tuple[Tensor, Tensor]], targets: list[dict]
    ) -> dict[str, Tensor]:
        part, config, weights = self.mask_refinement, self.mask_refinement.config, self.config.loss_weights
        boxes = [own[nms(own, scores, config.nms_iou)] for own, scores in found]
        samples = self._sample(boxes, targets, config.samples, config.positive_fraction, config.positive_iou)
        with_objects = torch.tensor([len(target["boxes"]) > 0 for target in targets], device=pixels.device)
        samples = RoISamples(*(field[with_objects[samples.rois[:, 0].long()]] for field in samples))
        with torch.no_grad():
            rois = shaken(samples.rois)
            hint = part.with_border(self.masks(levels, rois, self.describe(self.pool_boxes(levels, rois))))
            rois, hint = part.some_passes_on(pixels, rois, hint, self.config.mask.threshold)
        refined, frames = in_few_sizes(partial(part, pixels), rois, hint), grown(rois, part.border)
        masks = torch.cat([target["masks"] for target in targets])
        target = mask_targets(masks, frames, samples.index, config.crop_size)
        shown = samples.positive
        losses = {"loss_mask_refinement": weights.mask_refinement * part.loss(refined.logits[shown], target[shown])}
        if refined.fit is not None:
            areas = areas_in_cells(masks, frames, samples.index, config.crop_size)
            drawn = refined.logits.sigmoid() > self.config.mask.threshold
            losses["loss_mask_score"] = weights.mask_score * mask_score_loss(refined.fit, drawn, target, areas)
        return losses

    def _sample(
        self, boxes: list[Tensor], targets: list[dict], count: int, positive_fraction: float, positive_iou: float
    ) -> RoISamples:
        """At most `count` boxes of each image for a loss of a part on cut-outs."""
        chosen = {"samples": count, "positive_fraction": positive_fraction, "positive_iou": positive_iou}
        return sample_rois(boxes, targets, self.config.roi.model_copy(update=chosen), self.config.num_classes)

    def _classification_loss(self, samples: RoISamples, semantics: Semantics) -> Tensor:
        labels = samples.labels
        if self.config.roi.reject_unlabelled:
            labels = labels.masked_fill(labels == UNLABELLED, self.config.num_classes)
        return classification_loss(self.classifier(semantics.raw), labels)

    def _contrastive_loss(self, samples: RoISamples, semantics: Semantics) -> Tensor:
        known = samples.positive & (samples.labels >= 0) & (samples.iou > self.config.embedding.positive_iou)
        count = int((samples.labels != UNLABELLED).sum())
        loss = contrastive_loss(
            semantics.distances[known], samples.labels[known], self.embedding.centres, count, self.config.embedding
        )
        if self.config.embedding.repel_unlabelled:
            strangers = semantics.distances[samples.positive & (samples.labels == UNLABELLED)]
            loss = loss + repulsion_loss(strangers, count, self.config.embedding)
        return loss

    def _mask_loss(
        self, levels: list[Tensor], samples: RoISamples, positive: Tensor, semantics: Semantics, targets: list[dict]
    ) -> Tensor:
        limit = self.config.mask.rois_per_image
        if limit is not None:
            chosen = torch.randperm(len(positive), device=positive.device)[: limit * len(targets)]
            positive = positive[chosen]
        rois = samples.rois[positive]
        logits = self.masks(levels, rois, Semantics(*(part[positive] for part in semantics)))
        masks = torch.cat([target["masks"] for target in targets])
        target = mask_targets(masks, rois, samples.index[positive], self.config.mask.output_size)
        return mask_loss(logits, target)


def learns(part: nn.Module | None) -> bool:
    """Whether there is such a part, and training changes it."""
    return part is not None and any(p.requires_grad for p in part.parameters())


def best_first(found: Detections, score: float | Tensor) -> Detections:
    """The instances above a score, best first."""
    order = found.scores.argsort(descending=True)
    order = order[found.scores[order] > score]
    return Detections(*(part[order] for part in found))
