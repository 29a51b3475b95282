"""Transposing batches on the device, by the description a representation gives of itself."""

from __future__ import annotations

import torch
from torch import Tensor

from musicvae_lite.music.representations.transposition import Span, Transposition


def draw_shifts(
    x: Tensor, how: Transposition, down: int, up: int, generator: torch.Generator
) -> Tensor | None:
    """A random number of semitones for each window [B], as far as its range allows; None if nothing moves.

    Args:
        x: windows [B, T, ...].
        down, up: the largest shifts.
    """
    if not how.spans or not (down or up):
        return None
    shift = torch.randint(-down, up + 1, (len(x),), generator=generator, device=x.device)
    moving = _moving(x, how)
    for span in how.spans:
        values, used = _values(x, how, span, moving)
        lowest = torch.where(used, values, span.high).flatten(1).amin(1)
        highest = torch.where(used, values, span.low).flatten(1).amax(1)
        shift = shift.clamp(min=span.low - lowest, max=span.high - highest)
    return shift


def transpose(x: Tensor, how: Transposition, shift: Tensor) -> Tensor:
    """Windows [B, T, ...] moved by semitones [B] that stay within every span (see `draw_shifts`)."""
    result, moving = x.clone(), _moving(x, how)
    for span in how.spans:
        if how.by == "place":
            columns = slice(span.low, span.high + 1)
            result[..., columns] = _rolled(x[..., columns], shift)
            continue
        values, used = _values(x, how, span, moving)
        column = result if span.column is None else result[..., span.column]
        column.copy_(torch.where(used, values + shift[:, None], column))
    return result


def _moving(x: Tensor, how: Transposition) -> Tensor | None:
    """bool [B, T]: steps of segments that move; None when all do."""
    if not how.segment:
        return None
    return (x[:, :: how.segment] != how.still).repeat_interleave(how.segment, 1)


def _values(x: Tensor, how: Transposition, span: Span, moving: Tensor | None) -> tuple[Tensor, Tensor]:
    """What stands for pitches in a span, and which of it is in use: both [B, T], or [B, columns] by place."""
    if how.by == "place":
        used = (x[..., span.low : span.high + 1] != 0).any(1)
        return torch.arange(span.low, span.high + 1, device=x.device).expand(used.shape), used
    values = x if span.column is None else x[..., span.column]
    used = (values >= span.low) & (values <= span.high)
    return values, used if moving is None else used & moving


def _rolled(flags: Tensor, shift: Tensor) -> Tensor:
    """Flags [B, T, C] moved up by so many columns each."""
    count = flags.shape[-1]
    source = torch.arange(count, device=flags.device) - shift[:, None]  # [B, C]
    inside = (source >= 0) & (source < count)
    index = source.clamp(0, count - 1)[:, None].expand(flags.shape)
    return torch.gather(flags, 2, index) * inside[:, None]
