"""Melodies for the tests of the melody representation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from musicvae_lite.music.representations import MelodyRepresentation
from musicvae_lite.music.score import Meter, MeterChange, Score, Track

STEP = 120  # ticks
TWO_BARS = MelodyRepresentation()
ANY_BARS = st.sampled_from(["4/4", "3/4", "6/8"]).flatmap(
    lambda meter: st.integers(1, 3).map(lambda bars: MelodyRepresentation(bars, Meter.parse(meter)))
)


@st.composite
def emitted(draw, windows=1):
    """A representation without rules, and any tokens [windows, T] a model of it can emit."""
    rep = replace(draw(ANY_BARS).lenient(), min_notes=0)
    token = st.one_of(st.just(0), st.just(1), st.integers(2, rep.depth - 1))
    row = st.lists(token, min_size=rep.steps, max_size=rep.steps)
    rows = draw(st.lists(row, min_size=windows, max_size=windows))
    return rep, np.array(rows, dtype=np.uint8)


def song(*tracks, meters=((0, "4/4"),), names=(), drums=()):
    """A score of tracks of (start step, steps, pitch)."""
    rows = [(int(s * STEP), int((s + n) * STEP), p, k) for k, t in enumerate(tracks) for s, n, p in t]
    rows.sort(key=lambda r: (r[0], r[2]))
    table = np.array(rows, dtype=np.int32).reshape(-1, 4)
    start, end, pitch, track = (table[:, i] for i in range(4))
    info = tuple(Track(names[k] if names else "", 0, k in drums) for k in range(len(tracks)))
    changes = tuple(MeterChange(int(s * STEP), Meter.parse(m)) for s, m in meters)
    return Score(480, start, end, pitch, np.full(len(rows), 80, dtype=np.int32), track, info, changes)


def tune(bars, first: float = 0, bar_steps=16, pitch=60):
    """Four notes a bar of 4/4."""
    return [(first + s, 4, pitch + s % 5) for s in range(0, bars * bar_steps, 4)]


def told(extraction):
    return [(r.bar, r.code, r.last) for r in extraction.rejections]


HIGH, LOW = tune(4, pitch=72), tune(4, pitch=48)
