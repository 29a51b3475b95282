"""Training batches: windows from a dataset, synthetic ones mixed in, transposed on the device."""

from __future__ import annotations

import numpy as np
import torch

from musicvae_lite.errors import ConfigError
from musicvae_lite.models.labels import UNSAID
from musicvae_lite.models.tensors import control_tensor, to_tensor
from musicvae_lite.music.representations.base import Crosses, MakesUp, Representation
from musicvae_lite.training.examples import Examples
from musicvae_lite.training.order import over_epochs, shuffled
from musicvae_lite.training.settings import MusicTraining
from musicvae_lite.training.transposition import draw_shifts, transpose
from musicvae_lite.training.windows import WindowSplit
from musicvae_lite.vae import Batch


class Batches:
    """The batch of any step, as a function of the seed and the step alone.

    A run that is resumed therefore sees what the unbroken run would have seen, and no generator state
    needs saving. Rows are drawn without replacement; synthetic windows take the first places.

    Raises:
        ConfigError: synthetic or crossed windows are asked for of a representation that has none.
    """

    def __init__(
        self,
        windows: WindowSplit,
        representation: Representation,
        settings: MusicTraining,
        device: torch.device,
        names: tuple[str, ...] = (),
    ):
        self.windows, self.representation = windows, representation
        self.settings, self.device, self.names = settings, device, names
        shares = np.array([settings.synthetic_at(step) for step in range(settings.steps)])
        if shares.any() and not isinstance(representation, MakesUp):
            raise ConfigError(
                f"training settings 'synthetic' and 'synthetic_last' must be 0: the {representation.name} "
                "representation makes up no windows"
            )
        if (settings.crossed or settings.crossed_last) and not isinstance(representation, Crosses):
            raise ConfigError(
                f"training settings 'crossed' and 'crossed_last' must be 0: the {representation.name} "
                "representation has no voices to exchange"
            )
        real = settings.batch - np.round(shares * settings.batch).astype(np.int64)
        self.starts = np.concatenate([[0], np.cumsum(real)])  # [steps + 1], real windows before each update

    def __call__(self, step: int, generator: torch.Generator) -> Batch:
        """The batch of an update, on the device. `generator` is the step's own."""
        s, r = self.settings, self.representation
        positions = np.arange(self.starts[step], self.starts[step + 1])  # none where all are made up
        rows = over_epochs(positions, len(self.windows), s.seed)
        tokens, control = self.windows.gather(rows), self.windows.gather_control(rows)
        chance = np.random.default_rng([s.seed, 1, step])
        labels = self._labels(rows, chance)
        if s.unsaid and control is not None and r.follows_chords:
            control[chance.random(len(rows)) < s.unsaid] = 0
        crossed = round(s.crossed_at(step) * len(rows))
        if crossed and isinstance(r, Crosses):
            told = np.full(crossed, UNSAID) if labels is None else labels[:crossed]
            for label in np.unique(told):
                alike = np.flatnonzero(told == label)
                tokens[alike] = r.crossed(tokens[alike], chance)  # a style keeps its voices to itself
        made_up = s.batch - len(rows)
        if made_up and isinstance(r, MakesUp):
            tokens = np.concatenate([r.random(made_up, chance), tokens])
            control = None if control is None else _unsaid(control, made_up)
            labels = None if labels is None else _unsaid(labels, made_up)
        given, wanted, control = r.examples(tokens, control, chance)
        x = to_tensor(given, r.step, self.device)
        target = None if wanted is given else to_tensor(wanted, r.step, self.device)
        shift = draw_shifts(x, r.transposition, s.transpose_down, s.transpose_up, generator)
        if shift is not None:
            x = transpose(x, r.transposition, shift)
            target = None if target is None else transpose(target, r.transposition, shift)
            if control is not None:
                control = r.transpose_control(control, shift.cpu().numpy())
        return Batch(x, target, control_tensor(control, r, self.device, self.names, labels))

    def music(self, most: int) -> Examples:
        """Real windows as they are, on a bar line if any begin there: not transposed, none made up."""
        on_bars = np.flatnonzero(self.windows.origins[:, 2] == 0)
        on_bars = on_bars if len(on_bars) else np.arange(len(self.windows))
        rows = on_bars[shuffled(np.arange(min(most, len(on_bars))), len(on_bars), self.settings.seed, 0)]
        return Examples(self.windows, rows, self.representation, self.settings.seed, self.device, self.names)

    def _labels(self, rows: np.ndarray, chance: np.random.Generator) -> np.ndarray | None:
        """The labels int [B] of windows; some are not said, so that a model also works without."""
        labels = self.windows.gather_labels(rows, self.names)
        if labels is not None:
            labels[chance.random(len(rows)) < self.settings.unlabelled] = UNSAID
        return labels


def _unsaid(control: np.ndarray, count: int) -> np.ndarray:
    """The control with `count` windows before it about which nothing is said."""
    return np.concatenate([np.zeros((count, *control.shape[1:]), control.dtype), control])
