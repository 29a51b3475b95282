"""Melody: polyphony, and the choice of a track."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from musicvae_lite.errors import ConfigError
from tests.music.representations.melodies import (
    HIGH,
    LOW,
    TWO_BARS,
    song,
    told,
    tune,
)


def test_skyline_keeps_the_upper_line():
    chords = [(s, 8, p) for s in range(0, 32, 8) for p in (48, 52, 60 + s)]
    under = [(s + 4, 4, 40) for s in range(0, 32, 8)]
    found = TWO_BARS.windows(song(chords + under))
    assert np.flatnonzero(found.tokens[0]).tolist() == [0, 8, 16, 24]
    assert found.tokens[0, [0, 8, 16, 24]].tolist() == [41, 49, 57, 65]
    assert "12 of its notes begin over another one, only the highest are taken" in found.choice


def test_a_higher_note_cuts_a_held_one():
    found = TWO_BARS.windows(song([(0, 16, 60), (4, 4, 72), (16, 16, 62)]))
    assert found.tokens[0, [0, 4, 8, 16]].tolist() == [41, 53, 1, 43]


def test_an_ornament_gives_way_to_its_note():
    found = TWO_BARS.windows(song([(0, 4, 60), (7.6, 0.4, 74), (8, 8, 72), (16, 16, 71)]))
    assert found.tokens[0, [0, 8, 16]].tolist() == [41, 53, 52]
    assert "begin over" not in found.choice


def test_polyphony_can_be_refused():
    notes = [*tune(6), (36, 4, 48)]
    found = replace(TWO_BARS, polyphony="refuse").windows(song(notes))
    assert found.bar.tolist() == [1, 4, 5]
    assert told(found) == [(3, "polyphony", 3)]
    assert found.rejections[0].detail == "two notes sound at once"


CHORDS = [(s, 8, p) for s in range(0, 64, 8) for p in (80, 84, 88)]


@pytest.mark.parametrize(
    ("tracks", "names", "track", "choice"),
    [
        ([HIGH], ["Flute"], 0, "track 1 'Flute': the only pitched track"),
        ([LOW, HIGH], ["", ""], 1, "track 2: the highest of 2 mostly monophonic tracks"),
        ([LOW, HIGH], ["Lead Vocals", "Flute"], 0, "track 1 'Lead Vocals': its name says melody"),
        ([LOW, HIGH], ["Backing Vocals", "Flute"], 1, "track 2 'Flute': the highest of 2"),
        ([LOW, HIGH], ["melody 1", "Melody 2"], 1, "the highest of 2 mostly monophonic tracks named like"),
        ([CHORDS, LOW], ["", ""], 1, "track 2: the only mostly monophonic track"),
        ([CHORDS, CHORDS[:12]], ["", ""], 0, "track 1: the highest of 2 polyphonic tracks"),
        ([LOW, HIGH[:2]], ["", ""], 0, "track 1: the highest of 2 mostly monophonic tracks"),
    ],
)
def test_which_track_and_why(tracks, names, track, choice):
    found = TWO_BARS.windows(song(*tracks, names=names))
    assert found.track == track
    assert choice in found.choice


def test_drums_are_never_taken():
    found = TWO_BARS.windows(song(HIGH, LOW, names=["melody", "x"], drums={0}))
    assert found.track == 1
    none = TWO_BARS.windows(song(HIGH, drums={0}))
    assert told(none) == [(0, "drums", 0)]
    assert (len(none), none.track, none.choice) == (0, -1, "")
    assert told(TWO_BARS.windows(song(HIGH, LOW, drums={0}), track=0)) == [(0, "drums", 0)]


def test_a_track_can_be_asked_for():
    found = TWO_BARS.windows(song(HIGH, LOW, []), track=1)
    assert (found.track, found.choice) == (1, "track 2: as asked")
    assert told(TWO_BARS.windows(song(HIGH, LOW, []), track=2)) == [(0, "empty", 0)]
    with pytest.raises(ConfigError, match="no track 4: the song has 3"):
        TWO_BARS.windows(song(HIGH, LOW, []), track=3)


def test_a_song_without_notes_and_one_without_end():
    assert told(TWO_BARS.windows(song([]))) == [(0, "empty", 0)]
    assert told(TWO_BARS.windows(song([(0, 4, 60), (1 << 21, 4, 60)]))) == [(0, "long", 0)]
