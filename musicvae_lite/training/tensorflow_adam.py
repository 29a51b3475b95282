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


class TensorFlowAdam(torch.optim.Optimizer):
    """`p -= lr sqrt(1 - b2^t) / (1 - b1^t) m / (sqrt(v) + eps)`."""

    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
    ):
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> Any:  # type: ignore[override]
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    self._update(p, group["lr"], group["betas"], group["eps"])
        return loss

    def _update(self, p: Tensor, lr: float, betas: tuple[float, float], eps: float) -> None:
        first, second = betas
        state = self.state[p]
        if not state:
            state["step"] = torch.zeros(())  # a tensor, as torch's optimisers keep it
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(p), torch.zeros_like(p)
        state["step"] += 1
        t, m, v = int(state["step"]), state["exp_avg"], state["exp_avg_sq"]
        m.lerp_(p.grad, 1 - first)  # type: ignore[arg-type]
        v.mul_(second).addcmul_(p.grad, p.grad, value=1 - second)  # type: ignore[arg-type]
        rate = lr * (1 - second**t) ** 0.5 / (1 - first**t)
        p.addcdiv_(m, v.sqrt().add_(eps), value=-rate)
