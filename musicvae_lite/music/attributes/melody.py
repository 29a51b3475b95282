"""Attributes of melodies: what is played, how densely, how far it leaps, and how it sits on the beat."""

from __future__ import annotations

import numpy as np

from musicvae_lite.music.attributes.syncopation import syncopation
from musicvae_lite.music.representations.line import FIRST_NOTE, HOLD
from musicvae_lite.music.representations.melody import MelodyRepresentation

NAMES = ("diatonic", "density", "interval", "syncopation16", "syncopation8", "range", "rests", "repetition")
C_MAJOR = np.isin(np.arange(12), (0, 2, 4, 5, 7, 9, 11))


def measure(tokens: np.ndarray, representation: MelodyRepresentation) -> dict[str, np.ndarray]:
    """Attributes of windows [W, T], float64 [W] each.

    diatonic: share of notes in the scale of C major. density: onsets a step. interval: mean absolute
    step from note to note, semitones. syncopation16, syncopation8: see `syncopation`. range: highest less
    lowest pitch, semitones. rests: share of steps without a note. repetition: how much of a bar was said
    before, as the share of notes (F1 of pitch and place) that it has in common with the earlier bar most
    like it, mean over the bars but the first. Windows without notes have 0 everywhere but in rests.
    """
    grid = representation.canonical(tokens)
    onset = grid >= FIRST_NOTE  # [W, T]
    count = onset.sum(1)
    pitch = np.where(onset, grid.astype(np.int64) + (representation.lowest - FIRST_NOTE), 0)
    last = _last_at(grid != HOLD)  # [W, T], the step of the newest event
    sounding = np.take_along_axis(onset, np.maximum(last, 0), 1) & (last >= 0)
    lowest = np.where(onset, pitch, 127).min(1)
    sixteenth, eighth = syncopation(onset, representation.steps_per_quarter)
    return {
        "diatonic": _share((onset & C_MAJOR[pitch % 12]).sum(1), count),
        "density": onset.mean(1),
        "interval": _intervals(onset, pitch, count),
        "syncopation16": sixteenth,
        "syncopation8": eighth,
        "range": np.where(count > 0, pitch.max(1) - lowest, 0).astype(np.float64),
        "rests": 1 - sounding.mean(1),
        "repetition": _repetition(grid, representation.bars),
    }


def _last_at(flags: np.ndarray) -> np.ndarray:
    """At each step [W, T], the newest step whose flag is set; -1 before the first."""
    return np.maximum.accumulate(np.where(flags, np.arange(flags.shape[1]), -1), 1)


def _intervals(onset: np.ndarray, pitch: np.ndarray, count: np.ndarray) -> np.ndarray:
    last = _last_at(onset)[:, :-1]  # the newest note before each step but the first
    before = np.take_along_axis(pitch, np.maximum(last, 0), 1)
    follows = onset[:, 1:] & (last >= 0)
    return _share((np.abs(pitch[:, 1:] - before) * follows).sum(1), np.maximum(count - 1, 0))


def _repetition(grid: np.ndarray, bars: int) -> np.ndarray:
    if bars < 2:
        return np.zeros(len(grid))
    parts = grid.reshape(len(grid), bars, -1)
    onset = parts >= FIRST_NOTE
    count = onset.sum(-1)  # [W, bars]
    again = []
    for bar in range(1, bars):
        common = (onset[:, :bar] & (parts[:, :bar] == parts[:, bar : bar + 1])).sum(-1)  # [W, bar]
        again.append(_share(2 * common, count[:, :bar] + count[:, bar : bar + 1]).max(1))
    return np.mean(again, axis=0)


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return part / np.maximum(whole, 1)
