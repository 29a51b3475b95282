"""How well notes suit the chords that are told with them."""

from __future__ import annotations

import numpy as np

from musicvae_lite.music.chords.encodings import tones_table, triad_of
from musicvae_lite.music.score import Score


def under_chords(score: Score) -> tuple[np.ndarray, np.ndarray]:
    """Which notes begin under a chord, bool [N] (drums never do), and which are tones of its triad."""
    if not score.chords or not len(score):
        none = np.zeros(len(score), dtype=bool)
        return none, none
    drum = np.array([part.is_drum for part in score.tracks], dtype=bool)
    ticks = np.array([chord.tick for chord in score.chords])
    triads = np.array([0, *(triad_of(chord.symbol) for chord in score.chords)])  # none before the first
    told = triads[np.searchsorted(ticks, score.start, side="right")]
    return (told > 0) & ~drum[score.track], tones_table()[told, score.pitch % 12]


def suit(score: Score) -> float:
    """Share of the time for which notes sound that tones of the triads sound, 0 to 1.

    Two more quarters count as half right, so that a single note is no proof.
    """
    told, right = under_chords(score)
    length = (score.end - score.start) / score.ticks_per_quarter
    return float((length[told & right].sum() + 1) / (length[told].sum() + 2))
