"""A model whose every answer is known: a code says how many notes, and how far they leap."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from musicvae_lite.latent import Posterior
from musicvae_lite.music.representations import MelodyRepresentation

LOW = 60
COUNT, COUNT_PER_UNIT = 5, 1.0
LEAP, LEAP_PER_UNIT = 5, 1.5
MIX = torch.tensor([[1.0, 0.0, 0.0], [0.7, 0.7, 0.0], [0.0, 0.0, 1.0]])  # notes and leaps go together


class KnownModel:
    """A bar of eighths without gaps that begin on the beat, leaping up and down by the same interval.

    Codes have three numbers; the third says nothing.
    """

    representation = MelodyRepresentation(bars=1)
    config = SimpleNamespace(z=3)

    def __init__(self) -> None:
        self.vae = SimpleNamespace(draw=lambda n, generator: torch.randn(n, 3, generator=generator) @ MIX.T)

    def generator(self, seed: int) -> torch.Generator:
        return torch.Generator().manual_seed(seed)

    def decode(self, z: Tensor, temperature: float = 0.0, seed: int = 0, control: Any = None) -> Any:
        count = (COUNT + COUNT_PER_UNIT * z[:, 0]).round().clamp(2, 8).numpy()
        leap = (LEAP + LEAP_PER_UNIT * z[:, 1]).round().clamp(0, 24).numpy()
        tokens = np.zeros((len(z), 16), np.uint8)
        for step in range(8):
            pitch = LOW + leap * (step % 2) - self.representation.lowest + 2
            tokens[:, 2 * step] = np.where(step < count, pitch, 0)
        return SimpleNamespace(tokens=tokens)

    def posterior_of_tokens(self, tokens: np.ndarray, control: None = None) -> Posterior:
        onset = tokens > 1
        count, high = onset.sum(1), np.where(onset, tokens, 0).max(1)
        leap = high.astype(int) + self.representation.lowest - 2 - LOW
        mean = np.stack([(count - COUNT) / COUNT_PER_UNIT, (leap - LEAP) / LEAP_PER_UNIT, 0 * count], 1)
        return Posterior(torch.as_tensor(mean).float(), torch.ones(len(tokens), 3))


def known_model() -> Any:
    return KnownModel()
