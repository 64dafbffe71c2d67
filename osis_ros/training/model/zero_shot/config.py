"""What a zero-shot network is made of, beside the sections of the others."""

from typing import Literal

from pydantic import Field

from osis_ros.training.model.semseg.config import Positive, Section

Rule = Literal["mean", "direct"]


class WordsConfig(Section):
    """Classes by the vectors of their names (ZSI)."""

    dim: Positive = Field(300, description="length of a word vector")
    decoder: bool = Field(
        True, description="train decoders that make features of semantic vectors again, and a loss of their difference"
    )
    reconstruction_weight: float = Field(0.5, ge=0, description="weight of each of these losses in the sum")
    sync: Literal["none", "box", "mask", "both"] = Field(
        "none",
        description="proposals.kind background_rpn: whose background vector is the one that the proposal network "
        "learns: the classifier's (box), the mask head's (mask), or both; none: each has its own",
    )
    rule: Rule = Field(
        "mean",
        description="score of a name. mean: its product with the mean of the known classes' vectors, weighted by their "
        "probabilities (the published code's); direct: its cosine with the semantic vector (the paper's text)",
    )
