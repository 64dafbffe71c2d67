"""What GOSS's network is made of beside its backbone; the defaults are the paper's for COCO-Stuff."""

from typing import Literal

from pydantic import Field

from osis_ros.training.model.semseg.config import Fraction, Positive, Section


class SceneConfig(Section):
    """A network that labels every pixel: a known class, or unknown with the number of a group (GOSS, section 4).

    `channels` is the width of its decoder, `decision.unknown_threshold` its T_u.
    """

    unknown_by: Literal["class", "msp", "max_logit"] = Field(
        "class",
        description="class: objects without a class teach an unknown class; T_u bounds p / (p + q) of it and the "
        "likeliest class, so the paper's β is 1 / T_u − 1. msp: T_u bounds 1 − the highest probability; max_logit: "
        "1 − the highest logit, scaled to 0..1 over the image; for both, objects without a class teach nothing",
    )
    dilations: tuple[Positive, Positive, Positive] = Field(
        (3, 6, 9), description="of the three 3x3 convolutions of the pyramid pooling (ASPP)"
    )
    dropout: Fraction = Field(0.5, description="behind the pyramid pooling")
    small_pixels: int = Field(
        4096, ge=0, description="a class with fewer pixels in an image counts as small in the class loss"
    )
    small_weight: float = Field(3, ge=1, description="weight of the pixels of small classes in the class loss")
    boundary_loss: float = Field(1e-4, ge=0, description="weight of the loss of the directions away from boundaries")
    contrast_loss: float = Field(0.1, ge=0, description="weight of the pixel contrast; 0: without")
