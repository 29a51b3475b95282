"""The recurrence by PyTorch's operations, in place: a few passes over the gates of a step, there and back.

Going back, the slopes of the gates are computed for many steps at once, and the weight's gradient is one
product for all of them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable

from musicvae_lite import runtime
from musicvae_lite.models.stock.direction import Direction

IN_CACHE = 2**20  # gates whose slopes are computed at once: about what a core's cache holds


class Passes(Function):
    """See `recurrence.run`. Products run in autocast's type, all else in float32."""

    @staticmethod
    def forward(
        ctx: Any, gates: Tensor, weight: Tensor, h: Tensor | None, c: Tensor | None, backwards: bool
    ) -> tuple[Tensor, Tensor]:
        steps, batch, size = *gates.shape[:2], weight.shape[1]
        kind = runtime.product_type(gates)
        across = weight.to(kind).t()
        way = Direction(steps, backwards)
        before, after = way.before, way.after
        hidden, cells = gates.new_empty((2, steps + 1, batch, size))
        squashed = torch.empty_like(hidden[0])
        way.begin(hidden, h)
        way.begin(cells, c)
        for t in way.order:
            gate, cell = gates[t], cells[t + after]
            if h is not None or t + before != way.first:
                _add_product(gate, hidden[t + before], across)
            gate[:, : 2 * size].sigmoid_()
            gate[:, 2 * size : 3 * size].tanh_()
            gate[:, 3 * size :].sigmoid_()
            i, f, g, o = gate.chunk(4, 1)
            torch.mul(f, cells[t + before], out=cell)
            cell.addcmul_(i, g)
            torch.tanh(cell, out=squashed)
            torch.mul(o, squashed, out=hidden[t + after])
        ctx.save_for_backward(gates, hidden, cells, weight)
        ctx.kind, ctx.way, ctx.has_state = kind, way, (h is not None, c is not None)
        return way.results(hidden, cells)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        gates, hidden, cells, weight = ctx.saved_tensors
        d_hidden, d_cell = grads
        steps, batch, size = d_hidden.shape
        way: Direction = ctx.way
        before, after = way.before, way.after
        back = weight.to(ctx.kind)
        d_gates = gates  # overwritten as well: they are not needed behind their step
        dh, dc, earlier = torch.zeros_like(hidden[0]), d_cell.clone(), torch.empty_like(d_cell)
        at_once = max(1, IN_CACHE // gates[0].numel())
        slopes = torch.empty_like(gates[:at_once])
        for begin in range(0, steps, at_once):
            part = way.back[begin : begin + at_once]
            some = slice(min(part), max(part) + 1)
            read, written = (slice(some.start + by, some.stop + by) for by in (before, after))
            to_cell = _slopes(gates[some], cells[read], cells[written], hidden[written], slopes[: len(part)])
            for t in part:
                slope = slopes[t - some.start].view(batch, 4, size)
                d_gate = d_gates[t].view(batch, 4, size)
                dh = dh.add_(d_hidden[t])
                dc.addcmul_(dh, to_cell[t - some.start])
                torch.mul(dc, d_gate[:, 1], out=earlier)
                torch.mul(slope[:, :3], dc[:, None], out=d_gate[:, :3])
                torch.mul(slope[:, 3], dh, out=d_gate[:, 3])
                dc, earlier = earlier, dc
                if t != way.back[-1] or ctx.has_state[0]:
                    dh = (d_gates[t].to(ctx.kind) @ back).float()
        with_h, with_c = ctx.has_state
        d_weight = way.weight_gradient(d_gates.to(ctx.kind), hidden.to(ctx.kind), with_h)
        return d_gates, d_weight.to(weight.dtype), dh if with_h else None, dc if with_c else None, None


def _slopes(gates: Tensor, before: Tensor, after: Tensor, hidden: Tensor, out: Tensor) -> Tensor:
    """How much the state after a step changes with what is said to its gates.

    Args:
        gates: [n, B, 4H], after their squashing.
        before, after: [n, B, H], the cell before each step and behind it; `hidden` is what the step gave.
        out: [n, B, 4H], takes d c / d (i, f, g) and d h / d o.

    Returns:
        d h / d c, [n, B, H].
    """
    size, squashed = before.shape[-1], after.tanh()
    i, _, g, o = gates.split(size, -1)
    di, df, dg, do = out.split(size, -1)
    i_and_f = gates[..., : 2 * size]
    torch.addcmul(i_and_f, i_and_f, i_and_f, value=-1, out=out[..., : 2 * size])
    torch.addcmul(gates.new_ones(()), g, g, value=-1, out=dg)
    torch.addcmul(o, o, o, value=-1, out=do)
    di.mul_(g)
    df.mul_(before)
    dg.mul_(i)
    do.mul_(squashed)
    return torch.addcmul(o, hidden, squashed, value=-1)


def _add_product(gate: Tensor, h: Tensor, across: Tensor) -> None:
    if across.dtype is torch.float32:
        gate.addmm_(h, across)
    else:
        gate.add_(h.to(across.dtype) @ across)
