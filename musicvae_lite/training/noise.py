"""Noise for a part of a batch: what the whole batch would have drawn, and of that the part's own rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

OF_A_SIZE = {torch.rand, torch.randn}
OF_A_TENSOR = {torch.bernoulli, torch.multinomial, F.dropout}
ELSE = {
    torch.normal, torch.poisson, torch.rand_like, torch.randn_like, torch.randint, torch.randint_like,
    torch.randperm, Tensor.bernoulli_, Tensor.exponential_, Tensor.normal_, Tensor.random_, Tensor.uniform_,
    F.alpha_dropout, F.dropout1d, F.dropout2d, F.dropout3d, F.feature_alpha_dropout, F.rrelu,
}  # fmt: skip


class RowsOfTheWhole(TorchFunctionMode):
    """Within, everything drawn for this part of a batch is drawn for the whole and cut to the part's rows.

    Parts that draw from generators in the same state, and whose rows follow one another, draw together
    what one process with the whole batch draws. The first dimension of what is drawn must count examples,
    or parts of examples one behind the other.

    Args:
        part: number of this part, from 0.
        parts: how many there are, all of one size.

    Raises:
        NotImplementedError: a model draws in a way that is not known here.
    """

    def __init__(self, part: int, parts: int):
        super().__init__()
        self.part, self.parts = part, parts

    def __torch_function__(
        self, func: Callable, types: Iterable[type], args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func in OF_A_SIZE:
            size = args[0] if isinstance(args[0], tuple | list) else args
            return self._own(func((size[0] * self.parts, *size[1:]), **kwargs), size[0])
        if func in OF_A_TENSOR:
            return self._own(func(self._whole(args[0]), *args[1:], **kwargs), len(args[0]))
        if func in ELSE:
            raise NotImplementedError(f"noise drawn by {func.__name__} cannot be shared: see {__name__}")
        return func(*args, **kwargs)

    def _whole(self, given: Tensor) -> Tensor:
        """The part with ones for the rows of the others, in the part's order of memory: noise follows it."""
        order = sorted(range(given.dim()), key=given.stride, reverse=True)
        laid_out = given.permute(order)
        rest = torch.ones_like(laid_out)
        rows = [rest] * self.part + [laid_out] + [rest] * (self.parts - self.part - 1)
        return torch.cat(rows, order.index(0)).permute([order.index(place) for place in range(given.dim())])

    def _own(self, whole: Tensor, count: int) -> Tensor:
        return whole[self.part * count : (self.part + 1) * count]
