"""Small songs to take windows of."""

from __future__ import annotations

import numpy as np

from musicvae_lite.music.score import Meter, MeterChange, Score, Track

TICKS = 480
STEP = 120  # ticks of a 16th


def song(*tracks, programs=(), names=(), drums=(), meters=((0, "4/4"),), chords=()) -> Score:
    """A score of tracks of (start step, steps, pitch) or (start step, steps, pitch, velocity)."""
    rows = [
        (round(s * STEP), round((s + n) * STEP), p, *(rest or (80,)), k)
        for k, track in enumerate(tracks)
        for s, n, p, *rest in track
    ]
    rows.sort(key=lambda row: (row[0], row[2]))
    table = np.array(rows, dtype=np.int32).reshape(-1, 5)
    info = tuple(
        Track(names[k] if k < len(names) else "", programs[k] if k < len(programs) else 0, k in drums)
        for k in range(len(tracks))
    )
    changes = tuple(MeterChange(round(s * STEP), Meter.parse(m)) for s, m in meters)
    start, end, pitch, velocity, track = (table[:, i] for i in range(5))
    return Score(TICKS, start, end, pitch, velocity, track, info, changes, chords=tuple(chords))


def beat(bars: int, kick: int = 36, snare: int = 38) -> list[tuple]:
    """Kick and snare in turn on the beats, hi-hats on the 8ths."""
    rows = [(s, 1, kick if s % 8 == 0 else snare) for s in range(0, bars * 16, 4)]
    return rows + [(s, 1, 42) for s in range(0, bars * 16, 2)]


def told(extraction) -> list[tuple[int, str, int]]:
    return [(r.bar, r.code, r.last) for r in extraction.rejections]
