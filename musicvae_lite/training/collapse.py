"""Posterior collapse: the decoder does without the code. When a run is told of it, and in which words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from musicvae_lite.training.settings import TrainingSettings

FEWEST_UPDATES = 100  # before these a code says little, whatever the weight of the KL
FEWEST_BITS = 1.0
IN_USE = 0.01  # nats that a unit says at least


def collapse_warning(
    kl_bits: float, units: Sequence[float] | Tensor, settings: TrainingSettings, step: int
) -> str | None:
    """A sentence for the user when the posterior has collapsed onto the prior, else None.

    None also where another cause is as likely: within the first updates, while the KL has less than half the
    weight that the run ends with, and below the free bits, where it has none.

    Args:
        kl_bits: mean KL of an example, in bits.
        units: mean KL of each latent unit, in nats.
        settings: of the run.
        step: updates done.
    """
    beta = settings.beta_at(step)
    is_early = step < FEWEST_UPDATES or beta < settings.beta_at(settings.steps) / 2
    if is_early or math.isnan(kl_bits) or kl_bits < settings.free_bits:
        return None
    in_use = int((torch.as_tensor(units) > IN_USE).sum())
    if kl_bits >= FEWEST_BITS and in_use > 0:
        return None
    return (
        f"posterior collapse: the code carries {kl_bits:.2f} bits in {in_use} of {len(units)} units, so the "
        f"decoder ignores it. In [training] of a preset file, lower the KL's weight (beta, now {beta:.3g}), "
        "let it grow later (beta_begin and beta_end, shares of the run), or allow free bits (free_bits)"
    )
