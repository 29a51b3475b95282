"""Piano-rolls read and written key by key: what is learnt of one key holds for its neighbours.

Convolutions over the keys, as over the rows of a picture, beside the tables that tell every key apart. Steps
are flags in rows of K keys each (`Binary.rows`), such as keys struck and keys held.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from musicvae_lite.errors import ConfigError
from musicvae_lite.models.heads.keys import KeysHead
from musicvae_lite.models.places import PlaceTable
from musicvae_lite.music.representations.steps import Binary, Step

COARSE = 8  # keys to a place of the coarsest convolution
CHANNELS = (64, 48)  # at a COARSE-th and a quarter of the keys
NEAR = 3  # semitones that a key hears what sounds to either side


def keys_of(step: Step) -> tuple[int, int]:
    """Rows and keys of a step of piano-roll. Raises ConfigError for any other step."""
    if not isinstance(step, Binary) or step.rows < 2:
        raise ConfigError(f"'keys' is for piano-rolls, not for steps of the kind {type(step).__name__}")
    return step.rows, step.size // step.rows


class KeysEmbedding(nn.Module):
    """The S steps of a beat as one vector: two convolutions over the keys, and a table for each place."""

    def __init__(self, step: Step, steps: int, width: int):
        super().__init__()
        self.rows, self.keys = keys_of(step)
        places = -(-self.keys // COARSE)
        self.margin = places * COARSE - self.keys
        coarse, fine = CHANNELS
        self.table = PlaceTable(step, steps, width)
        self.convolve = nn.Sequential(
            nn.Conv1d(steps * self.rows, fine, 12, 4, 4),
            nn.ReLU(),
            nn.Conv1d(fine, coarse, 4, 2, 1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(coarse * places, width),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Flags [B, beats, S, rows * K] -> [B, beats, width]."""
        flags = x.to(self.table.weight.dtype).flatten(0, 1)  # [M, S, rows * K]
        over_keys = F.pad(flags.unflatten(-1, (self.rows, -1)).flatten(1, 2), (0, self.margin))
        return self.table(x) + self.convolve(over_keys).unflatten(0, x.shape[:2])


class KeysCore(nn.Module):
    """Every step of a beat from the beat's vector and from what sounded near each key in the beat before it.

    Of `hidden` numbers a step, a 32nd part is what each key has to itself.
    """

    def __init__(self, step: Step, width: int, hidden: int, steps: int, nade: int = 0):
        super().__init__()
        if nade:
            raise ConfigError("the core 'keys' has a head of its own and takes no 'nade'")
        self.steps, (self.rows, self.keys) = steps, keys_of(step)
        self.channels = max(4, hidden // 32)
        self.places = -(-self.keys // COARSE)
        coarse, fine = CHANNELS
        self.bias = nn.Linear(width, steps * self.rows * self.keys)
        self.spread = nn.Linear(width, coarse * self.places)
        self.plan = nn.Sequential(
            nn.ReLU(),
            nn.ConvTranspose1d(coarse, fine, 4, 2, 1),
            nn.ReLU(),
            nn.ConvTranspose1d(fine, steps * self.channels, 8, 4, 2),
        )
        self.near = nn.Conv1d(steps * self.rows, self.channels, 2 * NEAR + 1, padding=NEAR, bias=False)
        self.mix = nn.Conv1d(self.channels, self.channels, 1)
        self.head = KeysHead(self.channels, self.rows, self.keys)

    def hidden(self, beats: Tensor, x: Tensor, before: Tensor) -> Tensor:
        """Hidden states of every step, each knowing only the steps before it.

        Args:
            beats: [M, D].
            x: flags [M, S, rows * K], 0 where a step is hidden.
            before: the S steps before each beat, [M, S, rows * K].

        Returns:
            [M, S, H]: for each key its channels, and the dense part of its logits.
        """
        plan, bias = self._planned(beats)
        song = torch.cat([before.to(plan.dtype), x[:, :-1].to(plan.dtype)], 1)  # [M, 2S - 1, rows * K]
        past = song.unfold(1, self.steps, 1).movedim(-1, 2)  # [M, S, S, rows * K]
        return self._mixed(plan, bias, past)

    def sample(
        self, beats: Tensor, temperature: float, generator: torch.Generator | None, before: Tensor
    ) -> Tensor:
        """beats [M, D], the steps before them [M, S, rows * K] -> steps [M, S, rows * K]."""
        plan, bias = self._planned(beats)
        song = list(before.to(plan.dtype).unbind(1))
        for step in range(self.steps):
            past = torch.stack(song[step : step + self.steps], 1)[:, None]
            hidden = self._mixed(plan[:, step : step + 1], bias[:, step : step + 1], past)
            song.append(self.head.sample(hidden[:, 0], temperature, generator).to(plan.dtype))
        return torch.stack(song[self.steps :], 1).long()

    def _planned(self, beats: Tensor) -> tuple[Tensor, Tensor]:
        """What the beat's vector says to each key: [M, S, C, K], and to its logits: [M, S, rows * K]."""
        plan = self.plan(self.spread(beats).unflatten(-1, (-1, self.places)))[..., : self.keys]
        return plan.unflatten(1, (self.steps, -1)), self.bias(beats).unflatten(-1, (self.steps, -1))

    def _mixed(self, plan: Tensor, bias: Tensor, past: Tensor) -> Tensor:
        """plan [M, s, C, K], bias [M, s, rows * K], past [M, s, S, rows * K] -> [M, s, H]."""
        over_keys = past.flatten(0, 1).unflatten(-1, (self.rows, -1)).flatten(1, 2)  # [M * s, S * rows, K]
        hidden = F.relu(plan.flatten(0, 1) + self.near(over_keys))
        hidden = hidden + F.relu(self.mix(hidden))  # [M * s, C, K]
        return torch.cat([hidden.flatten(1), bias.flatten(0, 1)], 1).unflatten(0, plan.shape[:2])
