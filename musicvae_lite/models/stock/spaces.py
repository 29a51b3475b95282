"""Room for large tensors that every update needs anew, kept from one update to the next.

Memory that is given back to the system has to be had back page by page, which takes longer than to fill it.
"""

from __future__ import annotations

import torch
from torch import Tensor

MOST = 2**29  # bytes that are kept

_kept: dict[tuple[torch.Size, torch.dtype], list[Tensor]] = {}


def take(shape: tuple[int, ...], kind: torch.dtype) -> Tensor:
    """A tensor of the CPU whose values are anything."""
    try:
        return _kept[torch.Size(shape), kind].pop()
    except (KeyError, IndexError):
        return torch.empty(shape, dtype=kind)


def give(x: Tensor) -> None:
    """A tensor that was taken, and of which nobody else knows any more."""
    held = sum(tensor.nbytes for tensors in tuple(_kept.values()) for tensor in tuple(tensors))
    if held + x.nbytes <= MOST:
        _kept.setdefault((x.shape, x.dtype), []).append(x)
