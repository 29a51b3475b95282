"""Training batches: windows from a dataset, synthetic ones mixed in, transposed on the device."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from musicvae_lite.music.representations.base import Representation
from musicvae_lite.training.order import shuffled
from musicvae_lite.training.settings import MusicTraining
from musicvae_lite.training.windows import WindowSplit


class Batches:
    """The batch of any step, as a function of the seed and the step alone.

    A run that is resumed therefore sees what the unbroken run would have seen, and no generator state
    needs saving. Rows are drawn without replacement; synthetic windows take the first places.
    """

    def __init__(
        self,
        windows: WindowSplit,
        representation: Representation,
        settings: MusicTraining,
        device: torch.device,
    ):
        self.windows, self.representation = windows, representation
        self.settings, self.device = settings, device
        shares = np.array([settings.synthetic_at(step) for step in range(settings.steps)])
        real = settings.batch - np.round(shares * settings.batch).astype(np.int64)
        self.starts = np.concatenate([[0], np.cumsum(real)])  # [steps + 1], real windows before each update

    def __call__(self, step: int, generator: torch.Generator) -> Tensor:
        """Tokens [B, T], int64, on the device. `generator` is the step's own."""
        rows = self._rows(np.arange(self.starts[step], self.starts[step + 1]))
        tokens = self.windows.gather(rows)
        made_up = self.settings.batch - len(rows)
        if made_up:
            chance = np.random.default_rng([self.settings.seed, 1, step])
            tokens = np.concatenate([self.representation.random(made_up, chance), tokens])
        x = torch.from_numpy(tokens.astype(np.int64)).to(self.device)
        s = self.settings
        return transpose(x, s.transpose_down, s.transpose_up, self.representation.pitch_tokens, generator)

    def music(self, most: int) -> Tensor:
        """Real windows [N, T] as they are: not transposed, none made up."""
        rows = self._rows(np.arange(min(most, len(self.windows))))
        return torch.from_numpy(self.windows.gather(rows).astype(np.int64)).to(self.device)

    def _rows(self, positions: np.ndarray) -> np.ndarray:
        """Which windows stand at these positions of the run, epoch after epoch."""
        count = len(self.windows)
        if not len(positions):  # nothing but synthetic windows
            return positions
        epochs, within = np.divmod(positions, count)
        parts = [shuffled(within[epochs == e], count, self.settings.seed, int(e)) for e in np.unique(epochs)]
        return np.concatenate(parts)


def transpose(
    x: Tensor, down: int, up: int, pitch_tokens: tuple[int, int], generator: torch.Generator
) -> Tensor:
    """Shifts each window [B, T] by its own random number of semitones, as far as its range allows.

    Args:
        pitch_tokens: lowest and highest token that is a pitch; tokens outside are left alone.
    """
    if not (down or up):
        return x
    low, high = pitch_tokens
    is_pitch = (x >= low) & (x <= high)
    lowest = torch.where(is_pitch, x, high).amin(1)
    highest = torch.where(is_pitch, x, low).amax(1)
    shift = torch.randint(-down, up + 1, (len(x),), generator=generator, device=x.device)
    shift = shift.clamp(min=low - lowest, max=high - highest)
    return torch.where(is_pitch, x + shift[:, None], x)
