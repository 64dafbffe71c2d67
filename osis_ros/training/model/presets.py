"""Networks by name."""

from osis_ros.training.model.additions.box_voting import BoxVotingConfig
from osis_ros.training.model.additions.mask_refinement import MaskRefinementConfig
from osis_ros.training.model.additions.scoring import ScoringConfig
from osis_ros.training.model.additions.second_look import SecondLookConfig
from osis_ros.training.model.config import ModelConfig
from osis_ros.training.model.semseg.config import (
    DecisionConfig,
    EmbeddingConfig,
    LossWeights,
    MaskConfig,
    ProposalConfig,
    RoIConfig,
)


def faithful(class_names: tuple[str, ...], graspnet: bool = False) -> ModelConfig:
    """The paper's network; for GraspNet-OSIS with β = 3 and γ = 2 (section IV-B)."""
    weights = LossWeights(contrastive=3, classification=2) if graspnet else LossWeights()
    return ModelConfig(class_names=class_names, loss_weights=weights)


def tabletop(class_names: tuple[str, ...]) -> ModelConfig:
    """The shipped model's network, for tabletop scenes at 640x480 on a CPU: the paper's, narrower, with fewer proposals
    and every addition."""
    return ModelConfig(
        class_names=class_names,
        backbone="mobilenet_v2",
        channels=128,
        late_merge=True,
        proposals=ProposalConfig(
            train_top_k=300, test_top_k=300, nms_iou=0.8, max_proposals=200, side_bias=0.5,
            # The finest level is for masks alone. Its share of a network's time is large, its anchors would be tiny.
            finest_level=3, anchor_scale=4, feature_length=11.3,
            centerness_positive_fraction=0.5, centerness_loss="cross_entropy",
        ),
        roi=RoIConfig(
            hidden=256, sampling_ratio=1, samples=96, positive_fraction=0.4, iou_on_background=True,
            iou_loss="cross_entropy", reject_unlabelled=True,
        ),
        embedding=EmbeddingConfig(dim=128, repel_unlabelled=True),
        mask=MaskConfig(
            channels=64, convs=3, embedding_dim=64, sampling_ratio=1, rois_per_image=16, threshold=0.4
        ),
        decision=DecisionConfig(max_boxes=200, multi_class=False),
        loss_weights=LossWeights(contrastive=8, classification=2),
        scoring=ScoringConfig(unknown_by="odds", class_share=0.4, unknown_scale=0.7),
        box_voting=BoxVotingConfig(iou=0.8),
        second_look=SecondLookConfig(unknown_share=0.15, share=0.45, blur=0.7),
        mask_refinement=MaskRefinementConfig(passes=2, fit_share=0.25),
    )  # fmt: skip
