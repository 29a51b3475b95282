"""Notes on strong beats and the chords told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from benchmarks.chord_following import following, on_strong_beats
from musicvae_lite.music.chords.encodings import triad_of
from musicvae_lite.music.representations import MelodyRepresentation
from musicvae_lite.music.score import Chord
from tests.music.representations.songs import song

R = MelodyRepresentation(bars=2, chords="triads")


def test_only_strong_notes_under_a_chord_count():
    band = song([(0, 4, 60), (4, 4, 61), (8, 4, 65), (16, 4, 67), (24, 4, 66)])
    assert on_strong_beats(band) == (0, 0)
    told = replace(band, chords=(Chord(0, "C"), Chord(4 * band.ticks_per_quarter, "N.C.")))
    assert on_strong_beats(told) == (1, 2)


def test_windows_are_judged_by_what_they_are_told():
    melody = R.windows(song([(0, 8, 60), (8, 8, 64), (16, 8, 67), (24, 8, 62)])).tokens[:1]
    under = {name: np.full((1, 32), triad_of(name), np.uint8) for name in ("C", "Dm", "F#")}
    assert following(R, melody, under["C"]) == 0.75
    assert following(R, melody, under["Dm"]) == 0.25
    assert following(R, melody, under["F#"]) == 0.0
