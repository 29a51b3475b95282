"""Where what is made of a song lies in it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from musicvae_lite.music.score import (
    Chord,
    KeyChange,
    Meter,
    MeterChange,
    ProgramChange,
    Score,
    TempoChange,
    Track,
)
from musicvae_lite.music.timeline import Timeline

TICKS = 960  # a quarter of the take; the song's are half as fine


def notes(rows: list[tuple[int, int, int]], chords: tuple[Chord, ...] = ()) -> Score:
    """A take of notes: first and last tick, pitch."""
    start, end, pitch = np.array(rows, dtype=np.int32).T
    same = np.zeros_like(start)
    tempos = (TempoChange(0, 97.0),)
    return Score(TICKS, start, end, pitch, same + 80, same, (Track("m"),), tempos=tempos, chords=chords)


SONG = replace(
    notes([(0, 1, 60)]),
    ticks_per_quarter=TICKS // 2,
    meters=(MeterChange(0, Meter(1, 4)), MeterChange(480, Meter(3, 4))),
    tempos=(TempoChange(0, 120.0), TempoChange(960, 60.0)),
    keys=(KeyChange(0, 2), KeyChange(1920, -1, True)),
)
# Eight quarters of the take begin at the third of the song, all others at 14 and a bit.
PARTS = np.array([0.0, 8.0]), np.array([2.0, 157 / 11])
FIRST, SECOND = 2 * TICKS, round(157 / 11 * TICKS) - 8 * TICKS  # later by so many ticks


def test_every_part_lies_at_its_place_and_the_song_around_it():
    near = 8 * TICKS - TICKS // 10  # a tenth of a quarter before its part
    rows = [
        (0, 300, 64),
        (0, 500, 67),
        (near - 2 * TICKS, near, 72),
        (near, near + 700, 60),
        (8 * TICKS, 9 * TICKS, 55),
    ]
    chords = (Chord(0, "C"), Chord(near, "F"), Chord(8 * TICKS, "G"))
    laid = Timeline(*PARTS, near=0.125, song=SONG).laid(notes(rows, chords))
    later = np.array([FIRST, FIRST, FIRST, SECOND, SECOND])
    assert np.array_equal(laid.start, np.array([row[0] for row in rows]) + later)
    assert np.array_equal(laid.end, np.array([row[1] for row in rows]) + later)
    assert laid.pitch.tolist() == [64, 67, 72, 60, 55]
    # No chord comes before its part: they lie on the steps.
    places = [0 + FIRST, near + FIRST, 8 * TICKS + SECOND]
    assert laid.chords == tuple(replace(c, tick=at) for c, at in zip(chords, places, strict=True))
    assert laid.meters == (MeterChange(0, Meter(1, 4)), MeterChange(960, Meter(3, 4)))
    assert laid.keys == (KeyChange(0, 2), KeyChange(3840, -1, True))
    assert laid.tempos == (TempoChange(0, 120.0), TempoChange(1920, 60.0))


def test_a_tempo_of_its_own_is_kept():
    laid = Timeline(*PARTS, near=0.0, song=SONG, tempos=False).laid(notes([(0, 1, 60)]))
    assert laid.tempos == (TempoChange(0, 97.0),) and len(laid.meters) == 2


CHANGING = Track("Lead", 5, False, (ProgramChange(480, 73), ProgramChange(1920, 40), ProgramChange(6840, 5)))
KIT = Track("Kit", 8, True, (ProgramChange(1920, 25),))


@pytest.mark.parametrize(
    ("own", "part", "programs"),
    [
        (CHANGING, Track("m", 73), [73, 73, 40, 5]),  # the song's 73 holds where the take begins
        (CHANGING, Track("m", 5), [5, 5, 5, 5]),  # was asked for
        (CHANGING, Track("m", 73, True), [73, 73, 73, 73]),
        (KIT, Track("d", 8, True), [8, 8, 25, 25]),
    ],
)
def test_a_take_of_one_track_has_the_programs_of_the_songs(own: Track, part: Track, programs: list[int]):
    # At quarters 2, 3, 4 and 14 of the song.
    rows = [(0, 100, 60), (960, 1900, 60), (1870, 2000, 61), (8 * TICKS, 9 * TICKS, 62)]
    take = replace(notes(rows), tracks=(part,))
    song = replace(SONG, tracks=(Track("other", 9), own))
    laid = Timeline(*PARTS, near=0.125, song=song, track=1).laid(take)
    assert laid.programs.tolist() == programs and laid.tracks[0].name == part.name
    assert Timeline(*PARTS, near=0.125, song=song).laid(take).tracks == (part,)
    both = Timeline(*PARTS, near=0.125, song=song, track=1).laid(replace(take, tracks=(part, part)))
    assert both.tracks == (part, part)


def test_notes_that_come_before_the_song_begin_with_it():
    """They are heard in order of their pitch then, and for a tick at least."""
    early = Timeline(np.zeros(1), np.zeros(1), near=0.0, song=SONG, late=-0.1)  # 96 ticks
    laid = early.laid(notes([(0, 200, 70), (50, 90, 60), (100, 300, 50)]))
    assert (laid.start.tolist(), laid.end.tolist()) == ([0, 0, 4], [1, 104, 204])
    assert laid.pitch.tolist() == [60, 70, 50]
