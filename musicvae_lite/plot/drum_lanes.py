"""Drums as lanes: from the kick at the bottom over snares, toms and hi-hats up to cymbals and the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musicvae_lite.music import drum_names
from musicvae_lite.music.score import Score

LETTER = 0.062  # inches of a letter of a name


def is_drum(score: Score) -> np.ndarray:
    """Which notes are drums: bool [N]."""
    if not len(score):
        return np.zeros(0, dtype=bool)
    return np.array([track.is_drum for track in score.tracks], dtype=bool)[score.track]


def lanes(scores: Sequence[Score]) -> list[int]:
    """The drums that any of the scores strikes, as MIDI pitches, from the lowest lane upwards."""
    struck = np.unique(np.concatenate([score.pitch[is_drum(score)] for score in scores])).tolist()
    return drum_names.ordered(struck)


def inches(lanes: Sequence[int]) -> float:
    """Room that the names of lanes take beside them."""
    return 0.12 + LETTER * max((len(drum_names.name(pitch)) for pitch in lanes), default=0)
