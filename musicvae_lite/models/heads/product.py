"""Several independent values a step, such as the three voices of a trio."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from musicvae_lite.models.heads.categorical import categorical_score
from musicvae_lite.models.heads.drawing import draw


class ProductHead(nn.Module):
    """Independent values given the hidden state, all read off one layer."""

    def __init__(self, hidden: int, depths: tuple[int, ...]):
        super().__init__()
        self.depths = depths
        self.logits = nn.Linear(hidden, sum(depths))

    def score(self, hidden: Tensor, target: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """hidden [B, T, H], target [B, T, P] -> nats [B, T] and metrics, of all values and of each."""
        slices = self.logits(hidden).split(self.depths, -1)
        return gathered([categorical_score(part, target[..., i]) for i, part in enumerate(slices)])

    def sample(self, hidden: Tensor, temperature: float, generator: torch.Generator | None = None) -> Tensor:
        """hidden [..., H] -> values [..., P]."""
        slices = self.logits(hidden).split(self.depths, -1)
        return torch.stack([draw(part, temperature, generator) for part in slices], -1)


class SplitHead(nn.Module):
    """A head for each value, each reading its own part of the hidden state: one core a voice.

    `is_flags`: the heads are those of zeros and ones, and take them as [..., 1].
    """

    def __init__(self, heads: list[nn.Module], hidden: int, is_flags: bool = False):
        super().__init__()
        self.parts, self.hidden, self.is_flags = nn.ModuleList(heads), hidden, is_flags

    def score(self, hidden: Tensor, target: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """hidden [B, T, P * H], target [B, T, P] -> nats [B, T] and metrics, of all values and of each."""
        values = target.split(1, -1) if self.is_flags else target.unbind(-1)
        said = zip(self.parts, hidden.split(self.hidden, -1), values, strict=True)
        return gathered([head.score(part, wanted) for head, part, wanted in said])  # type: ignore[operator]

    def sample(self, hidden: Tensor, temperature: float, generator: torch.Generator | None = None) -> Tensor:
        """hidden [..., P * H] -> values [..., P]."""
        said = zip(self.parts, hidden.split(self.hidden, -1), strict=True)
        values = [head.sample(part, temperature, generator) for head, part in said]  # type: ignore[operator]
        return torch.cat(values, -1) if self.is_flags else torch.stack(values, -1)


def gathered(scores: list[tuple[Tensor, dict[str, Tensor]]]) -> tuple[Tensor, dict[str, Tensor]]:
    """The scores of independent values as one: nats added, metrics averaged and also given one by one."""
    nats = torch.stack([score for score, _ in scores]).sum(0)
    names = scores[0][1]
    metrics = {name: torch.stack([part[name] for _, part in scores]).mean() for name in names}
    for index, (_, part) in enumerate(scores):
        metrics |= {f"{name}_{index}": value for name, value in part.items()}
    return nats, metrics
