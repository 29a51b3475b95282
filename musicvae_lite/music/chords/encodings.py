"""Chords as numbers: the condition of models.

A triad is a number from 0 to 48, as in Magenta: 0 for no chord, then twelve major, minor, augmented and
diminished ones, each from C upwards. Sevenths, suspensions and the bass are dropped by it; a suspended
chord counts as major. The richer form, "pitches", is 37 flags: no chord, root, chord tones, bass.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.chords.symbols import ChordSymbol, parse
from musicvae_lite.music.pitches import ROOTS

TRIADS = 49
QUALITIES = ("major", "minor", "augmented", "diminished")
INTERVALS = ((0, 4, 7), (0, 3, 7), (0, 4, 8), (0, 3, 6))
SUFFIXES = ("", "m", "+", "dim")
PITCHES = 37
MOST_BARS = 256  # of a line of chords


def triad_of(chord: ChordSymbol | str) -> int:
    """The number of a chord's triad. Raises ConfigError for a text that is no chord symbol."""
    chord = parse(chord) if isinstance(chord, str) else chord
    return 1 + 12 * QUALITIES.index(chord.triad) + chord.root if chord.root >= 0 else 0


def symbol_of(triad: int) -> str:
    """How the triad of a number is written: "N.C.", "C", "Am", "G+", "Bdim"."""
    if not 0 <= triad < TRIADS:
        raise ConfigError(f"{triad} is the number of no triad: they go from 0 to {TRIADS - 1}")
    quality, root = divmod(int(triad) - 1, 12)
    return f"{ROOTS[root]}{SUFFIXES[quality]}" if triad else "N.C."


def tones_of(triad: int) -> tuple[int, ...]:
    """Pitch classes of the triad of a number, its root first; () for no chord."""
    quality, root = divmod(int(triad) - 1, 12)
    return tuple((root + i) % 12 for i in INTERVALS[quality]) if triad else ()


def tones_table() -> np.ndarray:
    """Whether a pitch class is a tone of a triad, bool [49, 12]."""
    table = np.zeros((TRIADS, 12), dtype=bool)
    for triad in range(1, TRIADS):
        table[triad, list(tones_of(triad))] = True
    return table


def transposed(triads: np.ndarray, semitones: np.ndarray) -> np.ndarray:
    """Triads [...] moved by semitones [...]; the shapes must agree as NumPy's do."""
    triads = np.asarray(triads)
    quality, root = np.divmod(triads.astype(np.int64) - 1, 12)
    moved = 1 + 12 * quality + (root + semitones) % 12
    return np.where(triads == 0, 0, moved).astype(triads.dtype)


def transposition_table() -> np.ndarray:
    """Where each triad goes: uint8 [12, 49], row n for n semitones up (rows count modulo 12)."""
    return transposed(np.arange(TRIADS, dtype=np.uint8)[None], np.arange(12)[:, None])


def pitches_of(chord: ChordSymbol | str) -> np.ndarray:
    """Flags uint8 [37] of a chord: no chord; root; chord tones; bass (twelve each, from C)."""
    chord = parse(chord) if isinstance(chord, str) else chord
    flags = np.zeros(PITCHES, dtype=np.uint8)
    if chord.root < 0:
        flags[0] = 1
    else:
        flags[1 + chord.root] = 1
        flags[[13 + pitch for pitch in chord.pitch_classes]] = 1
        flags[25 + chord.bass] = 1
    return flags


def encode(chords: Sequence[ChordSymbol | str], encoding: str) -> np.ndarray:
    """Chords [N] in an encoding: triads uint8 [N], or pitches uint8 [N, 37]."""
    if encoding == "triads":
        return np.array([triad_of(chord) for chord in chords], dtype=np.uint8)
    if encoding == "pitches":
        return (
            np.stack([pitches_of(chord) for chord in chords]) if len(chords) else np.zeros((0, PITCHES), "u1")
        )
    raise ConfigError(f"chords are encoded as 'triads' or 'pitches', not '{encoding}'")


def progression(text: str, bars: int, bar_steps: int) -> list[str]:
    """The chord symbol of every step of a window, from a line such as "C Am F G" or "C | Am F | %".

    Without bar lines the chords share the window equally; where it is a single bar, each is a bar long. With
    them each bar is shared by its own chords; "%" repeats the bar before. Bars are repeated from the start
    until the window is full; where there are more, they fill several windows.

    Args:
        bars, bar_steps: bars of a window, and steps of a bar.

    Returns:
        W * bars * bar_steps symbols, of as many windows W as the chords need.

    Raises:
        ConfigError: there is no chord, one is not understood, or more than there are steps.
    """
    if cells := bars_of(text, bars):
        count = -(-len(cells) // bars) * bars
        parts = [_shared(cells[bar % len(cells)], bar_steps, text) for bar in range(count)]
        return [symbol for part in parts for symbol in part]
    return _shared(_words(text), bars * bar_steps, text)


def bars_of(text: str, bars: int) -> list[list[str]]:
    """The chords of each bar of a line as `progression` reads it; no bars where chords share the window.

    Args:
        bars: bars of a window.

    Raises:
        ConfigError: a bar holds no chord, or there are too many bars.
    """
    symbols = _words(text)
    if "|" not in text and (bars > 1 or len(symbols) < 2):
        return []
    lined = " ".join(symbols) if "|" in text else "|".join(symbols)
    cells: list[list[str]] = []
    for number, part in enumerate(re.sub(r"^\|+|\|+$", "", lined).split("|"), 1):
        cell = part.split()
        if cell == ["%"] and cells:
            cell = cells[-1]
        if not cell or "%" in cell:
            raise ConfigError(f"'{text}': bar {number} holds no chord; N.C. says that none sounds")
        cells.append(cell)
    if len(cells) > MOST_BARS:
        raise ConfigError(f"'{text[:40]} ...': {len(cells)} bars of chords; {MOST_BARS} are the most")
    return cells


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def simplified(text: str) -> dict[str, str]:
    """The chords of a line that triads say less of, each with its triad: {"Gsus4": "G", "C/E": "C"}.

    Raises ConfigError where one is not understood.
    """
    symbols = {symbol: parse(symbol) for symbol in _words(text.replace("|", " ")) if symbol != "%"}
    triads = {symbol: symbol_of(triad_of(chord)) for symbol, chord in symbols.items()}
    return {symbol: triad for symbol, triad in triads.items() if symbols[symbol] != parse(triad)}


def line_of(symbols: Sequence[str], bars: int) -> str:
    """A line that `progression` reads as these symbols, one a step of so many bars, short and in time."""
    size = len(symbols) // bars
    cells = [" ".join(_fewest(symbols[bar * size : (bar + 1) * size])) for bar in range(bars)]
    line = " | ".join(cells)
    return f"| {line} |" if bars == 1 and " " in line else line


def _fewest(bar: Sequence[str]) -> list[str]:
    """The symbols of a bar's steps as the fewest chords of the same number of steps each."""
    for each in range(len(bar), 0, -1):
        chords = bar[::each]
        if len(bar) % each == 0 and all(chords[step // each] == symbol for step, symbol in enumerate(bar)):
            return list(chords)
    return list(bar)


def _shared(symbols: list[str], steps: int, text: str) -> list[str]:
    if not symbols:
        raise ConfigError("no chords are given: write them like 'C Am F G'")
    if len(symbols) > steps:
        raise ConfigError(f"'{text}': {len(symbols)} chords, and there are {steps} steps for them")
    for symbol in symbols:
        parse(symbol)
    return [symbols[step * len(symbols) // steps] for step in range(steps)]
