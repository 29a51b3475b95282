"""Adam as TensorFlow writes it, for going on with what Magenta began.

It differs from PyTorch's in one place: epsilon is added to sqrt(v) before the bias of v is corrected, so
that early steps, and weights whose gradients are tiny, move less. Kingma and Ba 2014 (arXiv:1412.6980),
the remark before section 2.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor


class TensorFlowAdam(torch.optim.Adam):
    """`p -= lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + eps)`.

    That is PyTorch's Adam with `eps / sqrt(1 - b2^t)` for its epsilon at step t.

    Args:
        fused: as for `torch.optim.Adam`.
    """

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        fused: bool | None = None,
    ):
        super().__init__(params, lr, betas, eps, fused=fused)
        self.eps = eps

    def step(self, closure: Callable[[], float] | None = None) -> Any:  # type: ignore[override]
        for group in self.param_groups:
            before = (int(self.state[p]["step"]) for p in group["params"] if self.state.get(p))
            t = max(before, default=0) + 1
            group["eps"] = self.eps / (1 - group["betas"][1] ** t) ** 0.5
        return super().step(closure)
