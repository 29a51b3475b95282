"""How a step of music enters an LSTM: as Magenta spells it, without spelling it.

A token is a one-hot row to TensorFlow; multiplying it by a matrix takes one column of the matrix. Every
reader here knows `size`, the number of inputs TensorFlow sees, and does that product the short way.
A step is `blank` where there is none before it or where it is hidden: all zeros.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.representations.steps import Binary, Categorical, Groove, Product, Step


class TokenReader(nn.Module):
    """Integer steps [B, T] or [B, T, P], each value a row of `features`.

    Attributes:
        size: how many inputs a step has.
        is_single: a step reads one row of its table and no more.
        blanks: [P], the value of each part that stands for nothing.
    """

    features: Tensor | None
    blanks: Tensor

    def __init__(self, depths: tuple[int, ...], features: Tensor | None = None):
        """`features` [depth, size] spells the values of a single part; by default they are one-hot."""
        super().__init__()
        self.depths = depths
        self.size = sum(depths) if features is None else features.shape[1]
        self.is_single = len(depths) == 1
        self.register_buffer("features", features, persistent=False)
        self.register_buffer("blanks", torch.tensor(depths), persistent=False)

    def blank(self, x: Tensor) -> Tensor:
        """Steps of nothing of the shape and type of x."""
        return torch.broadcast_to(self._own(x, self.blanks), x.shape)

    def hide(self, x: Tensor, mask: Tensor) -> Tensor:
        """x with nothing where mask [B, T] is true."""
        return torch.where(mask if self.is_single else mask[..., None], self.blank(x), x)

    def start(self, batch: int) -> Tensor:
        """What stands before the first step, [B] or [B, P]."""
        return self._own(None, self.blanks).expand(batch, *[-1] * (len(self.depths) > 1))

    def table(self, weight: Tensor, bias: Tensor | None = None) -> Any:
        """What every value says, [values + 1 of each part, R], from a weight [R, size] and a bias [R]."""
        rows = weight.t()
        if self.features is not None:
            parts = [F.pad(self.features.to(rows.dtype) @ rows, (0, 0, 0, 1))]
        else:
            parts = [F.pad(part, (0, 0, 0, 1)) for part in rows.split(self.depths)]
        if bias is not None:  # a step reads one row of the first part, whatever it is
            parts[0] = parts[0] + bias
        return torch.cat(parts)

    def look_up(self, x: Tensor, table: Any) -> Tensor:
        """x [B, T] or [B, T, P] -> [B, T, R]."""
        x = x.long()
        if self.is_single:
            return F.embedding(x, table)
        offsets = F.pad((self.blanks + 1).cumsum(0)[:-1], (1, 0))
        return F.embedding(x + offsets, table).sum(-2)

    def spell(self, x: Tensor, kind: torch.dtype = torch.float32) -> Tensor:
        """x [B, T] or [B, T, P] written out, [B, T, size]."""
        eye = torch.eye(self.size, device=x.device, dtype=kind)
        return self.look_up(x, self.table(eye))

    def _own(self, x: Tensor | None, blanks: Tensor) -> Tensor:
        blanks = blanks if x is None else blanks.to(x.dtype)
        return blanks[0] if self.is_single else blanks


class DenseReader(nn.Module):
    """Steps of numbers [B, T, D]; with `silence`, one more input says that all of them are zero."""

    zeros: Tensor

    def __init__(self, size: int, silence: bool = False):
        super().__init__()
        self.width, self.silence, self.size = size, silence, size + silence
        self.is_single = False
        self.register_buffer("zeros", torch.zeros(size), persistent=False)

    def blank(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x)

    def hide(self, x: Tensor, mask: Tensor) -> Tensor:
        return x.masked_fill(mask[..., None], 0)

    def start(self, batch: int) -> Tensor:
        return self.zeros.expand(batch, -1)

    def table(self, weight: Tensor, bias: Tensor | None = None) -> Any:
        return weight, bias

    def look_up(self, x: Tensor, table: Any) -> Tensor:
        weight, bias = table
        return F.linear(self.spell(x).to(weight.dtype), weight, bias)

    def spell(self, x: Tensor, kind: torch.dtype = torch.float32) -> Tensor:
        x = x.to(kind)
        return torch.cat([x, (x == 0).all(-1, keepdim=True).to(kind)], -1) if self.silence else x


Reader = TokenReader | DenseReader


def members(depth: int, bits: int) -> Tensor:
    """Which things each value is a set of, zeros and ones [depth, bits]."""
    return (torch.arange(depth)[:, None] >> torch.arange(bits)) & 1


def reader_for(step: Step, roll: bool = False) -> Reader:
    """The reader of a kind of step.

    Args:
        roll: read sets of things (drums) as zeros and ones with one more input for silence, as
            Magenta's drum encoders do, and not as one-hot values.
    """
    match step:
        case Categorical(depth=depth, bits=bits):
            if not roll:
                return TokenReader((depth,))
            if not bits:
                raise ConfigError("'roll' reads sets of drums; the values of this representation are no sets")
            flags = members(depth, bits)
            silent = (flags.sum(-1, keepdim=True) == 0).long()
            return TokenReader((depth,), torch.cat([flags, silent], -1).float())
        case Product(depths=depths):
            return TokenReader(depths)
        case Binary(size=size):
            return DenseReader(size, silence=roll)
        case Groove(classes=classes):
            return DenseReader(3 * classes)
