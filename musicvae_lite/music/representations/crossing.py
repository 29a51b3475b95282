"""New windows from old ones: each voice from another window, lest they be learnt by heart together."""

from __future__ import annotations

import numpy as np


def crossed(voices: np.ndarray, beat: int, generator: np.random.Generator) -> np.ndarray:
    """Windows whose every voice is their own or that of another one, which then begins at another beat.

    Args:
        voices: [W, T, V, ...], V voices of the windows of one batch.
        beat: steps a beat; another window's voices are shifted around by whole beats, so that accents
            stay where the meter has them.

    Returns:
        Windows of the same shape; windows alone in their batch meet themselves.
    """
    other = others(voices, beat, generator)
    count, parts = voices.shape[0], voices.shape[2]
    share = generator.random((count, 1, 1))  # how much of a window is another's
    taken = (generator.random((count, 1, parts)) < share).reshape(count, 1, parts, *[1] * (voices.ndim - 3))
    return np.where(taken, other, voices)


def filled(voices: np.ndarray, silent: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Windows whose silent voices are those of other windows, in which they sound.

    So songs that have one voice alone teach a model of several.

    Args:
        voices: [W, T, V], V voices of the windows of one batch.
        silent: bool [W, V], which of them rest throughout.

    Returns:
        Windows of the same shape; a voice that no window of the batch has stays silent.
    """
    found = voices.copy()
    for voice in range(voices.shape[2]):
        without, having = np.flatnonzero(silent[:, voice]), np.flatnonzero(~silent[:, voice])
        if len(having):
            found[without, :, voice] = voices[generator.choice(having, len(without)), :, voice]
    return found


def others(windows: np.ndarray, beat: int, generator: np.random.Generator) -> np.ndarray:
    """For each window [W, T, ...] of a batch another one, which begins at another beat."""
    count, steps = windows.shape[:2]
    partner = generator.permutation(count)
    shift = beat * generator.integers(0, max(1, steps // beat), count)
    places = (np.arange(steps) + shift[:, None]) % steps  # [W, T]
    return windows[partner[:, None], places]
