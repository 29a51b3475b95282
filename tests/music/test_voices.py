from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicvae_lite.errors import NothingUsableError
from musicvae_lite.music.picking import pick
from musicvae_lite.music.representations import MelodyRepresentation
from musicvae_lite.music.score import Score, Track
from musicvae_lite.music.voices import choose_melody, is_named_drums, overlapping, skyline
from musicvae_lite.music.whole import cover

NOTES = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 12), st.integers(40, 50)), min_size=1, max_size=15
)


@given(NOTES)
def test_the_skyline_is_what_no_higher_note_covers(notes):
    step, length, pitch = np.array(sorted(notes)).T
    kept = skyline(step, step + length, pitch, np.zeros(len(step), dtype=bool), shade=True)
    tops = [max(p for s, p in zip(step, pitch, strict=True) if s == at) for at in sorted(set(step))]
    chords = dict(zip(sorted(set(step)), tops, strict=True))
    assert len(set(step[kept])) == len(kept), "one note a step"
    assert all(pitch[k] == chords[step[k]] for k in kept)
    for k in kept:  # no higher note sounds on for a step or more
        covers = (step <= step[k]) & (step + length - 1 > step[k]) & (pitch > pitch[k])
        highest = [c for c in np.flatnonzero(covers) if pitch[c] == chords[step[c]]]
        longest = [c for c in highest if length[c] == length[(step == step[c]) & (pitch == pitch[c])].min()]
        assert not longest
    assert pitch[kept].max() == pitch.max(), "the highest note of all is never lost"


def test_without_shade_only_collisions_are_settled():
    step, pitch = np.array([0, 0, 4, 8]), np.array([60, 64, 50, 72])
    flat = np.zeros(4, dtype=bool)
    assert skyline(step, step + 16, pitch, flat, shade=False).tolist() == [1, 2, 3]
    brief = np.array([False, True, False, False])
    assert skyline(step, step + 16, pitch, brief, shade=False).tolist() == [0, 2, 3]


def test_legato_is_no_overlap():
    start, end = np.array([0, 480, 960]), np.array([590, 1200, 1440])
    assert overlapping(start, end, step_ticks=120).tolist() == [False, False, True]
    assert overlapping(start[:1], end[:1], 120).tolist() == [False]
    staccato = np.array([0, 0]), np.array([50, 50])
    assert overlapping(*staccato, 120).tolist() == [False, True]


def test_a_long_note_is_remembered_behind_a_short_one():
    start, end = np.array([0, 480, 960]), np.array([1920, 720, 1440])
    assert overlapping(start, end, 120).tolist() == [False, True, True]


def test_voices_do_not_overlap_each_other():
    start, end, voice = np.array([0, 480, 0, 240]), np.array([480, 960, 960, 480]), np.array([0, 0, 1, 1])
    assert overlapping(start, end, 120, voice).tolist() == [False, False, False, True]


def band(*names: str) -> Score:
    """A track of four notes a name, each higher than the one before it; none on channel 10."""
    start = np.tile(np.arange(4, dtype=np.int32) * 480, len(names))
    track = np.repeat(np.arange(len(names), dtype=np.int32), 4)
    order = np.argsort(start, kind="stable")
    pitch = (50 + 10 * track)[order]
    fields = (start[order], start[order] + 480, pitch, np.full(len(start), 80, np.int32), track[order])
    return Score(480, *fields, tuple(Track(name) for name in names))


@pytest.mark.parametrize(
    ("name", "program", "is_drums"),
    [
        ("Drum Kit", 0, True),
        ("Percussion 2", 0, True),
        ("drums_verse", 0, True),
        *(
            (name, 0, True)
            for name in ("Drums1", "Drums_L", "Percussions", "Snares", "Bass Drum", "Batteria")
        ),
        ("Drums (verse)", 118, True),
        ("Drums", 24, False),  # a guitar plays it
        ("The Little Drummer Boy", 0, False),
        ("Percussive Organ", 17, False),
        ("Drumshanbo Jig", 0, False),
        ("Conundrum", 0, False),
        ("Kit Carson", 0, False),
        ("Steel Drums", 0, False),
        ("Drum and Bass", 0, False),
        ("Flute", 0, False),
    ],
)
def test_names_that_say_drums(name: str, program: int, is_drums: bool):
    assert is_named_drums(Track(name, program)) == is_drums
    song = band("Bass", name)
    song = replace(song, tracks=(song.tracks[0], Track(name, program)))
    assert choose_melody(song, 120)[0] == (0 if is_drums else 1)


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [
        ("Drum Kit", False),
        ("Drums 1", False),
        ("Snare", False),
        ("The Old Snare Drum", True),
        ("Drum Major", True),
    ],
)
def test_a_song_of_one_track_is_drums_only_where_its_name_says_nothing_else(name: str, is_taken: bool):
    assert choose_melody(band(name), 120)[0] == (0 if is_taken else -1)


def test_a_song_of_nothing_but_named_drums_has_no_melody():
    assert choose_melody(band("Kick", "Snare"), 120) == (-1, "")
    found = MelodyRepresentation().windows(band("Drum Kit"))
    (told,) = found.rejections
    assert told.detail == "only drums, which have no melody, as their names say"
    for take in (pick, cover):
        with pytest.raises(
            NothingUsableError, match=f"{told.detail}; --track takes one of them all the same"
        ):
            take(band("Drum Kit"), MelodyRepresentation())
    assert len(MelodyRepresentation(bars=1).windows(band("Drum Kit"), track=0)) == 1
