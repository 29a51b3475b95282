"""The recurrence with one pass over the gates a step, there and back: native/lstm.c.

What `_Recurrence` does with PyTorch's operations, in float32 or with gates and states of bf16.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.graph import increment_version

from musicvae_lite.models.stock.products import Repeated, over_rows, turned
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
        backwards: bool,
        constant: Tensor | None,
    ) -> tuple[Tensor, Tensor]:
        steps, batch = said.shape[:2] if rows is None else rows.shape
        size = weight.shape[1]
        gates = said if rows is None else said.new_empty((steps, batch, 4 * size))
        across = Repeated(weight.to(gates.dtype), batch)
        # A state more than there are steps: the initial one stands at `first`, before the first step read.
        hidden = gates.new_empty((steps + 1, batch, size))
        cells = torch.empty_like(hidden, dtype=torch.float32)
        before, after = (1, 0) if backwards else (0, 1)
        first = steps if backwards else 0
        for states, state in ((hidden, h), (cells, c)):
            states[first] = 0 if state is None else state
        product = torch.zeros_like(gates[0])
        told = product[:1].clone() if constant is None else constant.to(gates.dtype).contiguous()
        for t in order(steps, backwards):
            if h is not None or t + before != first:  # a state of zeros says nothing
                product = across(hidden[t + before])
            read = None if rows is None else (said, rows[t])
            cell = cells[t + before], cells[t + after]
            lstm.forward(product, told, read, gates[t], *cell, hidden[t + after])
        increment_version(gates)
        ctx.save_for_backward(gates, hidden, cells, weight, rows)
        ctx.backwards, ctx.has = backwards, [part is not None for part in (h, c, constant)]
        ctx.told, ctx.values = len(told), len(said)
        return hidden[after : steps + after], cells[steps - first]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        gates, hidden, cells, weight, rows = ctx.saved_tensors
        d_output, d_cell = grads[0].contiguous(), grads[1].clone()
        steps, batch, _ = d_output.shape
        before, after = (1, 0) if ctx.backwards else (0, 1)
        back = Repeated(turned(weight.to(gates.dtype)), batch)
        behind, with_h = torch.zeros_like(d_output[0]), ctx.has[0]
        d_constant = d_cell.new_zeros((ctx.told, gates.shape[-1]))
        d_table = None if rows is None else d_cell.new_zeros((ctx.values, gates.shape[-1]))
        backward_order = order(steps, not ctx.backwards)
        for t in backward_order:
            cell = cells[t + before], cells[t + after]
            read = None if rows is None or d_table is None else (d_table, rows[t])
            lstm.backward(behind, d_output[t], gates[t], *cell, d_cell, d_constant, read)
            if t != backward_order[-1] or with_h:
                behind = back(gates[t])
        increment_version(gates)
        d_weight = weight_gradient(gates, hidden, ctx.backwards, with_h).to(weight.dtype)
        found = behind.float(), d_cell, d_constant
        d_h, d_c, d_told = (
            part if is_wanted else None for part, is_wanted in zip(found, ctx.has, strict=True)
        )
        d_said = gates if d_table is None else d_table.to(gates.dtype)
        return d_said, None, d_weight, d_h, d_c, None, d_told


def order(steps: int, backwards: bool) -> range:
    """The steps as they are read."""
    return range(steps - 1, -1, -1) if backwards else range(steps)


def weight_gradient(d_gates: Tensor, hidden: Tensor, backwards: bool, has_state: bool) -> Tensor:
    """Of a recurrent weight, [4H, H], as one product for all steps.

    Args:
        d_gates: [T, B, 4H], gradients of what was said to the gates.
        hidden: [T + 1, B, H], the state before each step and behind the last, or the other way round.
        has_state: the initial state was not zeros, which would say nothing to the weight.
    """
    steps = len(d_gates)
    before, after = (1, 0) if backwards else (0, 1)
    told = slice(0, steps) if has_state else slice(after, steps - before)
    states = hidden[told.start + before : told.stop + before].flatten(0, 1)
    return over_rows(d_gates[told].flatten(0, 1), states)
