"""The Gaussian of a code: draws, KL, free bits.

Kingma and Welling 2013 (arXiv:1312.6114) for the posterior and its KL; Kingma et al. 2016 (arXiv:1606.04934)
for free bits; Roberts et al. 2018 (arXiv:1803.05428) for their use in MusicVAE.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

NATS_PER_BIT = math.log(2)


@dataclass(frozen=True, eq=False)
class Posterior:
    """A diagonal Gaussian q(z|x). `scale` is a standard deviation, never a log or a variance.

    Attributes:
        mean: [B, Z].
        scale: [B, Z], positive.
    """

    mean: Tensor
    scale: Tensor

    def rsample(self, generator: torch.Generator | None = None) -> Tensor:
        """One reparameterised draw [B, Z]: mean + scale * eps."""
        eps = torch.randn(
            self.mean.shape, generator=generator, device=self.mean.device, dtype=self.mean.dtype
        )
        return self.mean + self.scale * eps

    def kl(self) -> Tensor:
        """KL(q || N(0, I)) of each example [B], in nats, summed over z."""
        return self.kl_per_unit().sum(-1)

    def kl_per_unit(self) -> Tensor:
        """KL of each latent unit [B, Z], in nats."""
        return 0.5 * (self.scale.square() + self.mean.square() - 1) - self.scale.log()

    def in_float32(self) -> Posterior:
        return Posterior(self.mean.float(), self.scale.float())


class Point(Posterior):
    """The code of a plain autoencoder: a posterior that is sure of itself. It costs no KL, its scale is 0.

    Args:
        mean: the code [B, Z].
    """

    def __init__(self, mean: Tensor):
        super().__init__(mean, torch.zeros_like(mean))

    def rsample(self, generator: torch.Generator | None = None) -> Tensor:
        """The code itself [B, Z]."""
        return self.mean

    def kl_per_unit(self) -> Tensor:
        """Zeros [B, Z]."""
        return self.scale

    def in_float32(self) -> Point:
        return Point(self.mean.float())


def covariance(codes: Tensor) -> Tensor:
    """Of codes [N, Z], [Z, Z], whatever Z is; a single code has none."""
    return torch.atleast_2d(torch.cov(codes.T, correction=int(len(codes) > 1)))


def free_bits(kl: Tensor, bits: float) -> Tensor:
    """The part of the KL [B] (nats) that costs anything: what exceeds `bits`, per example."""
    return (kl - bits * NATS_PER_BIT).clamp_min(0)


def active_units(means: Tensor, threshold: float = 0.01) -> int | None:
    """Latent units whose posterior mean [N, Z] varies over the data by more than `threshold`.

    None of fewer than two examples, which do not tell. Burda et al. 2015 (arXiv:1509.00519), section 5.
    """
    if len(means) < 2:
        return None
    return int((means.var(0) > threshold).sum())
