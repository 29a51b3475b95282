"""Drum hits with how loud and how early or late each is. Gillick et al. 2019 (arXiv:1905.06118)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicvae_lite.models.heads.drawing import draw, flag_metrics, flip

EPSILON = 1e-7  # GrooVAE's, inside the logarithms
LEAST = (0.01, 0.2)  # chances that velocities and offsets are divided by; below, that is worse than less


class GrooveHead(nn.Module):
    """Hits are drawn; velocities and offsets are what the hidden state says, without chance.

    `precision` is what the squared errors of velocities and offsets weigh in nats; GrooVAE's weigh 1.
    """

    def __init__(self, hidden: int, classes: int, precision: float = 1.0):
        super().__init__()
        self.precision = precision
        self.logits = nn.Linear(hidden, 3 * classes)

    def score(self, hidden: Tensor, target: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The log loss of the hits plus the weighed squared errors of velocities and offsets: the nats of
        Gaussians, less their constant.

        Args:
            hidden: [B, T, H].
            target: [B, T, 3 * classes], hits, velocities, offsets.

        Returns:
            [B, T], and metrics: those of the hits, and the three summands, not weighed, as means a step.
        """
        hits, velocities, offsets = self._activated(hidden)
        hit, velocity, offset = target.float().chunk(3, -1)
        hit_loss = -(hit * (hits + EPSILON).log() + (1 - hit) * (1 - hits + EPSILON).log()).sum(-1)
        velocity_loss = (velocity - velocities).square().sum(-1)
        offset_loss = (offset - offsets).square().sum(-1)
        metrics = flag_metrics((hits.detach() >= 0.5) == (hit > 0.5), hit) | {
            "hits_loss": hit_loss.detach().mean(),
            "velocities_loss": velocity_loss.detach().mean(),
            "offsets_loss": offset_loss.detach().mean(),
        }
        return hit_loss + self.precision * (velocity_loss + offset_loss), metrics

    def sample(self, hidden: Tensor, temperature: float, generator: torch.Generator | None = None) -> Tensor:
        """hidden [..., H] -> floats [..., 3 * classes]."""
        hits, velocities, offsets = self.logits(hidden).float().chunk(3, -1)
        return torch.cat([flip(hits, temperature, generator), velocities.sigmoid(), offsets.tanh()], -1)

    def sample_known(
        self,
        hidden: Tensor,
        hits: Tensor,
        struck: Tensor,
        temperature: float,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """As `sample`, where something is known of the hits.

        A hit that would not have been written gets the velocity and offset that the hidden state expects if
        it is there: trained on zeros wherever nothing is struck, these outputs are that times its chance.

        Args:
            hidden: [..., H].
            hits: [..., classes], 1 for a hit, 0 for none, below 0 where the head decides.
            struck: bool [...], where at least one drum is; if none is written, one is drawn by its odds.

        Returns:
            Floats [..., 3 * classes].
        """
        logits = self.logits(hidden).float().chunk(3, -1)[0]
        own, velocities, offsets = self.sample(hidden, temperature, generator).chunk(3, -1)
        one = F.one_hot(draw(logits, temperature, generator), logits.shape[-1]).float()
        written = torch.where((struck & (own.sum(-1) == 0))[..., None], one, own)
        written = torch.where(hits >= 0, hits.float(), written)
        velocity_chance, offset_chance = (
            torch.where(written > own, logits.sigmoid().clamp_min(least), 1.0) for least in LEAST
        )
        velocities, offsets = velocities / velocity_chance, offsets / offset_chance
        return torch.cat([written, velocities.clamp(0, 1), offsets.clamp(-1, 1)], -1)

    def _activated(self, hidden: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        hits, velocities, offsets = self.logits(hidden).float().chunk(3, -1)
        return hits.sigmoid(), velocities.sigmoid(), offsets.tanh()
