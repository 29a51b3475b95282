from dataclasses import replace

import numpy as np
import pytest

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.chords import triad_of
from musicvae_lite.music.representations import MultitrackRepresentation, events
from musicvae_lite.music.representations.events import DRUMS, END, LEVEL, OFF, ON, PROGRAM, SHIFT, Note, Part
from musicvae_lite.music.score import Chord, ProgramChange
from tests.music.representations.songs import STEP, beat, song, told

BAR = MultitrackRepresentation(min_events=1, min_tracks=1)


def lengths(window: np.ndarray) -> np.ndarray:
    """How many tokens of each track of a window [T] count."""
    return BAR.valid(window).reshape(BAR.tracks, BAR.events).sum(-1)


def test_the_events_of_a_part():
    part = Part(5, [Note(0, 60, 24, 6), Note(24, 60, 36, 2), Note(24, 64, 96, 2)])
    spelling, places = events.encoded(part, 96)
    assert spelling == [
        *(PROGRAM + 5, LEVEL + 6, ON + 60, SHIFT + 23, OFF + 60, LEVEL + 2, ON + 60, ON + 64),
        *(SHIFT + 11, OFF + 60, SHIFT + 59, OFF + 64, END),
    ]
    assert places == [0, 0, 0, 0, 24, 24, 24, 24, 24, 36, 36, 96, 96]
    assert events.decoded(spelling, 96) == part


def test_nonsense_is_heard_with_goodwill():
    part = events.decoded(
        [OFF + 60, ON + 60, PROGRAM + 3, OFF + 60, ON + 62, SHIFT + 9, PROGRAM + 4, END, ON], 96
    )
    assert part == Part(3, [Note(0, 62, 96, events.USUAL_LEVEL)])


def test_equal_pitches_end_in_the_order_they_begin():
    nested = [Note(0, 60, 90, 1), Note(10, 60, 20, 1)]
    assert events.matched(nested, 96) == [Note(0, 60, 20, 1), Note(10, 60, 90, 1)]


def test_only_what_can_be_spelt_is_kept():
    part = Part(0, [Note(n, 60 + n, 96, 0) for n in range(40)])
    short = events.fitted(part, 96, 64)
    assert short.notes == part.notes[: len(short.notes)] and 15 < len(short.notes) < 40
    assert len(events.encoded(short, 96)[0]) <= 64


def test_instruments_are_sorted_by_program_and_drums_come_last():
    found = BAR.windows(song(beat(1), [(0, 16, 40)], [(0, 16, 72)], programs=(0, 33, 5), drums=[0]))
    heads = found.tokens[0, ::64].tolist()
    assert heads == [PROGRAM + 5, PROGRAM + 33, PROGRAM + DRUMS] + [END] * 5
    assert lengths(found.tokens[0])[[0, 1, 3, 7]].tolist() == [6, 6, 1, 1]


def test_each_window_has_the_programs_that_play_in_it():
    """A track that changes its program, once while a note sounds on, and drums that change their kit."""
    lead = [(4 * n, 4, 60 + n % 5) for n in range(19)] + [(76, 8, 64), (84, 12, 65)]
    bass = [(8 * n, 8, 40) for n in range(12)]
    band = song(lead, bass, beat(1), programs=(10, 33, 0), drums=[2])
    lead_changes = (ProgramChange(32 * STEP, 73), ProgramChange(80 * STEP, 40))
    changes = (lead_changes, (), (ProgramChange(4 * STEP, 8),))
    tracks = tuple(replace(t, program_changes=c) for t, c in zip(band.tracks, changes, strict=True))
    found = BAR.windows(replace(band, tracks=tracks)).tokens
    heads = [[token - PROGRAM for token in window[::64].tolist() if token != END] for window in found]
    assert heads == [[10, 33, DRUMS], [10, 33], [33, 73], [33, 73], [33, 73], [33, 40, 73]]
    leads = ([n for n in lead if a <= n[0] < b] for a, b in ((0, 32), (32, 80), (80, 96)))
    apart = song(*leads, bass, beat(1), programs=(10, 73, 40, 33, 0), drums=[4])
    assert np.array_equal(found, BAR.windows(apart).tokens)


def test_what_sounds_on_is_struck_anew():
    found = BAR.windows(song([(0, 24, 60), (24, 8, 62)]))
    assert found.tokens[1, :8].tolist() == [
        *(PROGRAM, LEVEL + 4, ON + 60, SHIFT + 47, OFF + 60, ON + 62, SHIFT + 47, OFF + 62)
    ]


def test_every_rule_is_named():
    strict = MultitrackRepresentation()
    alone = song([(0, 4, 60)], [(16, 16, 60)], [(16, 16, 64)])
    assert told(strict.windows(alone)) == [(1, "few-tracks", 1)]
    short = song([(0, 16, 60)], [(0, 16, 64)])
    assert told(MultitrackRepresentation(min_events=9).windows(short)) == [(1, "few-notes", 1)]
    crowd = [(0, 16, 50 + n) for n in range(9)]
    assert told(strict.windows(song(*[[row] for row in crowd]))) == [(1, "many-tracks", 1)]
    busy = song([(n / 3, 0.3, 60) for n in range(48)], [(0, 16, 50)])
    found = strict.windows(busy)
    assert told(found) == [(1, "crowded", 1)] and "needs" in found.rejections[0].detail


def test_windows_with_room_for_one_instrument_are_made_of_each():
    alone = MultitrackRepresentation(tracks=1, min_tracks=1, min_events=1)
    band = song([(0, 16, 40)], beat(1), programs=(33, 0), drums=[1])
    assert alone.candidates(band) == [0, 1] and BAR.candidates(band) == [None]
    heads = [alone.windows(band, track=track).tokens[0, 0] for track in alone.candidates(band)]
    assert heads == [PROGRAM + 33, PROGRAM + DRUMS]


def test_bars_join_to_a_song_in_which_instruments_go_on():
    first = BAR.windows(song([(0, 16, 60)], [(0, 16, 40)], programs=(0, 33))).tokens[0]
    second = BAR.windows(song([(0, 8, 41)], beat(1), programs=(33, 0), drums=[1])).tokens[0]
    score = BAR.to_score(np.stack([first, second]))
    assert [(part.program, part.is_drum) for part in score.tracks] == [(0, False), (33, False), (0, True)]
    bass = score.select(score.track == 1)
    assert bass.pitch.tolist() == [40, 41]
    assert (bass.start / score.ticks_per_quarter).tolist() == [0, 4]


def test_drums_stay_when_the_rest_moves():
    score = song([(0, 16, 60)], [(0, 16, 36), (4, 4, 38)], drums=[1])
    (window,) = BAR.windows(score).tokens
    (moved,) = BAR.transpose(window[None], np.array([3]))
    assert moved[2] == ON + 63 and np.array_equal(moved[64:], window[64:])
    assert BAR.fingerprint(moved[None])[0] == BAR.fingerprint(window[None])[0]


def test_chords_stand_beside_the_events_at_their_time():
    rep = MultitrackRepresentation(chords="triads", min_events=1, min_tracks=1)
    chords = [Chord(0, "C"), Chord(8 * STEP, "Am")]
    found = rep.windows(song([(0, 8, 60), (8, 8, 64)], chords=chords))
    assert found.control is not None
    c, am = triad_of("C"), triad_of("Am")
    assert found.control[0, :10].tolist() == [0, c, c, c, am, am, am, am, am, 0]
    assert not found.control[0, 64:].any()


def test_chords_throughout_do_not_tell_how_long_a_track_is():
    rep = MultitrackRepresentation(chords="triads", chords_throughout=True, min_events=1, min_tracks=1)
    chords = [Chord(0, "C"), Chord(8 * STEP, "Am")]
    found = rep.windows(song([(0, 8, 60), (8, 8, 64)], chords=chords))
    other = rep.windows(song([(0, 16, 60)], [(0, 16, 64)], chords=chords))
    assert found.control is not None and other.control is not None
    c, am = triad_of("C"), triad_of("Am")
    assert found.control[0, :9].tolist() == [0, c, c, c, am, am, am, am, am]
    assert (found.control[0, 10:64] > 0).all()  # behind the end
    assert (
        found.control[0, 64:].tolist() == rep.chords_of("C Am |")[0, 64:].tolist()
    )  # tracks that do not play
    assert np.array_equal(found.control != 0, other.control != 0)


def test_chords_of_a_line_go_to_every_track_and_into_the_score():
    rep = MultitrackRepresentation(chords="triads")
    c, am = triad_of("C"), triad_of("Am")
    control = rep.chords_of("C Am |")[0]
    assert control.shape == (512,)
    assert control[:64].tolist() == control[448:].tolist() == [0] + [c] * 31 + [am] * 32
    windows = BAR.windows(song([(0, 32, 60)])).tokens
    score = rep.with_chords(rep.to_score(windows), np.stack([control, *rep.chords_of("F")]))
    assert [(chord.tick // 480, chord.symbol) for chord in score.chords] == [(0, "C"), (2, "Am"), (4, "F")]
    heard = rep.lenient().windows(song([(0, 8, 60), (8, 8, 64)], chords=list(score.chords))).control
    assert heard is not None
    assert [chord.symbol for chord in rep.with_chords(score, heard).chords] == ["C", "Am"]


def test_notes_are_right_only_in_the_right_instrument():
    one = BAR.windows(song([(0, 16, 60)], [(0, 16, 40)], programs=(0, 33))).tokens
    other = BAR.windows(song([(0, 16, 60)], [(0, 16, 40)], programs=(0, 34))).tokens
    figures = BAR.compare(other, one)
    assert figures["note_f1"] == pytest.approx(0.5) and figures["windows"] == 0
    assert figures["steps"] == pytest.approx(1 - 1 / BAR.valid(one).sum())


def test_one_track_and_a_track_that_is_not_there():
    score = song([(0, 16, 60)], [(0, 16, 40)])
    assert lengths(BAR.windows(score, track=1).tokens[0]).tolist() == [6] + [1] * 7
    with pytest.raises(ConfigError, match="no track 3"):
        BAR.windows(score, track=2)
    with pytest.raises(ConfigError, match="at least 1 of 4"):
        MultitrackRepresentation(events=3)


def test_a_level_is_written_as_the_middle_of_its_velocities():
    levels = range(events.LEVELS)
    assert [events.level_of(events.velocity_of(level)) for level in levels] == list(levels)
    of_levels = [[v for v in range(1, 128) if events.level_of(v) == level] for level in levels]
    far = [abs(events.velocity_of(level) - np.mean(v)) for level, v in zip(levels, of_levels, strict=True)]
    assert max(far) <= 0.5
