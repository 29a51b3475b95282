"""Reads the note sequences of the reference dumps: just enough of protocol buffers for them."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from musicvae_lite.music.score import Chord, Score, TempoChange, Track

TICKS = 10_000_000  # a quarter: fine enough to lose nothing


def read(path: Path) -> Score:
    """The score of a note sequence in one tempo and 4/4, with its chord symbols."""
    notes, chords, qpm = [], [], 120.0
    for field, value in _fields(path.read_bytes()):
        if field == 8 and isinstance(value, bytes):
            notes.append(dict(_fields(value)))
        elif field == 7 and isinstance(value, bytes):
            qpm = float(dict(_fields(value)).get(2, 120.0))
        elif field == 14 and isinstance(value, bytes):
            mark = dict(_fields(value))
            if mark.get(3) == 1:
                chords.append(Chord(round(float(mark.get(1, 0.0)) * qpm / 60 * TICKS), mark[2].decode()))

    def column(field: int, scale: float = 1) -> np.ndarray:
        return np.array([round(note.get(field, 0) * scale) for note in notes], dtype=np.int32)

    per_second = qpm / 60 * TICKS
    instrument, program, drum = column(7), column(8), column(9)
    used, track = np.unique(instrument, return_inverse=True)
    first = [int(np.flatnonzero(instrument == number)[0]) for number in used]
    order = np.lexsort((column(1), column(3, per_second)))
    arrays = (column(3, per_second), column(4, per_second), column(1), column(2), track.astype(np.int32))
    start, end, pitch, velocity, track = (array[order] for array in arrays)
    tracks = tuple(Track("", int(program[row]), bool(drum[row])) for row in first)
    tempo = (TempoChange(0, qpm),)
    return Score(TICKS, start, end, pitch, velocity, track, tracks, tempos=tempo, chords=tuple(chords))


def _fields(data: bytes) -> Iterator[tuple[int, Any]]:
    at = 0

    def number() -> int:
        nonlocal at
        result = shift = 0
        while True:
            byte = data[at]
            at += 1
            result |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return result

    while at < len(data):
        key = number()
        match key & 7:
            case 0:
                yield key >> 3, number()
            case 1:
                yield key >> 3, struct.unpack_from("<d", data, at)[0]
                at += 8
            case 2:
                length = number()
                yield key >> 3, data[at : at + length]
                at += length
            case 5:
                at += 4
