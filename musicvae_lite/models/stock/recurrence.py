"""The recurrence of an LSTM whose inputs have been projected beforehand, with its gradient written out.

What a sequence says to the gates does not depend on the recurrence: it is computed for all steps at once
outside, where one-hot steps are looked up instead of multiplied and z is multiplied once a sequence.
What is left is one matrix product a step, and one for all of the weight's gradient. Measured on one CPU
core this is as fast as nn.LSTM for dense inputs, and 1.4 to 1.6 times as fast for one-hot steps with a z.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function


def run(gates: Tensor, weight: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """All steps of an LSTM layer.

    Args:
        gates: [B, T, 4H], what the inputs say to the gates i, f, g, o, bias included.
        weight: [4H, H], recurrent.
        h, c: [B, H], initial state.

    Returns:
        h of every step [B, T, H], and the last c [B, H].
    """
    if torch.compiler.is_exporting():
        return _scanned(gates, weight, h, c)
    hidden, cell = _Recurrence.apply(gates.float().transpose(0, 1), weight, h.float(), c.float())  # type: ignore[misc]
    return hidden.transpose(0, 1), cell


def step(gates: Tensor, weight: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """One step: gates [B, 4H], state [B, H] each -> the new (h, c)."""
    i, f, g, o = (gates + F.linear(h, weight)).chunk(4, -1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def _scanned(gates: Tensor, weight: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """`run` as one loop that exporters know."""
    from torch._higher_order_ops.scan import scan

    def body(carry: list[Tensor], now: Tensor) -> tuple[list[Tensor], Tensor]:
        h, c = step(now, weight, carry[0], carry[1])
        return [h, c], h.clone()

    (_, c), hidden = scan(body, [h.clone(), c.clone()], gates.transpose(0, 1))
    return hidden.transpose(0, 1), c


class _Recurrence(Function):
    """Time first: gates [T, B, 4H]. Products run in autocast's type, all else in float32."""

    @staticmethod
    def forward(ctx: Any, inputs: Tensor, weight: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        steps, batch, size = *inputs.shape[:2], h.shape[-1]
        kind = _product_type(inputs)
        ctx.kind = kind
        across = weight.to(kind).t()
        gates = torch.empty((steps, batch, 4 * size), device=inputs.device)
        hidden = torch.empty((steps + 1, batch, size), device=inputs.device)
        cells, squashed = torch.empty_like(hidden), torch.empty_like(hidden[1:])
        hidden[0], cells[0] = h, c
        for t in range(steps):
            gate, cell = gates[t], cells[t + 1]
            if kind is torch.float32:
                torch.addmm(inputs[t], hidden[t], across, out=gate)
            else:
                torch.add(inputs[t], hidden[t].to(kind) @ across, out=gate)
            gate[:, : 2 * size].sigmoid_()
            gate[:, 2 * size : 3 * size].tanh_()
            gate[:, 3 * size :].sigmoid_()
            i, f, g, o = gate.chunk(4, 1)
            torch.mul(f, cells[t], out=cell)
            cell.addcmul_(i, g)
            torch.tanh(cell, out=squashed[t])
            torch.mul(o, squashed[t], out=hidden[t + 1])
        ctx.save_for_backward(gates, hidden, cells, squashed, weight)
        return hidden[1:], cells[-1]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        gates, hidden, cells, squashed, weight = ctx.saved_tensors
        d_hidden, d_cell = grads
        size, kind = hidden.shape[-1], ctx.kind
        back = weight.to(kind)
        d_gates = torch.empty_like(gates)
        dh, dc = torch.zeros_like(hidden[0]), d_cell.clone()
        for t in range(len(gates) - 1, -1, -1):
            dh = dh + d_hidden[t]
            i, f, g, o = gates[t].chunk(4, 1)
            di, df, dg, do = d_gates[t].chunk(4, 1)
            dc.addcmul_(dh * o, 1 - squashed[t].square())
            torch.mul(dc * g, i * (1 - i), out=di)
            torch.mul(dc * cells[t], f * (1 - f), out=df)
            torch.mul(dc * i, 1 - g.square(), out=dg)
            torch.mul(dh * squashed[t], o * (1 - o), out=do)
            dc = dc * f
            dh = (d_gates[t].to(kind) @ back).float()
        flat, before = d_gates.view(-1, 4 * size).to(kind), hidden[:-1].view(-1, size).to(kind)
        return d_gates, (flat.t() @ before).to(weight.dtype), dh, dc


def _product_type(x: Tensor) -> torch.dtype:
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else torch.float32
