"""Chord symbols of ABC, which stand between quotes as other words do."""

from __future__ import annotations

import re

from musicvae_lite.music.pitches import LETTERS, ROOTS

LONGEST = 40  # characters
CHORD = re.compile(
    r"(?:[A-G][#b]?(?:m|min|maj|mi|ma|M|dim|aug|sus|add|alt|no|omit|°|o|ø|Δ|[-+#b^,()\d])*(?:/[A-Ga-g][#b]?)?|N\.?C\.?)"
)
NAME = re.compile(r"(?:^|(?<=/))([A-Ga-g])([#b]?)")  # of a root or a bass
SIGNS = {"#": 1, "b": -1, "": 0}


def symbol_of(words: str, shift: int) -> str | None:
    """The chord that words between quotes name, `shift` semitones above what is written; None for others."""
    symbol = words.strip().replace("♯", "#").replace("♭", "b")
    if len(symbol) >= LONGEST or not CHORD.fullmatch(symbol):
        return None
    if shift % 12 == 0:
        return symbol
    return NAME.sub(lambda name: ROOTS[(LETTERS[name[1].upper()] + SIGNS[name[2]] + shift) % 12], symbol)
