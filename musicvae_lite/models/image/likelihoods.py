"""What a decoder's outputs say of pixels: how probable a picture is, and what it looks like."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


class Bernoulli:
    """Each value is a probability: -log p = -(x log p + (1 - x) log(1 - p)), also for grey x in 0..1."""

    @staticmethod
    def nats(outputs: Tensor, target: Tensor) -> Tensor:
        """Negative log-probability [B] of a target [B, C, H, W]."""
        return F.binary_cross_entropy_with_logits(outputs, target, reduction="none").flatten(1).sum(1)

    @staticmethod
    def mean(outputs: Tensor) -> Tensor:
        """The expected picture [B, C, H, W], values in 0..1."""
        return outputs.sigmoid()

    @staticmethod
    def draw(outputs: Tensor, temperature: float, generator: torch.Generator | None) -> Tensor:
        return torch.bernoulli((outputs / temperature).sigmoid(), generator=generator)


class Squared:
    """Squared error through a sigmoid: a Gaussian of variance 1/2 around each value, less its constant.

    784 times the mean squared error is what it sums to on 28 x 28 pictures.
    """

    @staticmethod
    def nats(outputs: Tensor, target: Tensor) -> Tensor:
        return (outputs.sigmoid() - target).square().flatten(1).sum(1)

    @staticmethod
    def mean(outputs: Tensor) -> Tensor:
        return outputs.sigmoid()

    @staticmethod
    def draw(outputs: Tensor, temperature: float, generator: torch.Generator | None) -> Tensor:
        return _noisy(outputs.sigmoid(), temperature * 0.5**0.5, generator)


class Straight:
    """Squared error without a sigmoid: for decoders whose output is a picture already.

    `WEIGHT` is 1 / (2 variance) of an error of 1/20 of the scale, so that the nats are of a size.
    """

    WEIGHT = 200.0

    @staticmethod
    def nats(outputs: Tensor, target: Tensor) -> Tensor:
        return Straight.WEIGHT * (outputs - target).square().flatten(1).sum(1)

    @staticmethod
    def mean(outputs: Tensor) -> Tensor:
        return outputs.clamp(0, 1)

    @staticmethod
    def draw(outputs: Tensor, temperature: float, generator: torch.Generator | None) -> Tensor:
        return _noisy(outputs, temperature * (0.5 / Straight.WEIGHT) ** 0.5, generator)


def _noisy(mean: Tensor, scale: float, generator: torch.Generator | None) -> Tensor:
    noise = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)
    return (mean + scale * noise).clamp(0, 1)


LIKELIHOODS = {"bernoulli": Bernoulli, "squared": Squared, "straight": Straight}
