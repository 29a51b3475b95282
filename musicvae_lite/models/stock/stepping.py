"""A stack of LSTM layers one step at a time: what sampling does."""

from __future__ import annotations

from copy import copy

from torch import Tensor

from musicvae_lite.models.stock.cells import Cell, FirstInput, Stack, State
from musicvae_lite.models.stock.products import Repeated
from musicvae_lite.models.stock.recurrence import step


class Stepper:
    """The layers of a stack and what the lowest reads; weights are brought to the type of products once.

    Args:
        first: what the lowest layer reads.
    """

    def __init__(self, stack: Stack, first: FirstInput):
        self.cells: list[Cell] = list(stack)  # type: ignore[arg-type]
        self.first, self.kind = first, first.kind
        self.recurrent = [Repeated(c.weight_hh.to(self.kind)) for c in self.cells]
        self.inputs = [self._input(cell, i == 0) for i, cell in enumerate(self.cells)]

    def _input(self, cell: Cell, is_lowest: bool) -> tuple[Repeated, Tensor] | None:
        """What multiplies what a cell reads, and its bias; None where `first` has multiplied it."""
        if is_lowest and cell.project is None:
            return None
        return Repeated(cell.weight_ih.to(self.kind)), cell.bias.to(self.kind)[None]

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
            if (told := self.inputs[i]) is None:
                gates, constant = read, self.first.beside
            else:
                gates, constant = told[0](read.to(self.kind)), told[1]
            h, c = step(gates, recurrent, h.to(self.kind), c, constant)
            out = h + read if cell.residual else h
            after.append((h, c))
        return out, after
