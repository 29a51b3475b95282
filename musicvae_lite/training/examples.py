"""Windows of a split as a model takes them, a part at a time: as floats, all at once may fill the memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from musicvae_lite.models.tensors import batch_of
from musicvae_lite.music.representations.base import Example, Representation
from musicvae_lite.training.windows import WindowSplit
from musicvae_lite.vae import Batch

BATCH = 256


@dataclass(frozen=True, eq=False)
class Examples:
    """Batches of at most `BATCH` windows; whoever goes through them again is given the same.

    Where training loses hits by chance, these lose some as well: figures are of the task that was learnt, as
    Magenta's are.

    Attributes:
        windows: the split they are of.
        rows: which of its windows, int [N].
        seed: of what the representation leaves to chance.
        names: of the labels the model knows; those of the windows are told.
    """

    windows: WindowSplit
    rows: np.ndarray
    representation: Representation
    seed: int
    device: torch.device
    names: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Batch]:
        for rows, example in self._parts():
            labels = self.windows.gather_labels(rows, self.names)
            yield batch_of(self.representation, example, self.device, self.names, labels)

    @property
    def wanted(self) -> np.ndarray:
        """All that is to be written, as windows [N, T, ...] in the dtype they are stored in."""
        return np.concatenate([example.target for _, example in self._parts()])

    def _parts(self) -> Iterator[tuple[np.ndarray, Example]]:
        chance = np.random.default_rng(self.seed)
        # What is left to chance is drawn for all of them together: drums alone, which are small.
        at_once = len(self.rows) if self.representation.draws_examples else BATCH
        for first in range(0, len(self.rows), at_once):
            rows = self.rows[first : first + at_once]
            tokens, control = self.windows.gather(rows), self.windows.gather_control(rows)
            whole = self.representation.examples(tokens, control, chance)
            for start in range(0, len(rows), BATCH):
                part = slice(start, start + BATCH)
                x = whole.x[part]
                target = x if whole.target is whole.x else whole.target[part]
                told = None if whole.control is None else whole.control[part]
                yield rows[part], Example(x, target, told)
