from __future__ import annotations

import numpy as np
import pytest

from musicvae_lite.errors import NothingUsableError
from musicvae_lite.live.timeline import timeline
from musicvae_lite.music.midi_writing import channels
from musicvae_lite.music.score import Meter, MeterChange, Score, TempoChange, Track


def song(
    notes: list[tuple[int, int, int, int, int]], tracks: tuple[Track, ...] = (Track(),), **more
) -> Score:
    """Notes as (start, end, pitch, velocity, track) in ticks, 480 a quarter: half a second at 120."""
    table = np.array(notes, dtype=np.int32).reshape(-1, 5)
    return Score(480, *table.T, tracks=tracks, **more)


def sent(score: Score) -> list[tuple[float, int, int, int]]:
    """Seconds, status, pitch and velocity of each message."""
    music = timeline(score)
    return [
        (moment, *data) for moment, data in zip(music.seconds.tolist(), music.messages.tolist(), strict=True)
    ]


def test_messages_have_their_seconds_through_tempo_changes():
    slower = song(
        [(0, 480, 60, 90, 0), (960, 1440, 62, 80, 0)], tempos=(TempoChange(0, 120.0), TempoChange(960, 60.0))
    )
    assert sent(slower) == [(0.0, 0x90, 60, 90), (0.5, 0x80, 60, 0), (1.0, 0x90, 62, 80), (2.0, 0x80, 62, 0)]
    assert timeline(slower).bars.tolist() == [0.0, 3.0]


def test_bars_follow_the_meter():
    waltz = song([(0, 480, 60, 90, 0), (2880, 3000, 60, 90, 0)], meters=(MeterChange(0, Meter(3, 4)),))
    assert timeline(waltz).bars.tolist() == [0.0, 1.5, 3.0, 4.5]


def test_what_ends_at_a_moment_ends_before_what_begins():
    legato = song([(0, 480, 60, 90, 0), (480, 960, 60, 90, 0)])
    assert [status for _, status, *_ in sent(legato)] == [0x90, 0x80, 0x90, 0x80]


def test_a_key_struck_while_it_sounds_is_let_go_first():
    overlapping = song([(0, 960, 60, 90, 0), (480, 1440, 60, 70, 0), (480, 700, 60, 50, 0)])
    assert sent(overlapping) == [
        (0.0, 0x90, 60, 90), (0.5, 0x80, 60, 0), (0.5, 0x90, 60, 70), (1.5, 0x80, 60, 0),
    ]  # fmt: skip


def test_notes_that_begin_as_one_sound_as_long_as_the_longest_and_as_loud_as_the_loudest():
    quarter, whole = (0, 480, 60, 90, 0), (0, 1920, 60, 70, 0)
    for unison in ([quarter, whole], [whole, quarter]):
        assert sent(song(unison)) == [(0.0, 0x90, 60, 90), (2.0, 0x80, 60, 0)]
    alike = song([quarter, (0, 1920, 60, 90, 0), (960, 1440, 60, 50, 0)])
    assert [moment for moment, status, *_ in sent(alike) if status < 0x90] == [1.0, 1.5]


def test_instruments_and_drums_lie_on_channels_of_their_own():
    band = song(
        [(0, 9, 72, 90, 0), (0, 9, 36, 90, 1), (0, 9, 40, 90, 2)],
        (Track("flute", 73), Track("drums", is_drum=True), Track("bass", 33), Track("silent", 5)),
    )
    music = timeline(band)
    assert music.programs == ((0, 73), (1, 33), (9, 0))
    assert {(data[0] & 15, data[1]) for data in music.messages.tolist()} == {(0, 72), (9, 36), (1, 40)}


def test_the_kit_of_the_drums_is_set_where_they_play():
    kits = (Track("silent", 8, True), Track("808", 25, True), Track("brushes", 40, True))
    assert timeline(song([(0, 9, 36, 90, 1), (9, 18, 38, 90, 2)], kits)).programs == ((9, 25),)
    assert timeline(song([(0, 9, 60, 90, 0)], (Track("flute", 73), *kits))).programs == ((0, 73),)


def test_the_drum_channel_is_left_out_for_others():
    assert channels([Track()] * 17) == [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 0, 1]
    assert channels([Track(is_drum=True), Track(), Track(is_drum=True)]) == [9, 0, 9]


def test_more_tracks_than_channels_share_them_by_program():
    tracks = [Track(program=program) for program in (5, 40, 40, 70, 70, 70, 8, 8, 8, 8) * 2]
    used = channels(tracks)
    sounds = [{track.program for track, mine in zip(tracks, used, strict=True) if mine == channel}
              for channel in range(16)]  # fmt: skip
    assert sounds[9] == set()
    assert all(len(programs) == 1 for channel, programs in enumerate(sounds) if channel != 9)
    many = channels([Track(program=program) for program in range(40)])
    assert len(set(many)) == 15 and 9 not in many
    assert len(timeline(song([(0, 9, 60, 90, t) for t in range(20)], tuple(tracks))).programs) == 15


def test_every_note_that_begins_ends():
    rng = np.random.default_rng(0)
    start = np.sort(rng.integers(0, 5000, 400))
    rows = [
        (int(s), int(s + rng.integers(1, 900)), int(rng.integers(50, 60)), 90, int(rng.integers(0, 3)))
        for s in start
    ]
    sounding: set[tuple[int, int]] = set()
    for _, status, pitch, _ in sent(song(rows, (Track(), Track(), Track(is_drum=True)))):
        key = (status & 15, pitch)
        assert (key in sounding) == (status < 0x90)
        sounding ^= {key}
    assert not sounding


def test_silence_is_refused():
    with pytest.raises(NothingUsableError, match=r"quiet\.mid: there are no notes to play"):
        timeline(song([], source="quiet.mid"))
