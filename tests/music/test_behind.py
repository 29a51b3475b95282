"""New bars behind the notes of a song."""

from __future__ import annotations

import numpy as np
import pytest

from musicvae_lite.music.behind import Behind
from musicvae_lite.music.score import Chord, Score, Track
from musicvae_lite.music.timeline import Timeline

LEAD, BASS, DRUMS = Track("Lead", 73), Track("Low", 33), Track("Kit", 0, True)
TRIO = (Track("Melody"), Track("Bass", 38), Track("Drums", 0, True))


def score(tracks: tuple[Track, ...], ticks: int = 480, quarters: int = 4, **more) -> Score:
    """A quarter of every track on every beat, each track on a pitch of its own."""
    count = len(tracks)
    start = np.repeat(np.arange(quarters, dtype=np.int32) * ticks, count)
    track = np.tile(np.arange(count, dtype=np.int32), quarters)
    return Score(ticks, start, start + ticks, 60 + track, np.full_like(start, 70), track, tracks, **more)


def laid(song: Score, tracks: tuple[int, ...], take: Score, at: float = 4.0) -> Score:
    places = np.array([0.0, at])
    return Behind.of(Timeline(places, places, 0.125, song), tracks).laid(take)


@pytest.mark.parametrize(
    ("taken", "new", "names", "numbers"),
    [
        ((1,), TRIO[:1], (LEAD,), [0]),
        ((1, 2, 3), TRIO, (LEAD, BASS, DRUMS), [0, 1, 2]),
        ((1, 2), (Track("Piano"),), (LEAD, BASS), [0]),
        ((1,), TRIO[:2], (LEAD, *TRIO[:2]), [1, 2]),
        ((2,), TRIO[2:], (BASS, TRIO[2]), [1]),
    ],
)  # fmt: skip
def test_new_bars_go_on_with_the_tracks_of_their_kind(taken, new, names, numbers):
    song = score((Track("Pad", 90), LEAD, BASS, DRUMS))
    made = laid(song, taken, score(new))
    assert made.tracks == names
    assert made.track[made.start >= 4 * 480].tolist() == numbers * 4
    own = made.pitch[made.start < 4 * 480]
    assert own.tolist() == [60 + k for k in taken] * 4


@pytest.mark.parametrize("ticks", [24, 30, 96, 480, 1024, 30001])
def test_times_of_both_are_kept_at_any_resolution(ticks: int):
    made = laid(score((LEAD,), ticks), (0,), score((Track("Melody"),)))
    assert made.ticks_per_quarter % ticks == 0
    np.testing.assert_array_equal(made.start / made.ticks_per_quarter, np.arange(8))
    np.testing.assert_array_equal(made.end / made.ticks_per_quarter, np.arange(1, 9))


def test_a_note_of_the_song_ends_where_new_bars_begin():
    made = laid(score((LEAD,), quarters=5), (0,), score((Track("Melody"),)), at=4.5)
    assert (made.end[4], made.start[5]) == (4.5 * 480, 4.5 * 480)


def test_chords_of_the_song_stay_up_to_the_new_bars():
    song = score((LEAD,), chords=(Chord(0, "C"), Chord(4 * 480, "F")))
    made = laid(song, (0,), score((Track("Melody"),), chords=(Chord(0, "G7"),)))
    assert [(chord.tick, chord.symbol) for chord in made.chords] == [(0, "C"), (4 * 480, "G7")]
