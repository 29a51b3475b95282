"""Rows to columns, by transpose.c where it is there."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from musicvae_lite.native import building

SOURCE = Path(__file__).parent / "transpose.c"


def serves(x: Tensor) -> bool:
    """Whether `transposed` is there for x."""
    return x.dtype is torch.bfloat16 and building.serves(SOURCE, x.device)


def transposed(x: Tensor) -> Tensor:
    """x [R, C] of bf16 and contiguous -> [C, R], contiguous as well."""
    rows, columns = x.shape
    turned = x.new_empty((columns, rows))
    building.call(SOURCE, "transpose", rows, columns, x, turned)
    return turned
