"""How well notes suit chords."""

import numpy as np
import pytest

from musicvae_lite.music.chords.following import suit, under_chords
from musicvae_lite.music.score import Chord, Score, Track


def score(rows: list[tuple[int, int, int, int]], chords: tuple[Chord, ...]) -> Score:
    """Notes (quarter, quarters, pitch, track) of an instrument and of drums."""
    start, length, pitch, track = np.array(rows, dtype=np.int32).reshape(-1, 4).T
    level = np.full(len(rows), 80, np.int32)
    tracks = (Track("lead"), Track("drums", is_drum=True))
    return Score(480, start * 480, (start + length) * 480, pitch, level, track, tracks, chords=chords)


CHORDS = (Chord(480, "C"), Chord(4 * 480, "Am"), Chord(6 * 480, "N.C."))


def test_notes_are_judged_under_the_chord_they_begin_in():
    rows = [(0, 1, 60, 0), (1, 2, 64, 0), (2, 1, 62, 0), (4, 1, 69, 0), (5, 1, 60, 1), (6, 1, 60, 0)]
    told, right = under_chords(score(rows, CHORDS))
    assert told.tolist() == [False, True, True, True, False, False]
    assert (told & right).tolist() == [False, True, False, True, False, False]
    assert suit(score(rows, CHORDS)) == pytest.approx((3 + 1) / (4 + 2))


def test_music_without_chords_or_notes_says_nothing():
    assert suit(score([(0, 1, 60, 0)], ())) == suit(score([], CHORDS)) == 0.5


def test_more_that_suits_is_more_sure():
    one, many = score([(1, 1, 60, 0)], CHORDS), score([(1, 1, 60, 0), (2, 1, 67, 0)], CHORDS)
    wrong = score([(1, 1, 61, 0)], CHORDS)
    assert suit(wrong) < 0.5 < suit(one) < suit(many) < 1
