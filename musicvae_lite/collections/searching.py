"""The windows of a dataset whose codes lie nearest to that of some music."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from musicvae_lite.errors import ConfigError
from musicvae_lite.training.dataset import open_windows

if TYPE_CHECKING:
    from musicvae_lite.models.music_vae import Music, MusicVAE

WINDOWS = 20_000  # searched at most, spread evenly


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
    most: int = WINDOWS,
) -> list[Neighbour]:
    """The nearest windows, one a song, nearest first.

    Args:
        data: a dataset, or a file or folder of music.
        split: of a dataset.
        most: windows to look at; of more, so many spread evenly.

    Raises:
        ConfigError: a count below 1, or no such split.
        DatasetError: the dataset is damaged or not the model's.
    """
    if count < 1 or most < 1:
        raise ConfigError(f"count is {count} and most is {most}; both must be at least 1")
    here = model.posterior(music).mean  # [1, Z]
    windows = open_windows(data, model.representation, split)
    rows = spread(len(windows), most)
    if not len(rows):
        return []
    means = model.posterior_of_tokens(windows.gather(rows), windows.gather_control(rows)).mean
    distance = (means - here).norm(dim=1).cpu().numpy()
    origins, songs = windows.origins, {song.id: song for song in windows.songs}
    books = {song.source for song in windows.songs if song.tune > 1}
    found: dict[int, Neighbour] = {}
    for place in np.argsort(distance, kind="stable"):
        row = rows[place]
        number, bar, _ = (int(n) for n in origins[row])
        if number in found:
            continue
        song = songs[number]
        tokens = windows.gather(rows[place : place + 1])[0]
        name = f"{song.source}#{song.tune}" if song.source in books else song.source
        found[number] = Neighbour(float(distance[place]), name, song.title, bar, tokens)
        if len(found) == count:
            break
    return list(found.values())


def spread(total: int, most: int) -> np.ndarray:
    """At most so many of the numbers 0 to total - 1, evenly spread."""
    return (
        np.unique(np.linspace(0, total - 1, min(most, total)).astype(np.int64)) if total else np.zeros(0, int)
    )
