"""The recurrence of an LSTM whose inputs have been projected beforehand, with its gradient written out.

What a sequence says to the gates does not depend on the recurrence: it is computed for all steps at once
outside, where one-hot steps are looked up instead of multiplied and z is multiplied once a sequence.
What is left is one matrix product a step and what happens to the gates. Where the machine can compile it,
that is one pass of C over them (`Fused`), or one with the products inside on processors with AMX (`Tiled`);
else a few passes by PyTorch, in place (`Passes`), where going back the slopes of the gates are computed for
many steps at once. On GPUs, and in bf16 without C, PyTorch's kernels for whole layers are faster than all
that, and `over` takes them. docs/speed.md says what it brings.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from musicvae_lite import runtime
from musicvae_lite.models.layers import lstm_in
from musicvae_lite.models.stock.fused import Fused
from musicvae_lite.models.stock.passes import Passes
from musicvae_lite.models.stock.products import Repeated, linear
from musicvae_lite.models.stock.tiled import over_tiled, run_tiled
from musicvae_lite.native import amx, lstm

OPERATION = "musicvae_lite::Recurrence"  # its name in ONNX graphs


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
    ends: bool = False,
) -> tuple[Tensor, Tensor]:
    """All steps of an LSTM layer. Time comes first.

    Args:
        gates: [T, B, 4H], what the inputs say to the gates i, f, g, o, bias included; overwritten. Or rows.
        weight: [4H, H], recurrent.
        h, c: [B, H], initial state; zeros by default, which saves a product.
        backwards: go from the last step to the first.
        constant: [B, 4H] or [1, 4H], what is said to the gates at every step.
        ends: only the last h that is read is wanted.

    Returns:
        h of every step [T, B, H], or with `ends` of one [1, B, H], and the last c [B, H].
    """
    is_exporting = torch.compiler.is_exporting()
    if not is_exporting and lstm.serves(weight.device, kind := runtime.product_type(weight)):
        said, index = (gates.table, gates.checked()) if isinstance(gates, Rows) else (gates, None)
        h, c, constant = (None if part is None else part.float() for part in (h, c, constant))
        if amx.serves(weight.device, kind, weight.shape[1]):
            return run_tiled(said, index, weight, h, c, constant, backwards, ends)
        found = Fused.apply(said.to(kind).contiguous(), index, weight, h, c, constant, backwards)
        return _wanted(*found, backwards, ends)  # type: ignore[misc]
    gates = gates.written() if isinstance(gates, Rows) else gates
    if is_exporting:
        found = _symbolic(gates if constant is None else gates + constant, weight, h, c, backwards)
        return _wanted(*found, backwards, ends)
    gates = (gates if constant is None else gates.add_(constant)).float().contiguous()
    h, c = (None if part is None else part.float() for part in (h, c))
    return _wanted(*Passes.apply(gates, weight, h, c, backwards), backwards, ends)  # type: ignore[misc]


def _wanted(hidden: Tensor, last: Tensor, backwards: bool, ends: bool) -> tuple[Tensor, Tensor]:
    """What `run` returns, of every h [T, B, H] and the last c."""
    return ((hidden[:1] if backwards else hidden[-1:]) if ends else hidden), last


def has_kernels(x: Tensor) -> bool:
    """Whether PyTorch's kernels for whole layers are the fastest: cuDNN's, and oneDNN's in bf16 without C."""
    if torch.compiler.is_exporting():
        return False
    if x.device.type != "cpu":
        return x.is_cuda
    return runtime.product_type(x) is torch.bfloat16 and not lstm.serves(x.device, torch.bfloat16)


def over(
    x: Tensor,
    weights: tuple[Tensor, Tensor, Tensor],
    h: Tensor | None = None,
    c: Tensor | None = None,
    backwards: bool = False,
    ends: bool = False,
) -> tuple[Tensor, Tensor]:
    """All steps of an LSTM layer from its inputs, by the kernels where there are any. Time comes first.

    Args:
        x: [T, B, I].
        weights: of the input [4H, I], recurrent [4H, H], and the bias [4H].

    Returns:
        As `run`, in the type of products.
    """
    from_input, recurrent, bias = weights
    kind = runtime.product_type(x)
    sizes = *recurrent.shape, x.shape[-1]
    if not torch.compiler.is_exporting() and amx.serves(x.device, kind, *sizes):
        h, c = (None if part is None else part.float() for part in (h, c))
        return over_tiled(x, from_input, recurrent, h, c, bias[None].float(), backwards, ends)
    if not has_kernels(x):
        return run(linear(x.to(kind), from_input.to(kind)), recurrent, h, c, backwards, bias[None], ends)
    zeros = x.new_zeros((x.shape[1], recurrent.shape[1]))
    state = [(zeros if part is None else part)[None] for part in (h, c)]
    parts = (from_input, recurrent, bias, torch.zeros_like(bias))
    hidden, (_, last) = lstm_in(kind, x.flip(0) if backwards else x, (state[0], state[1]), parts)
    return _wanted(hidden.flip(0) if backwards else hidden, last[0], backwards, ends)


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
        if amx.serves(gates.device, gates.dtype, before.shape[1]):
            return amx.step(product, told, gates.contiguous(), before)
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
