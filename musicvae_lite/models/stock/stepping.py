"""A stack of LSTM layers one step at a time: what sampling does."""

from __future__ import annotations

from copy import copy

import torch.nn.functional as F
from torch import Tensor

from musicvae_lite.models.stock.cells import Cell, FirstInput, Stack, State
from musicvae_lite.models.stock.recurrence import step


class Stepper:
    """The layers of a stack and what the lowest reads; weights are brought to the type of products once.

    Args:
        first: what the lowest layer reads.
    """

    def __init__(self, stack: Stack, first: FirstInput):
        self.cells: list[Cell] = list(stack)  # type: ignore[arg-type]
        self.first, self.kind = first, first.kind
        self.recurrent = [c.weight_hh.to(self.kind) for c in self.cells]
        self.inputs = [(c.weight_ih.to(self.kind), c.bias.to(self.kind)) for c in self.cells]

    def of(self, rows: slice) -> Stepper:
        """The same for some of the sequences."""
        some = copy(self)
        some.first = self.first.of(rows)
        return some

    def at(self, t: int, before: Tensor, states: list[State]) -> tuple[Tensor, list[State]]:
        """Time t: the step read there [B, ...] -> the top layer's output [B, H], and the states after it."""
        out, after = self.first.at(t, before), []
        for i, (cell, recurrent, (h, c)) in enumerate(zip(self.cells, self.recurrent, states, strict=True)):
            read = cell.project(out) if i and cell.project is not None else out  # the lowest is projected
            has_gates = i == 0 and cell.project is None
            gates = read if has_gates else F.linear(read, *self.inputs[i])
            h, c = step(gates, recurrent, h.to(self.kind), c)
            out = h + read if cell.residual else h
            after.append((h, c))
        return out, after
