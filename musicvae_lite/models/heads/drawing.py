"""Drawing values from logits at a temperature."""

from __future__ import annotations

import torch
from torch import Tensor

LEAST = 1e-6  # that logits are divided by, which less could make infinite


def draw(logits: Tensor, temperature: float, generator: torch.Generator | None = None) -> Tensor:
    """Samples [...] from logits [..., V]; temperature 0 takes the likeliest."""
    if temperature <= 0:
        return logits.argmax(-1)
    shares = (logits.float() / max(temperature, LEAST)).softmax(-1)
    # The first value up to which more lies than a uniform share: one number a draw; multinomial makes V.
    bounds = shares.cumsum(-1)  # [..., V]
    place = torch.rand((*logits.shape[:-1], 1), generator=generator, device=logits.device)
    place = place * bounds[..., -1:] * (1 - torch.finfo(torch.float32).eps)
    return torch.searchsorted(bounds, place, right=True)[..., 0]


def flip(logits: Tensor, temperature: float, generator: torch.Generator | None = None) -> Tensor:
    """Zeros and ones [...] (float) from logits [...]; temperature 0 takes what is likelier."""
    if temperature <= 0:
        return (logits >= 0).float()
    chance = (logits.float() / temperature).sigmoid()
    return (torch.rand(chance.shape, generator=generator, device=chance.device) < chance).float()


def flag_metrics(right: Tensor, target: Tensor) -> dict[str, Tensor]:
    """How often whole steps of zeros and ones are right.

    Args:
        right: bool [B, T, D].
        target: [B, T, D], zeros and ones.

    Returns:
        `accuracy` over all steps, and `accuracy_uncommon` over those that hold a one.
    """
    steps = right.all(-1)
    struck = (target > 0).any(-1)
    return {
        "accuracy": steps.float().mean(),
        "accuracy_uncommon": (steps & struck).sum() / struck.sum().clamp_min(1),
    }
