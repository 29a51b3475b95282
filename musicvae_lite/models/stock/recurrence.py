"""The recurrence of an LSTM whose inputs have been projected beforehand, with its gradient written out.

What a sequence says to the gates does not depend on the recurrence: it is computed for all steps at once
outside, where one-hot steps are looked up instead of multiplied and z is multiplied once a sequence.
What is left is one matrix product a step and what happens to the gates: one pass of C over them where the
machine can compile it (`Fused`), else a few passes by PyTorch, in place (`_Recurrence`); there, going back,
the slopes of the gates are computed for many steps at once. On GPUs, and in bf16 without C, PyTorch's kernels
for whole layers are faster than all that, and `over` takes them. docs/speed.md says what it brings.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd import Function

from musicvae_lite.models.stock.fused import Fused, order, weight_gradient
from musicvae_lite.models.stock.products import Repeated, linear
from musicvae_lite.native import lstm

OPERATION = "musicvae_lite::Recurrence"  # its name in ONNX graphs
IN_CACHE = 2**20  # gates whose slopes are computed at once: about what a core's cache holds


class Rows(NamedTuple):
    """Gates that are rows of a table: what one-hot inputs say.

    Attributes:
        table: [V, 4H].
        index: [T, B], int64, which row each step reads.
    """

    table: Tensor
    index: Tensor

    def written(self) -> Tensor:
        """[T, B, 4H]. Raises IndexError where a row is not there."""
        return F.embedding(self.index, self.table)

    def checked(self) -> Tensor:
        """The index, contiguous. Raises IndexError where a row is not there: C would read on."""
        if self.index.numel():
            least, most = self.index.aminmax()
            if least < 0 or most >= len(self.table):
                raise IndexError(f"index out of range: {int(least)} to {int(most)} of {len(self.table)} rows")
        return self.index.contiguous()


def run(
    gates: Tensor | Rows,
    weight: Tensor,
    h: Tensor | None = None,
    c: Tensor | None = None,
    backwards: bool = False,
    constant: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """All steps of an LSTM layer. Time comes first.

    Args:
        gates: [T, B, 4H], what the inputs say to the gates i, f, g, o, bias included; overwritten. Or rows.
        weight: [4H, H], recurrent.
        h, c: [B, H], initial state; zeros by default, which saves a product.
        backwards: go from the last step to the first.
        constant: [B, 4H] or [1, 4H], what is said to the gates at every step.

    Returns:
        h of every step [T, B, H], and the last c [B, H].
    """
    if not torch.compiler.is_exporting() and lstm.serves(weight.device, kind := product_type(weight)):
        said, index = (gates.table, gates.checked()) if isinstance(gates, Rows) else (gates, None)
        given = (None if part is None else part.float() for part in (h, c))
        told = None if constant is None else constant.float()
        return Fused.apply(said.to(kind).contiguous(), index, weight, *given, backwards, told)  # type: ignore[return-value]
    gates = gates.written() if isinstance(gates, Rows) else gates
    if torch.compiler.is_exporting():
        return _symbolic(gates if constant is None else gates + constant, weight, h, c, backwards)
    gates = (gates if constant is None else gates.add_(constant)).float().contiguous()
    h, c = (None if part is None else part.float() for part in (h, c))
    return _Recurrence.apply(gates, weight, h, c, backwards)  # type: ignore[return-value]


def has_kernels(x: Tensor) -> bool:
    """Whether PyTorch's kernels for whole layers are the fastest: cuDNN's, and oneDNN's in bf16 without C."""
    if torch.compiler.is_exporting():
        return False
    if x.device.type != "cpu":
        return x.is_cuda
    return product_type(x) is torch.bfloat16 and not lstm.serves(x.device, torch.bfloat16)


def over(
    x: Tensor,
    weights: tuple[Tensor, Tensor, Tensor],
    h: Tensor | None = None,
    c: Tensor | None = None,
    backwards: bool = False,
) -> tuple[Tensor, Tensor]:
    """All steps of an LSTM layer from its inputs, by the kernels where there are any. Time comes first.

    Args:
        x: [T, B, I].
        weights: of the input [4H, I], recurrent [4H, H], and the bias [4H].

    Returns:
        As `run`, in the type of products.
    """
    from_input, recurrent, bias = weights
    if not has_kernels(x):
        kind = product_type(x)
        return run(linear(x.to(kind), from_input.to(kind)), recurrent, h, c, backwards, bias[None])
    zeros = x.new_zeros((x.shape[1], recurrent.shape[1]))
    kind = product_type(x)
    state = [(zeros if part is None else part).to(kind)[None] for part in (h, c)]
    inputs = (x.flip(0) if backwards else x).to(kind)
    parts = [part.to(kind) for part in (from_input, recurrent, bias, torch.zeros_like(bias))]
    hidden, _, last = torch.lstm(inputs, state, parts, True, 1, 0.0, torch.is_grad_enabled(), False, False)
    return (hidden.flip(0) if backwards else hidden), last[0]


def step(
    gates: Tensor, recurrent: Repeated, h: Tensor, c: Tensor, constant: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """One step: gates [B, 4H], overwritten, and state [B, H] each -> the new (h, c).

    Gates, weights, h and `constant` (as in `run`) are of the type of products, c is float32.
    """
    # In float32 PyTorch's own operations: with or without a compiler a seed is to give the same music.
    if gates.dtype is torch.bfloat16 and lstm.serves(gates.device, gates.dtype):
        told = gates.new_zeros((1, gates.shape[1])) if constant is None else constant.contiguous()
        before, product = c.float().contiguous(), recurrent(h)
        after, hidden = torch.empty_like(before), h.new_empty(h.shape)
        lstm.forward(product, told, None, gates, before, after, hidden)
        return hidden, after
    gates = gates if constant is None else gates.add_(constant)
    i, f, g, o = (part.float() for part in gates.addmm_(h, recurrent.weight).chunk(4, -1))
    c = torch.addcmul(f.sigmoid_().mul_(c), i.sigmoid_(), g.tanh_())
    return o.sigmoid_().mul_(c.tanh()).to(h.dtype), c


def _symbolic(
    gates: Tensor, weight: Tensor, h: Tensor | None, c: Tensor | None, backwards: bool
) -> tuple[Tensor, Tensor]:
    """`run` as one operation of its own in an ONNX graph; export/recurrence.py says what it does."""
    from torch.onnx.ops import symbolic_multi_out

    steps, batch, size = *gates.shape[:2], weight.shape[1]
    zeros = gates.new_zeros((batch, size))
    state = [zeros if part is None else part for part in (h, c)]
    name = OPERATION + ("Backwards" if backwards else "")
    hidden, last = symbolic_multi_out(
        name,
        (gates, weight, *state),
        dtypes=(gates.dtype, gates.dtype),
        shapes=((steps, batch, size), (batch, size)),
        version=1,
    )
    return hidden, last


class _Recurrence(Function):
    """See `run`. Products run in autocast's type, all else in float32."""

    @staticmethod
    def forward(
        ctx: Any, gates: Tensor, weight: Tensor, h: Tensor | None, c: Tensor | None, backwards: bool
    ) -> tuple[Tensor, Tensor]:
        steps, batch, size = *gates.shape[:2], weight.shape[1]
        kind = product_type(gates)
        across = weight.to(kind).t()
        # A state more than there are steps: the initial one stands at `first`, before the first step read.
        hidden, cells = gates.new_empty((2, steps + 1, batch, size))
        squashed = torch.empty_like(hidden[0])
        before, after = (1, 0) if backwards else (0, 1)
        first = steps if backwards else 0
        for states, state in ((hidden, h), (cells, c)):
            states[first] = 0 if state is None else state
        for t in order(steps, backwards):
            gate, cell = gates[t], cells[t + after]
            if h is not None or t + before != first:
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
        ctx.kind, ctx.backwards, ctx.has_state = kind, backwards, (h is not None, c is not None)
        return hidden[after : steps + after], cells[steps - first]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        gates, hidden, cells, weight = ctx.saved_tensors
        d_hidden, d_cell = grads
        steps, batch, size = d_hidden.shape
        before, after = (1, 0) if ctx.backwards else (0, 1)
        back = weight.to(ctx.kind)
        d_gates = gates  # overwritten as well: they are not needed behind their step
        dh, dc, earlier = torch.zeros_like(hidden[0]), d_cell.clone(), torch.empty_like(d_cell)
        backward_order = order(steps, not ctx.backwards)
        at_once = max(1, IN_CACHE // gates[0].numel())
        slopes = torch.empty_like(gates[:at_once])
        for begin in range(0, steps, at_once):
            part = backward_order[begin : begin + at_once]
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
                if t != backward_order[-1] or ctx.has_state[0]:
                    dh = (d_gates[t].to(ctx.kind) @ back).float()
        with_h, with_c = ctx.has_state
        d_weight = weight_gradient(d_gates.to(ctx.kind), hidden.to(ctx.kind), ctx.backwards, with_h)
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


def product_type(x: Tensor) -> torch.dtype:
    """The type that products have where x is: autocast's, else float32."""
    kind = x.device.type
    return torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else torch.float32
