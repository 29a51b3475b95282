"""Matrix products of all steps at once, and their gradients."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

from musicvae_lite import runtime
from musicvae_lite.native import amx
from musicvae_lite.native.transpose import serves, transposed


def over_rows(a: Tensor, b: Tensor) -> Tensor:
    """a [R, M] and b [R, N] -> a.T @ b, [M, N].

    In bf16 PyTorch takes half as long again where rows are many and the first factor lies by columns. So the
    narrower one is turned beforehand.
    """
    if amx.serves(a.device, a.dtype, a.shape[1], b.shape[1]):
        sums = amx.Sums(a.shape[1], b.shape[1])
        sums.add(a.contiguous()[None], b.contiguous()[None])
        return sums.product.to(a.dtype)
    if a.shape[1] <= b.shape[1] or not serves(a):
        return turned(a) @ b
    return (turned(b) @ a).t()


def turned(x: Tensor) -> Tensor:
    """x [R, C] -> [C, R]: rewritten where that is quick, else a view."""
    return transposed(x.contiguous()) if serves(x) else x.t()


def woven_across(weight: Tensor) -> Tensor:
    """A weight [O, I] of bf16 as tiles multiply inputs by it: `amx.woven` [I, O]."""
    return amx.woven(turned(weight))


def linear(x: Tensor, weight: Tensor) -> Tensor:
    """x [..., I] @ weight.T of [O, I], both of one type -> [..., O], with gradients by `over_rows`."""
    return _Linear.apply(x.flatten(0, -2), weight).unflatten(0, x.shape[:-1])  # type: ignore[attr-defined]


class Repeated:
    """Products with one weight, many times over: in bf16 on a CPU it is brought into its best order once.

    Args:
        weight: [O, I].
        rows: how many rows are multiplied at a time, where that is known.
    """

    def __init__(self, weight: Tensor, rows: int | None = None):
        self.weight = weight.t()
        self.ordered = self.woven = None
        if amx.serves(weight.device, weight.dtype, *weight.shape):
            self.woven = woven_across(weight)
            return
        is_served = weight.device.type == "cpu" and weight.dtype is torch.bfloat16
        if is_served and runtime.bfloat16_pays(weight.device):  # others have no kernel for it
            # A private name, which not every build of torch has.
            order = getattr(torch.ops.mkldnn, "_reorder_linear_weight", None)
            self.ordered = None if order is None else order(weight.contiguous(), rows)

    def __call__(self, x: Tensor) -> Tensor:
        """x [rows, I] -> x @ weight.T, [rows, O]."""
        if self.woven is not None:
            out = x.new_empty((len(x), self.weight.shape[1]))
            amx.product(x.contiguous()[None], self.woven, out[None])
            return out
        if self.ordered is None:
            return x @ self.weight
        return torch.ops.mkldnn._linear_pointwise(x, self.ordered, None, "none", [], "")


class _Linear(Function):
    """See `linear`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return x @ weight.t()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        (d_out,) = grads
        wants_x, wants_weight = ctx.needs_input_grad
        d_x = d_out @ weight if wants_x else None
        return d_x, over_rows(d_out, x) if wants_weight else None
