"""Syncopation: onsets off the beat that no onset just before them prepares."""

from __future__ import annotations

import numpy as np


def syncopation(onset: np.ndarray, steps_per_quarter: int) -> tuple[np.ndarray, np.ndarray]:
    """Shares [W] of the onsets [W, T] that are syncopated on 16ths and on 8ths.

    16ths: on an odd 16th, with none on the 16th before. 8ths: on an off-beat 8th, with none on the 16th or
    the 8th before. On grids without these places both are 0.
    """
    count = np.maximum(onset.sum(1), 1)
    if steps_per_quarter % 4:
        return np.zeros(len(onset)), np.zeros(len(onset))
    sixteenth = steps_per_quarter // 4
    before, long_before = _later(onset, sixteenth), _later(onset, 2 * sixteenth)
    place = np.arange(onset.shape[1])
    odd = place % (2 * sixteenth) == sixteenth
    off_beat = place % steps_per_quarter == 2 * sixteenth
    return (
        (onset & odd & ~before).sum(1) / count,
        (onset & off_beat & ~before & ~long_before).sum(1) / count,
    )


def _later(flags: np.ndarray, steps: int) -> np.ndarray:
    """Flags [W, T] moved so many steps to the right."""
    moved = np.zeros_like(flags)
    moved[:, steps:] = flags[:, :-steps]
    return moved
