"""Which windows count as duplicates: the same notes in any key, under the same chords where these are told.

`Representation.fingerprint` tells windows apart by their notes. What conditions them is told apart here,
moved to the key that the notes of its window are moved to.
"""

from __future__ import annotations

import numpy as np

from musicvae_lite.music.representations.base import Representation
from musicvae_lite.music.representations.fingerprints import as_bytes, hash_rows, mix
from musicvae_lite.music.representations.transposition import Transposition


def fingerprint(
    representation: Representation, tokens: np.ndarray, control: np.ndarray | None = None
) -> np.ndarray:
    """A hash uint64 [W] of windows [W, T, ...] and what conditions them: equal for duplicates."""
    notes = representation.fingerprint(tokens)
    if control is None:
        return notes
    return mix(notes) ^ control_fingerprint(representation, tokens, control)


def control_fingerprint(
    representation: Representation, tokens: np.ndarray, control: np.ndarray
) -> np.ndarray:
    """A hash uint64 [W] of what conditions windows, the same when both are transposed.

    Args:
        tokens: canonical windows [W, T, ...].
        control: what conditions them [W, T, ...].
    """
    down = -lowest(representation.transposition, np.asarray(tokens))
    return hash_rows(as_bytes(representation.transpose_control(control, down)))


def lowest(transposition: Transposition, tokens: np.ndarray) -> np.ndarray:
    """The lowest pitch int64 [W] of windows [W, T, ...], in semitones above that of their spans; 0 where
    nothing moves."""
    none = max((span.high - span.low + 1 for span in transposition.spans), default=0)
    low = np.full(len(tokens), none, np.int64)
    for span in transposition.spans:
        height = np.arange(span.high - span.low + 1)
        if transposition.by == "place":
            used = tokens[:, :, span.low : span.high + 1].any(axis=1)  # [W, semitones]
            found = np.where(used, height, none).min(axis=1)
        else:
            values = tokens if span.column is None else tokens[..., span.column]  # [W, T]
            moving = (values >= span.low) & (values <= span.high)
            if transposition.segment:
                begins = tokens[:, :: transposition.segment] != transposition.still
                moving &= np.repeat(begins, transposition.segment, axis=1)
            found = np.where(moving, values, span.low + none).min(axis=1).astype(np.int64) - span.low
        low = np.minimum(low, found)
    return np.where(low == none, 0, low)
