"""Zeros and ones a step, independent of each other."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicvae_lite.models.heads.drawing import flag_metrics, flip

RARE = -3.0  # log odds that outputs start with: one flag of twenty


class BernoulliHead(nn.Module):
    """`size` zeros and ones a step, independent given the hidden state."""

    def __init__(self, hidden: int, size: int):
        super().__init__()
        self.logits = nn.Linear(hidden, size)
        nn.init.constant_(self.logits.bias, RARE)

    def score(self, hidden: Tensor, target: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """hidden [B, T, H], target [B, T, D] -> nats [B, T] and metrics."""
        logits = self.logits(hidden).float()
        nats = F.binary_cross_entropy_with_logits(logits, target.float(), reduction="none").sum(-1)
        return nats, flag_metrics((logits.detach() >= 0) == (target > 0), target)

    def sample(self, hidden: Tensor, temperature: float, generator: torch.Generator | None = None) -> Tensor:
        """hidden [..., H] -> zeros and ones [..., D], integers."""
        return flip(self.logits(hidden), temperature, generator).long()
