"""The vectors of the names that a network knows: those of its classes, and those that it is asked for."""

import torch
from torch import Tensor, nn

from osis_ros.words.names_file import NamedVectors, further_names


class Names(nn.Module):
    """S seen classes and M names that were never trained. Vectors have unit length and are never learnt.

    Attributes:
        seen: [S, D] float32; zeros until `learn` has been given the classes' vectors.
        asked: [M, D] float32, and `asked_names` (M); M is 0 until `ask`. Not a part of the weights.
        background: [D], what is none of the names, for the classifier; None: it is another's.
        mask_background: [D] the same for the mask head, where it is not learnt; None: it is another's.
        of_classes: names of its tensors that belong to the very classes it has learnt.
    """

    of_classes = ("seen",)

    def __init__(self, num_classes: int, dim: int, own_background: bool, own_mask_background: bool) -> None:
        super().__init__()
        self.register_buffer("seen", torch.zeros(num_classes, dim))
        self.register_buffer("asked", torch.zeros(0, dim), persistent=False)
        self.asked_names: tuple[str, ...] = ()
        self.background = nn.Parameter(torch.zeros(dim)) if own_background else None
        self.register_buffer("mask_background", torch.zeros(dim) if own_mask_background else None)

    @property
    def every(self) -> Tensor:
        """[S + M, D], the seen ones first."""
        return torch.cat((self.seen, self.asked))

    @torch.no_grad()
    def learn(self, vectors: Tensor) -> None:
        """Take the seen classes' vectors [S, D]; a background of its own starts at their mean."""
        self.seen.copy_(vectors)
        for background in (self.background, self.mask_background):
            if background is not None:
                background.copy_(mean_vector(vectors))

    def ask(self, named: NamedVectors, class_names: tuple[str, ...]) -> None:
        """From now on look for these names too; those that are among the classes are left out.

        Raises:
            NamesError: vectors of another length, or no name that is left.
        """
        further = further_names(named, class_names, self.seen.shape[1])
        self.asked = torch.from_numpy(further.vectors).to(self.seen.device)
        self.asked_names = further.names


def mean_vector(vectors: Tensor) -> Tensor:
    """Where the background's vector starts: the mean [D] of vectors [S, D]."""
    return vectors.mean(0)


def with_background(vectors: Tensor, background: Tensor) -> Tensor:
    """Vectors [S, D] and, last, the background's [D]: W_s [S + 1, D] of the paper."""
    return torch.cat((vectors, background[None]))
