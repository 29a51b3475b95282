"""Pitch classes, from 0 for C to 11 for B: by letter, and how they are written."""

from __future__ import annotations

LETTERS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
ROOTS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")  # of chords
NOTES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")  # by themselves


def note_name(pitch: int) -> str:
    """Such as C4 for MIDI's 60."""
    return f"{NOTES[pitch % 12]}{pitch // 12 - 1}"
