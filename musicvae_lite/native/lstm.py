"""The kernels of lstm.c on tensors of the CPU. Nothing is checked: who calls made the tensors himself."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from musicvae_lite.native import building

SOURCE = Path(__file__).parent / "lstm.c"
TYPES = {torch.float32: "float", torch.bfloat16: "bf16"}


def serves(device: torch.device, kind: torch.dtype) -> bool:
    """Whether the kernels are there for gates of this type, and worth it."""
    return kind in TYPES and building.serves(SOURCE, device)


def forward(
    product: Tensor,
    constant: Tensor,
    read: tuple[Tensor, Tensor] | None,
    gates: Tensor,
    before: Tensor,
    after: Tensor,
    hidden: Tensor,
) -> None:
    """One step of an LSTM. All tensors are contiguous, cells are float32, all else is of one type.

    Args:
        product: [B, 4H], what the state before says to the gates i, f, g, o.
        constant: [B, 4H] or [1, 4H], what is said at every step.
        read: a table [V, 4H] and an int64 row of it for each sequence [B]: what the inputs say. None where
            `gates` holds that.
        gates: [B, 4H], becomes the squashed gates.
        before, after: [B, H], the cell; `after` is written.
        hidden: [B, H], written.
    """
    told = product, constant, _stride(constant), *(read or (0, 0))
    _call("forward", hidden, *told, gates, before, after, hidden)


def backward(
    behind: Tensor,
    output: Tensor,
    gates: Tensor,
    before: Tensor,
    after: Tensor,
    d_cell: Tensor,
    d_constant: Tensor,
    read: tuple[Tensor, Tensor] | None,
) -> None:
    """The same step back.

    Args:
        behind, output: [B, H], gradients of h: by the step behind, and by what was given out.
        gates: [B, 4H], squashed; becomes the gradient of what was said to the gates.
        before, after: [B, H], the cell.
        d_cell: [B, H], the gradient of `after`; becomes that of `before`.
        d_constant: [B, 4H] or [1, 4H], float32; the gradient of the gates is added.
        read: the table's gradient [V, 4H], float32, to which it is added as well, and the rows.
    """
    gathered = d_constant, _stride(d_constant), *(read or (0, 0))
    _call("backward", behind, behind, output, gates, before, after, d_cell, *gathered)


def _stride(constant: Tensor) -> int:
    """From row to row; none where one row is for all."""
    return 0 if len(constant) == 1 else constant.shape[1]


def _call(name: str, sized: Tensor, *given: Tensor | int) -> None:
    building.call(SOURCE, f"{name}_{TYPES[sized.dtype]}", *sized.shape, *given)
