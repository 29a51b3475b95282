"""Keys of a piano-roll: every key in the same way, those of the first row from the highest down.

The keys of the first row are a fully visible sigmoid belief network (Frey 1998): each also hears which keys
above it are struck, so that of two likely keys only one need be. Keys of the other rows hear whether they are
struck.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicvae_lite.models.heads.bernoulli import RARE
from musicvae_lite.models.heads.drawing import flag_metrics, flip


class KeysHead(nn.Module):
    """Flags of `rows` times `keys` from channels of each key and the dense part of their logits."""

    above: Tensor

    def __init__(self, channels: int, rows: int, keys: int):
        super().__init__()
        self.sizes = (channels * keys, rows * keys)
        self.rows, self.keys = rows, keys
        self.logits = nn.Conv1d(channels, rows, 1)
        nn.init.constant_(self.logits.bias, RARE)  # type: ignore[arg-type]
        self.chord = nn.Parameter(torch.zeros(keys, keys))  # what key j says to key i, where j > i
        self.struck = nn.Parameter(torch.zeros(rows - 1))
        self.register_buffer("above", torch.ones(keys, keys).triu(1), persistent=False)

    def score(self, hidden: Tensor, target: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """hidden [B, T, H], target [B, T, rows * K] -> nats [B, T] and metrics."""
        logits = self._alone(hidden)  # [B, T, rows, K]
        struck = target.float().unflatten(-1, (self.rows, -1))[..., 0, :]
        first = logits[..., 0, :] + struck @ (self.chord * self.above).T
        logits = torch.cat([first[..., None, :], self._others(logits, struck)], -2).flatten(-2)
        nats = F.binary_cross_entropy_with_logits(logits, target.float(), reduction="none").sum(-1)
        return nats, flag_metrics((logits.detach() >= 0) == (target > 0), target)

    def sample(self, hidden: Tensor, temperature: float, generator: torch.Generator | None = None) -> Tensor:
        """hidden [..., H] -> zeros and ones [..., rows * K], integers."""
        logits = self._alone(hidden)
        first, says = logits[..., 0, :], (self.chord * self.above).T  # row j: what j says to the others
        struck: list[Tensor] = []
        for key in reversed(range(self.keys)):
            struck.insert(0, flip(first[..., key], temperature, generator))
            first = first + struck[0][..., None] * says[key]
        row = torch.stack(struck, -1)
        others = flip(self._others(logits, row), temperature, generator)
        return torch.cat([row[..., None, :], others], -2).flatten(-2).long()

    def _alone(self, hidden: Tensor) -> Tensor:
        """Logits [..., rows, K] before keys hear each other."""
        near, dense = hidden.float().split(self.sizes, -1)
        near = near.flatten(0, -2).unflatten(-1, (-1, self.keys))  # [N, C, K]
        return self.logits(near).unflatten(0, hidden.shape[:-1]) + dense.unflatten(-1, (self.rows, -1))

    def _others(self, logits: Tensor, struck: Tensor) -> Tensor:
        """Logits [..., rows - 1, K] of the rows after the first, whose flags are `struck` [..., K]."""
        return logits[..., 1:, :] + self.struck[:, None] * struck[..., None, :]
