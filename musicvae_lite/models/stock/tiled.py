"""The recurrence in bf16 on processors with AMX, products and gates in one: native/amx.c.

What `Fused` does by a product and a pass over the gates a step. Sequences go through all steps in parts, of
as many as a core's cache holds.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.autograd.graph import increment_version

from musicvae_lite.models.stock import spaces
from musicvae_lite.models.stock.direction import Direction
from musicvae_lite.models.stock.products import woven_across
from musicvae_lite.native import amx

KIND = torch.bfloat16


def run_tiled(
    gates: Tensor,
    rows: Tensor | None,
    weight: Tensor,
    h: Tensor | None,
    c: Tensor | None,
    constant: Tensor | None,
    backwards: bool,
    ends: bool,
) -> tuple[Tensor, Tensor]:
    """See `recurrence.run`. With `rows` [T, B], `gates` is a table [V, 4H] of which they are rows."""
    gates = gates.to(KIND)
    if rows is not None:
        said = [amx.grouped(gates)]
    else:
        said = [amx.gated(gates[:, part]) for part in amx.parts(gates.shape[1])]
    return Tiled.apply(weight, h, c, constant, backwards, ends, rows, *said)  # type: ignore[return-value]


def over_tiled(
    x: Tensor,
    from_input: Tensor,
    weight: Tensor,
    h: Tensor | None,
    c: Tensor | None,
    constant: Tensor | None,
    backwards: bool,
    ends: bool,
) -> tuple[Tensor, Tensor]:
    """The same from inputs [T, B, I] and what multiplies them, [4H, I]."""
    parts = Projected.apply(x.to(KIND).contiguous(), from_input)
    return Tiled.apply(weight, h, c, constant, backwards, ends, None, *parts)  # type: ignore[misc, return-value]


class Projected(Function):
    """x [T, B, I] times a weight [4H, I] -> gates [T, G, 4, B, 32] for each part of B."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> tuple[Tensor, ...]:
        by_gate = _in_groups(weight)
        across, made = woven_across(by_gate), []
        for part in amx.parts(x.shape[1]):
            gates = _gates(len(x), len(weight) // amx.GROUP, part)
            amx.product(x[:, part], across, gates)
            made.append(gates)
        ctx.save_for_backward(x, by_gate)
        ctx.kind = weight.dtype
        return tuple(made)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor]:
        x, by_gate = ctx.saved_tensors
        back, d_x, d_weight = amx.woven(by_gate), torch.empty_like(x), amx.Sums(x.shape[-1], len(by_gate))
        for part, gates in zip(amx.parts(x.shape[1]), grads, strict=True):
            amx.product(gates, back, d_x[:, part])
            d_weight.add(x[:, part], gates)
            spaces.give(gates)
        return d_x, d_weight.weight.to(ctx.kind)


class Tiled(Function):
    """h of every step [T, B, H] in bf16, and the last c [B, H].

    What the inputs say is given as gates [T, G, 4, B, 32] for each part of B, which are overwritten; or,
    where there are `rows` [T, B], as the table [G, V, 4, 32] they are of.
    """

    @staticmethod
    def forward(
        ctx: Any,
        weight: Tensor,
        h: Tensor | None,
        c: Tensor | None,
        constant: Tensor | None,
        backwards: bool,
        ends: bool,
        rows: Tensor | None,
        *said: Tensor,
    ) -> tuple[Tensor, Tensor]:
        size = weight.shape[1]
        steps, batch = rows.shape if rows is not None else (said[0].shape[0], sum(x.shape[3] for x in said))
        way, parts, by_gate = Direction(steps, backwards), amx.parts(batch), _in_groups(weight)
        across = woven_across(by_gate)  # what multiplies states; as it is, it multiplies gradients
        outputs, last = said[0].new_empty((0 if ends else steps + 1, batch, size)), torch.empty((batch, size))
        gates = said if rows is None else [_gates(steps, size // amx.SIDE, part) for part in parts]
        kept: list[Tensor] = []
        for part, own in zip(parts, gates, strict=True):
            shape = steps + 1, own.shape[1], own.shape[3], amx.SIDE
            cells = spaces.take(shape, torch.float32)
            way.begin(cells, None if c is None else _by_group(c[part]))
            hidden = spaces.take(shape, KIND) if ends else outputs[:, part]
            way.begin(hidden, h if h is None else _by_group(h[part]) if ends else h[part])
            told = None if constant is None else amx.grouped(_of(constant, part).to(KIND))
            read = None if rows is None else (said[0], rows[:, part])
            amx.forward(across, told, read, own, cells, hidden, backwards, h is not None)
            increment_version(own)
            last[part] = _by_row(way.last(cells))
            kept += [own, cells, hidden]
        ctx.save_for_backward(by_gate, rows, *kept)
        ctx.way, ctx.has, ctx.said = way, [x is not None for x in (h, c, constant)], [x.shape for x in said]
        ctx.kind, ctx.ends, ctx.constants = weight.dtype, ends, 0 if constant is None else len(constant)
        if ends:
            return torch.cat([_by_row(way.last(hidden)) for hidden in kept[2::3]])[None], last
        return way.outputs(outputs), last

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        by_gate, rows, *kept = ctx.saved_tensors
        output, d_last = grads
        output = output if output.stride(-1) == 1 else output.contiguous()
        way, (steps, states) = ctx.way, ctx.way.pairs(ctx.has[0])
        back, d_weight = amx.woven(by_gate), amx.Sums(*by_gate.shape[::-1])
        d_h, d_c = output.new_zeros(d_last.shape), torch.empty_like(d_last)
        d_constant = d_last.new_zeros((ctx.constants, len(by_gate)))
        d_table = None if rows is None else d_last.new_zeros(ctx.said[0])
        said, *states_of_part = (kept[i::3] for i in range(3))
        for part, gates, cells, hidden in zip(amx.parts(len(d_last)), said, *states_of_part, strict=True):
            d_cell, told = _by_group(d_last[part]), amx.grouped(_of(d_constant, part))
            read = None if rows is None or d_table is None else (d_table, rows[:, part])
            amx.backward(back, output[:, part], gates, cells, d_cell, told, read, way.backwards, ctx.ends)
            increment_version(gates)
            d_weight.add(hidden[states], gates[steps])
            _of(d_constant, part).copy_(amx.ungrouped(told))
            d_c[part] = _by_row(d_cell)
            if ctx.has[0]:
                amx.product(gates[way.order[0]][None], back, d_h[None, part])
            spaces.give(cells)
            if ctx.ends:
                spaces.give(hidden)
            if d_table is not None:  # else they go on as the gradient of what was said
                spaces.give(gates)
        found = d_h.float(), d_c, d_constant
        of_state = (x if is_there else None for x, is_there in zip(found, ctx.has, strict=True))
        of_said = said if d_table is None else [d_table.to(KIND)]
        return d_weight.weight.to(ctx.kind), *of_state, None, None, None, *of_said


def _gates(steps: int, groups: int, part: slice) -> Tensor:
    """Room for the gates of a part."""
    return spaces.take((steps, groups, amx.GATES, part.stop - part.start, amx.SIDE), KIND)


def _of(constant: Tensor, part: slice) -> Tensor:
    """The rows of a constant for a part: its own, or the one for all."""
    return constant[part] if len(constant) > 1 else constant


def _in_groups(weight: Tensor) -> Tensor:
    """The rows of a weight [4H, I] in the order of gates."""
    by_gate = weight.to(KIND).unflatten(0, (amx.GATES, -1, amx.SIDE))
    return by_gate.transpose(0, 1).contiguous().flatten(0, 2)


def _by_group(x: Tensor) -> Tensor:
    """x [B, H] -> [G, B, 32], a tensor of its own."""
    return x.unflatten(-1, (-1, amx.SIDE)).movedim(1, 0).clone(memory_format=torch.contiguous_format)


def _by_row(x: Tensor) -> Tensor:
    """x [G, B, 32] -> [B, H]."""
    return x.movedim(0, 1).flatten(1)
