"""The windows of a dataset whose codes lie nearest to that of some music."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError
from musicvae_lite.music import naming
from musicvae_lite.training.dataset import open_windows
from musicvae_lite.training.windows import WindowSplit

if TYPE_CHECKING:
    from torch import Tensor

    from musicvae_lite.models.music_vae import Music, MusicVAE

AT_ONCE = 4096  # windows whose codes are held
FARTHEST = 12  # semitones that music is moved by, up and down
DIGITS = 4  # of a distance: below that it is the arithmetic that differs


@dataclass(frozen=True, eq=False)
class Neighbour:
    """A window near some music, or near that music in another key.

    Attributes:
        distance: between the mean codes, Euclidean.
        semitones: how far the music was moved for that: the window lies so much above it, below 0 under it.
        song, title: of the song it comes from; of a tune of a book such as book.abc#3.
        bar: where it begins, from 1.
        tokens: [T, ...].
    """

    distance: float
    semitones: int
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

    The music is looked for as it is and, where it has pitches, in other keys: an octave higher and lower at
    most, as far as the model's range goes. Of what is equally near, that which is moved least comes first.

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
    shifts, here = _moved(model, music)
    windows = open_windows(data, model.representation, split, keep_duplicates=True)
    nearest: dict[int, tuple[float, int, int]] = {}  # of each song: how far, which shift, which window
    for first in range(0, len(windows), AT_ONCE):
        rows = np.arange(first, min(first + AT_ONCE, len(windows)))
        means = model.posterior_of_tokens(windows.gather(rows), windows.gather_control(rows)).mean
        apart = torch.cdist(means, here, compute_mode="donot_use_mm_for_euclid_dist")  # [N, S]
        distances = apart.cpu().double().numpy().round(DIGITS)
        places = zip(distances.min(1).tolist(), distances.argmin(1).tolist(), rows.tolist(), strict=True)
        for song, place in zip(_songs(windows, rows), places, strict=True):
            nearest[song] = min(nearest.get(song, (math.inf, 0, 0)), place)
        progress(int(rows[-1]) + 1, len(windows))
    songs = {song.id: song for song in windows.songs}
    books = {song.source for song in windows.songs if song.tune > 1}
    found = []
    for number, (distance, shift, row) in sorted(nearest.items(), key=lambda item: item[1])[:count]:
        song, tokens = songs[number], windows.gather(np.array([row]))[0]
        _, bar, _ = windows.gather_origins(np.array([row]))[0].tolist()
        name = naming.tune(song.source, song.tune) if song.source in books else song.source
        found.append(Neighbour(distance, shifts[shift], name, song.title, bar, tokens))
    return found


def _moved(model: MusicVAE, music: Music) -> tuple[list[int], Tensor]:
    """The semitones by which music can be moved, least first, and its codes [S, Z] in all these keys."""
    r, picked = model.representation, model.pick(music)
    shifts = np.array(sorted(range(-FARTHEST, FARTHEST + 1), key=abs) if r.transposition.spans else [0])
    tokens = r.transpose(np.repeat(picked.tokens[None], len(shifts), 0), shifts)
    control = None
    if picked.control is not None:
        control = r.transpose_control(np.repeat(picked.control[None], len(shifts), 0), shifts)
    marks = r.fingerprint(tokens)  # another where a pitch stayed that would have left the range
    whole = marks == marks[0]
    told = None if control is None else control[whole]
    return shifts[whole].tolist(), model.posterior_of_tokens(tokens[whole], told).mean


def _songs(windows: WindowSplit, rows: np.ndarray) -> list[int]:
    return windows.gather_origins(rows)[:, 0].tolist()
