"""One value a step out of `depth`."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicvae_lite.models.heads.drawing import draw


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
        """What each target costs, and how often the likeliest value is right.

        Args:
            hidden: [B, T, H].
            target: [B, T], integers.

        Returns:
            nats [B, T], and the metrics `accuracy` and `accuracy_uncommon`: over targets other than
            the batch's commonest value, since always answering that one already scores more than half
            on music.
        """
        return categorical_score(self.logits(hidden), target)

    def sample(self, hidden: Tensor, temperature: float, generator: torch.Generator | None = None) -> Tensor:
        """hidden [..., H] -> values [...]."""
        return draw(self.logits(hidden), temperature, generator)


def categorical_score(logits: Tensor, target: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """logits [B, T, V] and target [B, T] -> nats [B, T] and metrics, as in `CategoricalHead.score`."""
    logits = logits.float()
    nats = F.cross_entropy(logits.flatten(0, -2), target.flatten(), reduction="none")
    with torch.no_grad():
        right = logits.max(-1).indices == target  # half the time of argmax
        uncommon = target != target.flatten().mode().values
        metrics = {
            "accuracy": right.float().mean(),
            "accuracy_uncommon": (right & uncommon).sum() / uncommon.sum().clamp_min(1),
        }
    return nats.view(target.shape), metrics
