"""LSTM layers as Magenta stacks them: each with a state of its own, and optionally residual.

TensorFlow's `[i, j, f, o] = [x, h] @ kernel + bias` with a forget bias of 1 added at run time becomes
PyTorch's i, f, g, o with that 1 inside the stored bias.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError
from musicvae_lite.models.stock.reading import Reader
from musicvae_lite.models.stock.recurrence import Rows, has_kernels, over, run

State = tuple[Tensor, Tensor]  # h, c [B, H] each


class Cell(nn.Module):
    """One LSTM layer.

    Residual: its input is first projected to its size, where that differs, and added to its output.

    Attributes:
        first: what multiplies the input: the projection where there is one, else the gates' own weight.
    """

    def __init__(self, inputs: int, hidden: int, residual: bool = False, project: bool = False):
        super().__init__()
        self.hidden, self.residual = hidden, residual
        self.project = nn.Linear(inputs, hidden) if residual and project else None
        width = hidden if self.project is not None else inputs
        self.weight_ih = nn.Parameter(torch.empty(4 * hidden, width))
        self.weight_hh = nn.Parameter(torch.empty(4 * hidden, hidden))
        self.bias = nn.Parameter(torch.zeros(4 * hidden))
        self.bias.data[hidden : 2 * hidden] = 1.0
        bound = (6 / (width + hidden + 4 * hidden)) ** 0.5  # Glorot's, over the joint kernel
        nn.init.uniform_(self.weight_ih, -bound, bound)
        nn.init.uniform_(self.weight_hh, -bound, bound)
        if self.project is not None:
            stock_linear(self.project)

    @property
    def first(self) -> tuple[Tensor, Tensor]:
        """Weight [R, inputs] and bias [R]."""
        if self.project is not None:
            return self.project.weight, self.project.bias
        return self.weight_ih, self.bias

    def forward(
        self,
        first: Tensor | Rows,
        state: State | None = None,
        backwards: bool = False,
        constant: Tensor | None = None,
        ends: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """All steps. Time comes first.

        Args:
            first: [T, B, R], the input after `first`; overwritten. Or rows, where nothing projects.
            constant: [B, R], what is added to it at every step.
            state: zeros by default.
            backwards: read from the last step to the first.
            ends: only the raw h of the last step that is read is wanted.

        Returns:
            The layer's output [T, B, H] and the raw h [T, B, H]; with `ends` twice the raw h, [1, B, H].
        """
        if self.project is None or isinstance(first, Rows):
            h, _ = run(first, self.weight_hh, *(state or (None, None)), backwards, constant, ends)
            return h, h
        first = first if constant is None else first.add_(constant)
        h, _ = over(first, self._weights, *(state or (None, None)), backwards, ends)
        return (h if ends else h + first), h

    def read(
        self, x: Tensor, state: State | None = None, backwards: bool = False, ends: bool = False
    ) -> tuple[Tensor, Tensor]:
        """The same from the input itself, [T, B, inputs]."""
        if self.project is not None:
            return self.forward(self.project(x), state, backwards, ends=ends)
        h, _ = over(x, self._weights, *(state or (None, None)), backwards, ends)
        return (h + x if self.residual and not ends else h), h

    @property
    def _weights(self) -> tuple[Tensor, Tensor, Tensor]:
        return self.weight_ih, self.weight_hh, self.bias


class Stack(nn.ModuleList):
    """Layers one upon the other, as `multi_rnn_cell` stacks them."""

    def __init__(self, inputs: int, sizes: Sequence[int], residual: bool = False, keep: float = 1.0):
        before = (inputs, *sizes)
        super().__init__(
            Cell(before[i], size, residual, project=i == 0 or size != before[i])
            for i, size in enumerate(sizes)
        )
        self.sizes, self.keep = tuple(sizes), keep

    def climb(self, out: Tensor, states: Sequence[State]) -> Tensor:
        """From the lowest cell's output to the top one's, [T, B, H]. The first state was the lowest's."""
        for cell, state in zip(list(self)[1:], states[1:], strict=True):
            out, _ = cell.read(dropped(out, self.keep, self.training, 1), state)  # type: ignore[operator]
        return out

    @property
    def lowest(self) -> Cell:
        return self[0]  # type: ignore[return-value]

    @property
    def state_size(self) -> int:
        return 2 * sum(self.sizes)

    def unpack(self, vector: Tensor) -> list[State]:
        """[B, state_size], ordered c0, h0, c1, h1, ..., to a state a layer."""
        parts = vector.split([size for size in self.sizes for _ in range(2)], -1)
        return [(parts[i + 1], parts[i]) for i in range(0, len(parts), 2)]


class FirstInput:
    """What a lowest cell reads over a sequence: concat(step, z, control) times its first weight.

    z's share is computed once for the sequence, steps are looked up; what comes out has its time first.

    Args:
        reader: of steps.
        cell: the lowest of its stack.
        z: [B, Z], told at every step; None when there is none.
        teller: reader of the control.
        control: [B, T, ...] as the teller reads it.
        keep: share of the inputs that is not dropped; below 1 only in training.
    """

    def __init__(
        self,
        reader: Reader,
        cell: Cell,
        z: Tensor | None = None,
        teller: Reader | None = None,
        control: Tensor | None = None,
        keep: float = 1.0,
    ):
        if teller is not None and control is None:
            raise ConfigError(f"this model must be told {teller.size} values of control a step")
        self.reader, self.cell, self.keep = reader, cell, keep
        self.told = (z, teller, control)
        self.kind = runtime.product_type(cell.weight_hh)

    @cached_property
    def _weights(self) -> tuple[Tensor, ...]:
        """Of steps, z and control, [R, inputs] each."""
        z, teller, _ = self.told
        sizes = (self.reader.size, 0 if z is None else z.shape[-1], 0 if teller is None else teller.size)
        return self.cell.first[0].split(sizes, -1)

    @cached_property
    def table(self) -> Any:
        """What each value of a step says."""
        bias = self.cell.first[1] if self.told[0] is None else None
        return self.reader.table(self._weights[0].to(self.kind), None if bias is None else bias.to(self.kind))

    @cached_property
    def constant(self) -> Tensor | None:
        """What z says, [B, R]."""
        z = self.told[0]
        return None if z is None else F.linear(z, self._weights[1], self.cell.first[1])

    @cached_property
    def control(self) -> Tensor | None:
        """What the control says, [T, B, R]."""
        _, teller, control = self.told
        if teller is None or control is None:
            return None
        return teller.look_up(control.transpose(0, 1), teller.table(self._weights[2]))

    def read(
        self, steps: Tensor, state: State | None = None, backwards: bool = False, ends: bool = False
    ) -> tuple[Tensor, Tensor]:
        """All steps [B, T, ...] through the cell, as `Cell.forward`."""
        if self.keep < 1 or (self.cell.project is None and has_kernels(self.cell.weight_hh)):
            return self.cell.read(self._spelled(steps), state, backwards, ends)
        told = steps.transpose(0, 1)
        if self.control is None and self.cell.project is None and self.reader.is_single:
            first = Rows(self.table, told.long())
        else:
            first = self.reader.look_up(told, self.table)  # [T, B, R], a tensor of its own
            first = first if self.control is None else first.add_(self.control)
        return self.cell(first, state, backwards, self.constant, ends)

    def at(self, t: int, step: Tensor) -> Tensor:
        """The step that is read at time t, [B, ...] -> [B, R], a tensor of its own, without `beside`."""
        first = self.reader.look_up(step[:, None], self.table)[:, 0]
        constant = None if self.cell.project is None else self.constant
        for more in (constant, None if self.control is None else self.control[t]):
            first = first if more is None else first.add_(more)
        return first

    @property
    def beside(self) -> Tensor | None:
        """[B, 4H], what is said to the cell's gates at every step, beside what `at` gives."""
        return self.constant if self.cell.project is None else None

    def of(self, rows: slice) -> FirstInput:
        """The same for some of the sequences."""
        constant, control, some = self.constant, self.control, copy(self)
        some.constant = None if constant is None else constant[rows].contiguous()
        some.control = None if control is None else control[:, rows]
        return some

    def _spelled(self, steps: Tensor) -> Tensor:
        """steps [B, T, ...] -> all that is read of them, written out: [T, B, inputs]."""
        z, teller, control = self.told
        inputs = [self.reader.spell(steps, self.kind)]
        if z is not None:
            inputs.append(z.to(self.kind)[:, None].expand(-1, steps.shape[1], -1))
        if teller is not None and control is not None:
            inputs.append(teller.spell(control, self.kind))
        if self.keep < 1:
            return F.dropout(torch.cat(inputs, -1), 1 - self.keep).transpose(0, 1)
        return torch.cat([part.transpose(0, 1) for part in inputs], -1)


def dropped(x: Tensor, keep: float, training: bool, batch: int = 0) -> Tensor:
    """With some of x gone in training. `batch` is its dimension of examples, along which noise is shared."""
    return F.dropout(x.transpose(0, batch), 1 - keep).transpose(0, batch) if training and keep < 1 else x


def stock_linear(layer: nn.Linear, std: float | None = None) -> nn.Linear:
    """Gives a layer TensorFlow's start: Glorot-uniform, or N(0, std), and a bias of zero."""
    if std is None:
        nn.init.xavier_uniform_(layer.weight)
    else:
        nn.init.normal_(layer.weight, std=std)
    nn.init.zeros_(layer.bias)
    return layer
