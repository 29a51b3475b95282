"""Scores for the tests of pictures, and how to measure what was drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from musicvae_lite.music.score import Score, Track

MELODY = (Track("melody"),)
BAND = (Track("melody"), Track("bass", 33), Track("drums", is_drum=True))


def score(
    notes: list[tuple[int, int, int, int, int]], tracks: tuple[Track, ...] = MELODY, **more: Any
) -> Score:
    """Notes as (start, end, pitch, velocity, track) in ticks, 480 a quarter."""
    table = np.array(notes, dtype=np.int32).reshape(-1, 5)
    return Score(480, *table.T, tracks=tracks, **more)


def scale(first: int = 60, bars: int = 2) -> Score:
    """Quarter notes that climb, and grow from 40 to 110 in velocity."""
    return score([(i * 480, i * 480 + 480, first + i % 8, 40 + 10 * (i % 8), 0) for i in range(bars * 4)])


def band(bars: int = 2) -> Score:
    """Melody, bass and drums, one note of each a bar, all loud."""
    struck = [(i * 1920, pitch, t) for i in range(bars) for t, pitch in enumerate((72, 40, 36))]
    return score([(begin, begin + 960, pitch, 127, t) for begin, pitch, t in struck], BAND)


def pixels(path: Path) -> np.ndarray:
    """The picture as floats [height, width, 3 or 4] within 0 and 1."""
    from matplotlib.image import imread

    return imread(path)


def area(path: Path, colour: str) -> int:
    """How many pixels have exactly this colour."""
    from matplotlib.colors import to_rgb

    return int((np.abs(pixels(path)[..., :3] - to_rgb(colour)).max(axis=-1) < 0.02).sum())


def words(figure: Any) -> list[str]:
    """All texts of a figure that can be seen, those of its axes included."""
    found = [text.get_text() for text in figure.texts]
    for axis in figure.axes:
        labels = [*axis.get_xticklabels(), *axis.get_yticklabels(), *axis.texts]
        found += [text.get_text() for text in labels]
    return [word for word in found if word]
