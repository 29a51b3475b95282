"""Sequences that end before their last step: how long they are, and reading them from their own end."""

from __future__ import annotations

import torch
from torch import Tensor


def length_of(tokens: Tensor, end: int) -> Tensor:
    """Steps of each sequence [B, T] up to its first `end`, that one included: [B]. T where there is none."""
    steps = tokens.shape[1]
    is_end = tokens == end
    first = torch.where(is_end, torch.arange(steps, device=tokens.device), steps - 1).amin(1)
    return first + 1


def after_end(tokens: Tensor, end: int) -> Tensor:
    """Where a sequence [B, T] has ended: bool [B, T], false at the `end` itself."""
    is_end = (tokens == end).int()
    return (is_end.cumsum(1) - is_end) > 0


def turned(x: Tensor, length: Tensor, time: int = 0) -> Tensor:
    """x [T, B, ...] read from the end of each sequence; what lies behind the end stays where it is.

    Args:
        time: 1 for x [B, T, ...].
    """
    if time:
        return turned(x.transpose(0, 1), length).transpose(0, 1)
    t = torch.arange(len(x), device=x.device)[:, None]
    back = length - 1 - t
    order = torch.where(back >= 0, back, t)  # [T, B]
    return x.gather(0, order.view(*order.shape, *[1] * (x.dim() - 2)).expand_as(x))


def cut(x: Tensor, length: Tensor) -> Tensor:
    """x [T, B, D] with zeros behind each sequence's end."""
    inside = torch.arange(len(x), device=x.device)[:, None] < length
    return x * inside[..., None]


def last_of(x: Tensor, length: Tensor) -> Tensor:
    """The last step of each sequence, [T, B, D] -> [B, D]."""
    return x.gather(0, (length - 1)[None, :, None].expand(1, -1, x.shape[-1]))[0]
