"""Windows of music to train on or evaluate with: gathered by index, in a reproducible order."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.training.order import shuffled


@dataclass(frozen=True)
class Song:
    """One song of a dataset.

    Attributes:
        id: number used in `WindowSplit.origins`.
        source: its file, relative to the folder that was prepared.
        tune: its number in that file, from 1.
        title: "" if the file gives none.
        split: where it went.
        windows: how many are left of it after duplicates were removed.
        label: name of the folder it was in.
    """

    id: int
    source: str
    tune: int
    title: str
    split: str
    windows: int
    label: str = ""


class WindowSplit:
    """Windows of music, on disk or in memory.

    Args:
        tokens: arrays [W_i, T, ...] that follow one another.
        origins: int32 arrays [W_i, 3], the song, bar (from 1) and step each window starts at.
        name: for messages.
        load_songs: gives the songs they come from, when they are asked for.
        control: what conditions each window, arrays [W_i, T, ...] beside `tokens`; None when nothing does.
    """

    def __init__(
        self,
        tokens: Sequence[np.ndarray],
        origins: Sequence[np.ndarray],
        name: str = "windows",
        load_songs: Callable[[], Sequence[Song]] = tuple,
        control: Sequence[np.ndarray] | None = None,
    ):
        self._tokens, self._origins = list(tokens), list(origins)
        self._starts = np.cumsum([0, *(len(t) for t in self._tokens)])
        self.name, self._load_songs = name, load_songs
        self._control = None if control is None else list(control)

    def __len__(self) -> int:
        return int(self._starts[-1])

    @cached_property
    def songs(self) -> tuple[Song, ...]:
        """The songs the windows come from."""
        return tuple(self._load_songs())

    @property
    def origins(self) -> np.ndarray:
        """int32 [W, 3]: song id, bar from 1, step within the bar."""
        if len(self._origins) == 1:
            return self._origins[0]
        return np.concatenate(self._origins) if self._origins else np.zeros((0, 3), np.int32)

    def gather(self, indices: np.ndarray) -> np.ndarray:
        """Copies the tokens [B, T, ...] of windows int [B], in the order of the indices."""
        return self._gathered(self._tokens, indices)

    def gather_control(self, indices: np.ndarray) -> np.ndarray | None:
        """What conditions those windows, [B, T, ...]; None when nothing does."""
        return None if self._control is None else self._gathered(self._control, indices)

    def gather_labels(self, indices: np.ndarray, names: Sequence[str]) -> np.ndarray | None:
        """The labels int64 [B] of those windows' songs: 1 for the first of `names`, 0 for none of them.

        None when there are no names.
        """
        if not names:
            return None
        known = {name: number for number, name in enumerate(names, 1)}
        labels = self._label_of_song
        songs = self._gathered(self._origins, indices)[:, 0].tolist()
        return np.array([known.get(labels.get(song, ""), 0) for song in songs], np.int64)

    @cached_property
    def _label_of_song(self) -> dict[int, str]:
        return {song.id: song.label for song in self.songs}

    def _gathered(self, arrays: list[np.ndarray], indices: np.ndarray) -> np.ndarray:
        indices = np.asarray(indices)
        if len(indices) and not 0 <= indices.min() <= indices.max() < len(self):
            raise IndexError(f"window {indices.max()} of {self.name}, which has {len(self)}")
        if not arrays:
            raise IndexError(f"{self.name} has no windows")
        if len(arrays) == 1:
            return np.asarray(arrays[0][indices])
        shard = np.searchsorted(self._starts, indices, side="right") - 1
        out = np.empty((len(indices), *arrays[0].shape[1:]), arrays[0].dtype)
        for number in np.unique(shard):
            rows = shard == number
            out[rows] = arrays[number][indices[rows] - self._starts[number]]
        return out

    def batch_size(self, wanted: int) -> int:
        """The batch size to use: `wanted`, or all windows if there are fewer, with a warning.

        Raises:
            NothingUsableError: there are no windows.
        """
        if wanted < 1:
            raise ConfigError(f"batch size is {wanted}; it must be at least 1")
        if not len(self):
            raise NothingUsableError(
                f"{self.name} holds no windows; prepare a dataset from more songs, or with another --split"
            )
        if len(self) < wanted:
            warnings.warn(
                f"{self.name} has {len(self):,} windows, fewer than a batch of {wanted:,}: "
                f"batches have {len(self):,}",
                stacklevel=2,
            )
        return min(wanted, len(self))

    def batch_count(self, batch_size: int, drop_last: bool = True) -> int:
        """Batches in an epoch; `drop_last` leaves out a last one that is not full."""
        size = min(batch_size, max(len(self), 1))
        return len(self) // size if drop_last else -(-len(self) // size)

    def batch_indices(
        self, batch: int, batch_size: int, *, seed: int, epoch: int = 0, rank: int = 0, ranks: int = 1
    ) -> np.ndarray:
        """The windows int64 of batch number `batch` in an epoch's order.

        Of a batch shared by several processes, each takes every `ranks`-th window: the windows of the
        batch are the same for any number of them.
        """
        stop = min((batch + 1) * batch_size, len(self))
        positions = np.arange(batch * batch_size + rank, stop, ranks)
        return shuffled(positions, len(self), seed, epoch)

    def batches(
        self,
        batch_size: int,
        *,
        seed: int,
        epoch: int = 0,
        start: int = 0,
        drop_last: bool = True,
        rank: int = 0,
        ranks: int = 1,
    ) -> Iterator[np.ndarray]:
        """Shuffled batches [B, T, ...] of one epoch, from batch number `start` on.

        The order is a function of seed and epoch alone, so a run that stopped before batch k goes on
        with `start=k`. A batch larger than the split shrinks to it (`batch_size` warns).
        """
        size = self.batch_size(batch_size)
        for batch in range(start, self.batch_count(size, drop_last)):
            yield self.gather(self.batch_indices(batch, size, seed=seed, epoch=epoch, rank=rank, ranks=ranks))

    def in_order(self, batch_size: int) -> Iterator[np.ndarray]:
        """All windows as stored, [B, T, ...] at a time; the last batch may be smaller."""
        for first in range(0, len(self), batch_size):
            yield self.gather(np.arange(first, min(first + batch_size, len(self))))


def from_arrays(
    tokens: np.ndarray,
    origins: np.ndarray | None = None,
    name: str = "windows",
    control: np.ndarray | None = None,
) -> WindowSplit:
    """Windows held in memory: tokens [W, T, ...], int32 [W, 3] of where they come from, their control."""
    if origins is None:
        origins = np.stack([np.zeros(len(tokens)), np.ones(len(tokens)), np.zeros(len(tokens))], 1)
    told = None if control is None else [control]
    return WindowSplit([tokens], [origins.astype(np.int32)], name, control=told)
