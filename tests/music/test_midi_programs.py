"""Programs of MIDI files: tracks that change them, and tracks that others set them for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from musicvae_lite.errors import ReadError
from musicvae_lite.music import midi, midi_check, midi_rescue
from musicvae_lite.music.behind import Behind
from musicvae_lite.music.excerpt import excerpt
from musicvae_lite.music.files import Limits
from musicvae_lite.music.midi_writing import channels
from musicvae_lite.music.score import ProgramChange, Score, Track
from musicvae_lite.music.takes import Style
from musicvae_lite.music.timeline import Timeline
from tests.music.test_midi import END, NOTE, notes, same, smf

MELLOW = Track("Lead", 1, False, (ProgramChange(1920, 48), ProgramChange(3840, 1)))


def note(channel: int, pitch: int = 60) -> bytes:
    """A quarter at 96 ticks."""
    return bytes([0, 0x90 | channel, pitch, 64, 96, 0x80 | channel, pitch, 0])


def program(channel: int, number: int, wait: int = 0) -> bytes:
    return bytes([wait, 0xC0 | channel, number])


def played(score: Score) -> list[tuple[int, int, int]]:
    """Tick, track and program of each note."""
    return list(zip(score.start.tolist(), score.track.tolist(), score.programs.tolist(), strict=True))


def song(track: Track = MELLOW) -> Score:
    """Quarters through three bars of 4/4."""
    start = np.arange(12, dtype=np.int32) * 480
    return Score(480, start, start + 480, 60 + start // 480, np.full_like(start, 80), start * 0, (track,))


@pytest.mark.parametrize("kind", [0, 1])
def test_a_channel_that_changes_its_program_is_one_track(kind: int):
    name = b"\x00\xff\x03\x04Lead"
    body = (
        name + program(4, 48) + note(4) + program(4, 1) + note(4) + note(4) + program(4, 48) + note(4) + END
    )
    score = midi.read_bytes(smf(body, kind=kind))
    assert score.tracks == (Track("Lead", 48, False, (ProgramChange(96, 1), ProgramChange(288, 48))),)
    assert played(score) == [(0, 0, 48), (96, 0, 1), (192, 0, 1), (288, 0, 48)]
    assert score.warnings == ()


def test_a_change_counts_where_it_is_heard():
    body = program(0, 5) + note(0) + program(0, 9) + program(0, 7, 96) + note(0) + program(0, 20) + END
    assert midi.read_bytes(smf(body)).tracks == (Track("", 5, False, (ProgramChange(192, 7),)),)
    before = program(0, 5) + program(0, 7) + note(0) + END
    assert midi.read_bytes(smf(before)).tracks == (Track("", 7),)
    late = note(0) + program(0, 7) + note(0) + END
    assert midi.read_bytes(smf(late)).tracks == (Track("", 0, False, (ProgramChange(96, 7),)),)
    running = program(0, 5) + b"\x00\x07" + note(0) + END
    assert midi.read_bytes(smf(running)).tracks == (Track("", 7),)


def test_kits_that_change_are_one_track_of_drums():
    body = program(9, 8) + note(9, 36) + program(9, 25) + note(9, 38) + END
    assert midi.read_bytes(smf(body)).tracks == (Track("", 8, True, (ProgramChange(96, 25),)),)


def test_instruments_that_share_a_channel_and_play_at_once_stay_apart():
    strike, off = (
        (lambda pitch: bytes([0, 0x90, pitch, 64])),
        (lambda pitch, wait: bytes([wait, 0x80, pitch, 0])),
    )
    both = program(0, 73) + strike(72) + program(0, 33) + strike(40) + off(72, 96) + off(40, 0)
    score = midi.read_bytes(smf(both + both + END))
    assert score.tracks == (Track("", 33), Track("", 73))
    assert played(score) == [(0, 0, 33), (0, 1, 73), (96, 0, 33), (96, 1, 73)]


def test_programs_may_be_set_in_a_track_of_their_own():
    setup = b"\x00\xff\x03\x05Setup" + program(0, 73) + program(1, 33) + END
    score = midi.read_bytes(smf(setup, note(0) + END, note(1) + END))
    assert [track.program for track in score.tracks] == [73, 33]
    later = setup[: -len(END)] + program(1, 35, 96) + END
    score = midi.read_bytes(smf(later, note(0) + note(0) + END, note(1) + note(1) + END))
    assert score.tracks == (Track("", 73), Track("", 33, False, (ProgramChange(96, 35),)))


def test_a_program_of_its_own_comes_first_and_one_that_is_set_later_does_not_count():
    flute = program(0, 73) + note(0) + END
    assert [t.program for t in midi.read_bytes(smf(flute, program(0, 40) + note(0) + END)).tracks] == [73, 40]
    late = b"\x60\xff\x01\x00" + program(0, 40) + note(0) + END
    assert [t.program for t in midi.read_bytes(smf(late, note(0) + END)).tracks] == [40, 0]


def test_patterns_of_type_2_leave_each_other_their_programs():
    score = midi.read_bytes(smf(program(0, 73) + note(0) + END, note(0) + END, kind=2))
    assert [track.program for track in score.tracks] == [73, 0]


def test_frames_move_program_changes_with_their_notes():
    body = program(0, 5) + note(0) + program(0, 7) + note(0) + END
    score = midi.read_bytes(smf(body, division=(256 - 25) << 8 | 40))
    (track,) = score.tracks
    assert track.program_changes == (ProgramChange(int(score.start[1]), 7),)
    assert score.programs.tolist() == [5, 7]


def test_both_readers_agree_on_programs_that_stay():
    tracks = [program(c, 10 * c) + note(c) + note(c + 1, 50) + END for c in range(0, 12, 2)]
    data = smf(b"\x00\xff\x03\x01x" + END, *tracks)
    slow = midi.assemble("", Limits(), *midi_rescue.parse(data, "", Limits()))
    assert midi._read_fast(data, "", Limits()) is not None
    assert same(midi.read_bytes(data), slow)


RUNNING = b"\x60\x43\x40\x91\x60\x43\x00"  # strikes without a status, the second behind a wait of 91 60


@pytest.mark.parametrize(
    "tracks",
    [
        [program(0, 5) + program(0, 7) + note(0)],
        [program(0, 5) + b"\x00\x07" + note(0)],
        [program(0, 5) + note(0) + program(0, 5) + note(0)],
        [program(1, 9) + b"\x91\x40" + program(0, 5) + note(0) + note(1)],  # a wait
        [program(0, 3) + note(0) + RUNNING, program(1, 9) + note(1)],
        [b"\x00\xff\x01\x04\x00\x90\x3c\x40" + program(0, 3) + note(0)],  # a text
    ],
)
def test_programs_that_stay_need_no_closer_look(tracks: list[bytes]):
    data = smf(*(track + END for track in tracks))
    fast = midi._read_fast(data, "", Limits())
    slow = midi.assemble("", Limits(), *midi_rescue.parse(data, "", Limits()))
    assert fast is not None and same(fast, slow)


@pytest.mark.parametrize("wait", [b"", b"\x00\xff\x01\x04\x00\x90\x3c\x40", b"\x91\x60\xc1\x05", RUNNING])
def test_the_first_strike_is_no_byte_of_something_else(wait: bytes):
    body = b"\x00\x92\x3c\x40" + wait + note(0) + note(1)
    assert [midi_check.first_strike(b"x" + body, 1, len(body) + 1, channel) for channel in range(4)] == [
        6 + len(wait), 14 + len(wait), 2, -1,
    ]  # fmt: skip
    assert midi_check.first_strike(body, 0, 5 + len(wait), 1) == -1


def test_places_of_program_changes_are_those_of_their_bytes():
    text = b"\x00\xff\x01\x02\xc0\x05"
    body = program(3, 5) + b"\x83\xc0\x06" + b"\x00\x07" * 300 + b"\x00\x93\x3c\x40\xc0\x00\x3c\x00" + text
    found: dict[int, list[tuple[int, int]]] = {}
    assert not midi_check.is_sound(body + END, 0, len(body + END), found)  # C0 06 is a wait, and 06 no status
    body = body.replace(b"\x83\xc0\x06", b"\x83\x00\xd0\x06\x00\xc0\x08")
    found.clear()
    assert midi_check.is_sound(b"x" + body + END, 1, len(body + END) + 1, found)
    assert found == {3: [(2, 5)], 0: [(1 + body.index(b"\xc0\x08"), 7)]}


def test_too_many_changes_are_refused():
    body = b"".join(program(0, k % 2) + note(0) for k in range(40))
    with pytest.raises(ReadError, match="39 program changes, more than the limit of 20"):
        midi.read_bytes(smf(body + END), "a.mid", Limits(max_changes=20))


def test_written_changes_are_read_again():
    two = replace(song(), tracks=(MELLOW, Track("Kit", 0, True, (ProgramChange(2400, 25),))))
    two = replace(two, track=(np.arange(12, dtype=np.int32) % 2), pitch=np.full(12, 60, np.int32))
    again = midi.read_bytes(midi.to_bytes(two))
    assert played(again) == played(two) and notes(again) == notes(two)
    assert [track.programs for track in again.tracks] == [(1, 48), (0, 25)]
    assert same(midi.read_bytes(midi.to_bytes(again)), again)


def test_tracks_that_change_alike_share_channels_and_no_others():
    tracks = [Track("", 1)] * 10 + [MELLOW] * 10
    used = channels(tracks)
    assert not set(used[:10]) & set(used[10:])
    assert len(set(used)) == 15


def test_an_excerpt_begins_with_the_program_that_holds_there():
    assert [excerpt(song(), bar, bar).tracks[0].programs for bar in (1, 2, 3)] == [(1,), (48,), (1,)]
    assert excerpt(song(), 2, 3).tracks == (Track("Lead", 48, False, (ProgramChange(1920, 1),)),)


def test_new_bars_behind_a_song_keep_its_changes():
    places = np.array([0.0, 12.0])
    made = Behind.of(Timeline(places, places, 1 / 14, song()), (0,)).laid(song(Track("Melody", 20)))
    assert made.ticks_per_quarter == 3360
    assert made.programs.tolist() == [1] * 4 + [48] * 4 + [1] * 16


def test_a_style_has_the_program_of_its_place():
    heard = np.ones(12, dtype=bool)
    assert [Style.at(song(), 0, tick, heard, False).program for tick in (0, 1919, 1920, 9000)] == [
        1,
        1,
        48,
        1,
    ]


def test_pretty_midi_has_an_instrument_for_each_program():
    made = song().to_pretty_midi()
    assert [(i.name, i.program, len(i.notes)) for i in made.instruments] == [("Lead", 1, 8), ("Lead", 48, 4)]


def test_files_without_changes_keep_their_tracks_by_channel():
    score = midi.read_bytes(smf(program(1, 5) + note(1) + program(0, 5) + NOTE + note(9, 36) + END))
    assert [(t.program, t.is_drum, t.program_changes) for t in score.tracks] == [
        (5, False, ()), (5, False, ()), (0, True, ()),
    ]  # fmt: skip
