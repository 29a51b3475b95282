"""The windows of a dataset whose codes lie nearest to that of some music."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError
from musicvae_lite.music import naming
from musicvae_lite.training.dataset import open_windows
from musicvae_lite.training.windows import WindowSplit

if TYPE_CHECKING:
    from musicvae_lite.models.music_vae import Music, MusicVAE

AT_ONCE = 4096  # windows whose codes are held


@dataclass(frozen=True, eq=False)
class Neighbour:
    """A window near some music.

    Attributes:
        distance: between the mean codes, Euclidean.
        song, title: of the song it comes from; of a tune of a book such as book.abc#3.
        bar: where it begins, from 1.
        tokens: [T, ...].
    """

    distance: float
    song: str
    title: str
    bar: int
    tokens: np.ndarray


def search(
    model: MusicVAE,
    music: Music,
    data: str | Path,
    count: int = 10,
    split: str = "train",
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Neighbour]:
    """The nearest windows of all, one a song, nearest first.

    Args:
        data: a file or folder of music; or a dataset, where of songs that share a window one has it.
        split: of a dataset.
        progress: told how many windows of how many were looked at.

    Raises:
        ConfigError: a count below 1, or no such split.
        DatasetError: the dataset is damaged or not the model's.
    """
    count = runtime.whole("count", count)
    if count < 1:
        raise ConfigError(f"count is {count}; it must be at least 1")
    here = model.posterior(music).mean  # [1, Z]
    windows = open_windows(data, model.representation, split, keep_duplicates=True)
    nearest: dict[int, tuple[float, int]] = {}  # of each song, how far it is and which window
    for first in range(0, len(windows), AT_ONCE):
        rows = np.arange(first, min(first + AT_ONCE, len(windows)))
        means = model.posterior_of_tokens(windows.gather(rows), windows.gather_control(rows)).mean
        distances = (means - here).norm(dim=1).tolist()
        for song, distance, row in zip(_songs(windows, rows), distances, rows.tolist(), strict=True):
            nearest[song] = min(nearest.get(song, (math.inf, -1)), (distance, row))
        progress(int(rows[-1]) + 1, len(windows))
    songs = {song.id: song for song in windows.songs}
    books = {song.source for song in windows.songs if song.tune > 1}
    found = []
    for number, (distance, row) in sorted(nearest.items(), key=lambda item: item[1])[:count]:
        song, tokens = songs[number], windows.gather(np.array([row]))[0]
        _, bar, _ = windows.gather_origins(np.array([row]))[0].tolist()
        name = naming.tune(song.source, song.tune) if song.source in books else song.source
        found.append(Neighbour(distance, name, song.title, bar, tokens))
    return found


def _songs(windows: WindowSplit, rows: np.ndarray) -> list[int]:
    return windows.gather_origins(rows)[:, 0].tolist()
