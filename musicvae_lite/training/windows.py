"""Windows of music to train on or evaluate with: gathered by index, in a reproducible order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np


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
        label: name of the folder it was in; "" where that was the one folder that was prepared. Music that
            is read straight from a folder goes by that folder's name (see `dataset.windows_of`).
        folder: number of the folder that `source` is relative to, where several were prepared.
    """

    id: int
    source: str
    tune: int
    title: str
    split: str
    windows: int
    label: str = ""
    folder: int | None = None


class WindowSplit:
    """Windows of music, on disk or in memory.

    Args:
        tokens: arrays [W_i, T, ...] that follow one another.
        origins: int32 arrays [W_i, 3], the song, bar (from 1) and step each window starts at.
        name: for messages.
        load_songs: gives the songs they come from, when they are asked for.
        control: what conditions each window, arrays [W_i, T, ...] beside `tokens`; None when nothing does.
        reopen: gives the same windows in another process, for those on disk; others are sent there whole.
    """

    def __init__(
        self,
        tokens: Sequence[np.ndarray],
        origins: Sequence[np.ndarray],
        name: str = "windows",
        load_songs: Callable[[], Sequence[Song]] = tuple,
        control: Sequence[np.ndarray] | None = None,
        reopen: Callable[[], WindowSplit] | None = None,
    ):
        self._tokens, self._origins = list(tokens), list(origins)
        self._starts = np.cumsum([0, *(len(t) for t in self._tokens)])
        self.name, self._load_songs = name, load_songs
        self._control = None if control is None else list(control)
        self._reopen = reopen

    def __reduce__(self) -> tuple[Callable[..., WindowSplit], tuple]:
        if self._reopen is not None:
            return self._reopen, ()
        return WindowSplit, (self._tokens, self._origins, self.name, self._load_songs, self._control)

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

    def gather_origins(self, indices: np.ndarray) -> np.ndarray:
        """Where those windows start, int32 [B, 3], as `origins` has them."""
        return self._gathered(self._origins, indices)

    def gather_labels(self, indices: np.ndarray, names: Sequence[str]) -> np.ndarray | None:
        """The labels int64 [B] of those windows' songs: 1 for the first of `names`, 0 for none of them.

        None when there are no names.
        """
        if not names:
            return None
        known = {name: number for number, name in enumerate(names, 1)}
        labels = self._label_of_song
        songs = self.gather_origins(indices)[:, 0].tolist()
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
