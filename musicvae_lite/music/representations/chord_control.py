"""Chords as the condition of windows: one for every step, written in the song or inferred from its notes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.chords import encodings, inference
from musicvae_lite.music.chords.symbols import is_symbol
from musicvae_lite.music.grid import Grid
from musicvae_lite.music.representations.steps import Binary, Categorical
from musicvae_lite.music.score import Chord, Score

STEPS = {"triads": Categorical(encodings.TRIADS), "pitches": Binary(encodings.PITCHES)}


def check(chords: str | None) -> None:
    """Raises ConfigError when it is no encoding of chords."""
    if chords is not None and chords not in STEPS:
        raise ConfigError(f"chords are encoded as {' or '.join(STEPS)}, not '{chords}'")


def step_of(chords: str | None) -> Categorical | Binary | None:
    """What one step of the condition is, given the setting of a representation."""
    return None if chords is None else STEPS[chords]


def of_song(score: Score, grid: Grid, steps: int, encoding: str) -> tuple[np.ndarray, str]:
    """The chord of every step of a song, and where the chords come from.

    Symbols that cannot be read count as no chord; so do the steps before the first symbol.

    Args:
        steps: L, how many steps to tell.
        encoding: "triads" or "pitches".

    Returns:
        uint8 [L] or [L, 37], and "chords as written", "chords inferred from the notes" or "no chords".
    """
    written = any(is_symbol(chord.symbol) and chord.symbol.strip() for chord in score.chords)
    chords = score.chords if written else inference.infer(score, grid)
    symbols = ["N.C.", *[chord.symbol if is_symbol(chord.symbol) else "N.C." for chord in chords]]
    ticks = np.array([chord.tick for chord in chords], dtype=np.int64)
    begin = grid.quantise(ticks)[0] if len(ticks) else ticks
    which = np.searchsorted(begin, np.arange(steps), side="right")
    source = "chords as written" if written else "chords inferred from the notes" if chords else "no chords"
    return encodings.encode(symbols, encoding)[which], source


def of_text(text: str, bars: int, bar_steps: int, encoding: str) -> np.ndarray:
    """The control [W, T] or [W, T, 37] of windows under a line of chords (see `encodings.progression`).

    Raises:
        ConfigError: a chord is not understood, or there are too many.
    """
    told = encodings.encode(encodings.progression(text, bars, bar_steps), encoding)
    return told.reshape(-1, bars * bar_steps, *told.shape[1:])


def nothing(encoding: str) -> np.ndarray:
    """No chord, in an encoding: a triad, or flags [37]."""
    return encodings.encode(["N.C."], encoding)[0]


def transposed(control: np.ndarray, semitones: np.ndarray, encoding: str) -> np.ndarray:
    """Chords of windows [W, T] or [W, T, 37] moved by semitones [W]."""
    control, amount = np.asarray(control), np.asarray(semitones)
    if encoding == "triads":
        return encodings.transposed(control, amount[:, None])
    place = np.arange(encodings.PITCHES)
    block, pitch = np.divmod(place - 1, 12)
    source = np.where(place == 0, 0, 1 + 12 * block + (pitch - amount[:, None]) % 12)  # [W, 37]
    return np.take_along_axis(control, source[:, None], axis=-1)


def written_into(score: Score, triads: np.ndarray, step_ticks: float) -> Score:
    """A score with chord symbols where triads [L], one a step, begin."""
    triads = np.asarray(triads).reshape(-1)
    starts = np.flatnonzero(np.concatenate([[True], triads[1:] != triads[:-1]])) if len(triads) else []
    chords = [Chord(round(step * step_ticks), encodings.symbol_of(int(triads[step]))) for step in starts]
    return replace(score, chords=tuple(chords))
