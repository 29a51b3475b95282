"""Writing grooves of which some hits are known beforehand."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


@torch.no_grad()
def write(
    decoder: Any,
    z: Tensor,
    hits: Tensor,
    struck: Tensor,
    control: Tensor | None = None,
    temperature: float = 0.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Codes to grooves, step by step: what is known of a step is heard by those after it.

    Args:
        decoder: a `FeedingDecoder` whose head is a `GrooveHead`.
        z: [B, Z].
        hits: [B, T, classes], 1 for a hit, 0 for none, below 0 where the model decides.
        struck: bool [B, T], where at least one drum is to be struck.

    Returns:
        Floats [B, T, 3 * classes].
    """
    written = torch.zeros((*hits.shape[:2], 3 * hits.shape[2]), device=z.device)
    for step in range(hits.shape[1]):
        hidden = decoder.hidden(z, written, control)[:, step]
        known = hits[:, step], struck[:, step]
        written[:, step] = decoder.head.sample_known(hidden, *known, temperature, generator)
    return written
