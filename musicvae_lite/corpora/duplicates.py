"""Which windows count as duplicates: the same notes in any key, under the same chords where these are told.

`Representation.fingerprint` tells windows apart by their notes. What conditions them is told apart here,
moved to the key that the notes of its window are moved to.
"""

from __future__ import annotations

import numpy as np

from musicvae_lite.music.representations.base import Representation
from musicvae_lite.music.representations.fingerprints import as_bytes, hash_rows, mix


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
    down = -representation.transposition.lowest(tokens)
    return hash_rows(as_bytes(representation.transpose_control(control, down)))
