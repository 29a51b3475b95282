"""The recurrence with one pass over the gates a step, there and back: native/lstm.c.

What `Passes` does with PyTorch's operations, in float32 or with gates and states of bf16.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.autograd.graph import increment_version

from musicvae_lite.models.stock.direction import Direction
from musicvae_lite.models.stock.products import Repeated, turned
from musicvae_lite.native import lstm


class Fused(Function):
    """See `recurrence.run`. Gates and what comes out are of the type of products, cells are float32.

    What the inputs say is given as gates [T, B, 4H], or as a table [V, 4H] and rows of it [T, B].
    """

    @staticmethod
    def forward(
        ctx: Any,
        said: Tensor,
        rows: Tensor | None,
        weight: Tensor,
        h: Tensor | None,
        c: Tensor | None,
        constant: Tensor | None,
        backwards: bool,
    ) -> tuple[Tensor, Tensor]:
        steps, batch = said.shape[:2] if rows is None else rows.shape
        size = weight.shape[1]
        gates = said if rows is None else said.new_empty((steps, batch, 4 * size))
        across = Repeated(weight.to(gates.dtype), batch)
        way = Direction(steps, backwards)
        hidden = gates.new_empty((steps + 1, batch, size))
        cells = torch.empty_like(hidden, dtype=torch.float32)
        way.begin(hidden, h)
        way.begin(cells, c)
        product = torch.zeros_like(gates[0])
        told = product[:1].clone() if constant is None else constant.to(gates.dtype).contiguous()
        reads = _reads(said, rows, steps)
        for t in way.order:
            before, after = t + way.before, t + way.after
            if h is not None or before != way.first:  # a state of zeros says nothing
                product = across(hidden[before])
            lstm.forward(product, told, reads[t], gates[t], cells[before], cells[after], hidden[after])
        increment_version(gates)
        ctx.save_for_backward(gates, hidden, cells, weight, rows)
        ctx.way, ctx.has = way, [part is not None for part in (h, c, constant)]
        ctx.told, ctx.values = len(told), len(said)
        return way.results(hidden, cells)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        gates, hidden, cells, weight, rows = ctx.saved_tensors
        d_output, d_cell = grads[0].contiguous(), grads[1].clone(memory_format=torch.contiguous_format)
        way: Direction = ctx.way
        back = Repeated(turned(weight.to(gates.dtype)), d_output.shape[1])
        behind, with_h = torch.zeros_like(d_output[0]), ctx.has[0]
        d_constant = d_cell.new_zeros((ctx.told, gates.shape[-1]))
        d_table = d_cell.new_zeros((ctx.values if rows is not None else 0, gates.shape[-1]))
        reads = _reads(d_table, rows, way.steps)
        for t in way.back:
            cell = cells[t + way.before], cells[t + way.after]
            lstm.backward(behind, d_output[t], gates[t], *cell, d_cell, d_constant, reads[t])
            if t != way.back[-1] or with_h:
                behind = back(gates[t])
        increment_version(gates)
        d_weight = way.weight_gradient(gates, hidden, with_h).to(weight.dtype)
        found = behind.float(), d_cell, d_constant
        of_state = (part if is_there else None for part, is_there in zip(found, ctx.has, strict=True))
        return gates if rows is None else d_table.to(gates.dtype), None, d_weight, *of_state, None


def _reads(table: Tensor, rows: Tensor | None, steps: int) -> list[tuple[Tensor, Tensor] | None]:
    """What each step reads: a table and rows of it [B], or none."""
    return [None] * steps if rows is None else [(table, row) for row in rows]
