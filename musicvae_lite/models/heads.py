"""Heads: what a decoder's hidden state says about the next step."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def draw(logits: Tensor, temperature: float, generator: torch.Generator | None = None) -> Tensor:
    """Samples [...] from logits [..., V]; temperature 0 takes the likeliest."""
    if temperature <= 0:
        return logits.argmax(-1)
    logits = logits.float()
    shares = ((logits - logits.amax(-1, keepdim=True)) / temperature).softmax(-1)  # at most 0: never inf
    flat = torch.multinomial(shares.flatten(0, -2), 1, generator=generator)
    return flat.view(logits.shape[:-1])


class CategoricalHead(nn.Module):
    """One of `depth` values a step.

    The value `blank` (= depth) stands for "nothing before this" where a step has no previous value or
    where it is hidden from the decoder on purpose.
    """

    def __init__(self, hidden: int, depth: int):
        super().__init__()
        self.depth, self.blank = depth, depth
        self.logits = nn.Linear(hidden, depth)

    def score(self, hidden: Tensor, target: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Log-probability of each target, and how often the likeliest value is right.

        Args:
            hidden: [B, T, H].
            target: [B, T], integers.

        Returns:
            nats [B, T] (negative: log-probabilities), and the metrics `accuracy` and
            `accuracy_uncommon`: over targets other than the batch's commonest value, since always
            answering that one already scores more than half on music.
        """
        logits = self.logits(hidden).float()  # [B, T, V]
        log_prob = -F.cross_entropy(logits.flatten(0, -2), target.flatten(), reduction="none")
        with torch.no_grad():
            right = logits.argmax(-1) == target
            uncommon = target != target.flatten().mode().values
            metrics = {
                "accuracy": right.float().mean(),
                "accuracy_uncommon": (right & uncommon).sum() / uncommon.sum().clamp_min(1),
            }
        return log_prob.view(target.shape), metrics

    def sample(self, hidden: Tensor, temperature: float, generator: torch.Generator | None = None) -> Tensor:
        """hidden [..., H] -> values [...]."""
        return draw(self.logits(hidden), temperature, generator)
