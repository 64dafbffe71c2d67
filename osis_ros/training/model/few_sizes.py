"""Batches of few sizes, for a GPU: cuDNN chooses, and in part compiles, its kernels anew for every size it meets."""

from collections.abc import Callable
from typing import TypeVar

import torch.nn.functional as F
from torch import Tensor

ROWS = 256  # sizes are multiples of this
Result = TypeVar("Result", Tensor, tuple)


def in_few_sizes(network: Callable[..., Result], *parts: Tensor) -> Result:
    """`network(*parts)`; on a GPU in a batch whose size is a multiple of ROWS.

    Unpadded batches made cuDNN tune again at every step, which took seconds.

    Args:
        network: from tensors of R rows each to one such tensor, or to a named tuple of them or None.
        parts: its arguments.
    """
    return with_more_rows(network, missing_rows(len(parts[0])) if parts[0].is_cuda else 0, *parts)


def missing_rows(count: int) -> int:
    """How many rows `count` lacks of the next multiple of ROWS."""
    return -count % ROWS


def with_more_rows(network: Callable[..., Result], more: int, *parts: Tensor) -> Result:
    """`network(*parts)`, given so many rows of zeros as well, whose results are dropped."""
    if not more:
        return network(*parts)
    result, rows = network(*(F.pad(part, (0, 0) * (part.ndim - 1) + (0, more)) for part in parts)), len(parts[0])
    if isinstance(result, Tensor):
        return result[:rows]
    return type(result)(*(None if part is None else part[:rows] for part in result))
