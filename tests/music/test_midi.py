"""MIDI: what healthy, odd and damaged files become."""

from __future__ import annotations

import errno
import os
import random
import struct
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicvae_lite.errors import MusicVAEError, ReadError
from musicvae_lite.music import midi, midi_rescue
from musicvae_lite.music.files import Limits
from musicvae_lite.music.score import KeyChange, Meter, MeterChange, Score, TempoChange, Track

END = b"\x00\xff\x2f\x00"
NOTE = b"\x00\x90\x3c\x40\x60\x80\x3c\x00"  # middle C, 96 ticks long


def smf(*tracks: bytes, kind: int = 1, division: int = 96, count: int | None = None) -> bytes:
    head = struct.pack(">4sIHHH", b"MThd", 6, kind, len(tracks) if count is None else count, division)
    return head + b"".join(b"MTrk" + struct.pack(">I", len(t)) + t for t in tracks)


def notes(score: Score) -> list[tuple[int, int, int]]:
    return list(zip(score.start.tolist(), score.end.tolist(), score.pitch.tolist(), strict=True))


def same(one: Score, two: Score) -> bool:
    arrays = ("start", "end", "pitch", "velocity", "track")
    maps = ("ticks_per_quarter", "tracks", "meters", "tempos", "keys", "title")
    return all(np.array_equal(getattr(one, a), getattr(two, a)) for a in arrays) and all(
        getattr(one, m) == getattr(two, m) for m in maps
    )


def code_of(data: bytes, **limits: int) -> str:
    with pytest.raises(ReadError) as caught:
        midi.read_bytes(data, "song.mid", Limits(**limits))
    assert str(caught.value).startswith("song.mid: ")
    return caught.value.code


def song() -> Score:
    """Two tracks, drums, a title, a tempo and a meter change."""
    return Score(
        480,
        start=np.array([0, 0, 240, 480, 1920], np.int32),
        end=np.array([240, 100, 480, 900, 2400], np.int32),
        pitch=np.array([36, 60, 62, 64, 65], np.int32),
        velocity=np.array([100, 1, 80, 127, 64], np.int32),
        track=np.array([1, 0, 0, 0, 2], np.int32),
        tracks=(Track("Flûte", 73), Track("Kit", 0, True), Track("Bass", 33)),
        meters=(MeterChange(0, Meter(3, 4)), MeterChange(1440, Meter(6, 8))),
        keys=(KeyChange(0, -7), KeyChange(960, 3, True)),
        tempos=(TempoChange(0, 100.0), TempoChange(960, 150.0)),
        title="A song",
    )


@pytest.mark.parametrize("kind", [0, 1])
def test_plain_file(kind: int):
    score = midi.read_bytes(smf(NOTE + END, kind=kind))
    assert notes(score) == [(0, 96, 60)]
    assert score.velocity.tolist() == [0x40]
    assert score.ticks_per_quarter == 96
    assert score.warnings == ()


def test_missing_tempo_and_meter_have_defaults():
    score = midi.read_bytes(smf(NOTE + END))
    assert score.tempos == (TempoChange(0, 120.0),)
    assert score.meters == (MeterChange(0, Meter(4, 4)),)


def test_maps_begin_at_zero_when_their_events_come_late():
    score = midi.read_bytes(smf(b"\x60\xff\x58\x04\x03\x02\x18\x08\x00\xff\x51\x03\x0f\x42\x40" + NOTE + END))
    assert score.meters == (MeterChange(0, Meter()), MeterChange(96, Meter(3, 4)))
    assert score.tempos == (TempoChange(0, 120.0), TempoChange(96, 60.0))


def test_repeated_equal_changes_are_one():
    three = b"\x00\xff\x58\x04\x03\x02\x18\x08"
    tempo = b"\xff\x51\x03\x0f\x42\x40"
    score = midi.read_bytes(smf(three + b"\x00" + tempo + b"\x60" + tempo + three + NOTE + END))
    assert score.meters == (MeterChange(0, Meter(3, 4)),)
    assert score.tempos == (TempoChange(0, 60.0),)


def test_last_of_several_changes_at_one_tick_counts():
    meters = b"\x00\xff\x58\x04\x03\x02\x18\x08\x00\xff\x58\x04\x06\x03\x18\x08"
    assert midi.read_bytes(smf(meters + NOTE + END)).meters == (MeterChange(0, Meter(6, 8)),)


def test_impossible_meter_and_tempo_are_left_out_with_a_warning():
    events = b"\x00\xff\x58\x04\x00\x02\x18\x08\x00\xff\x58\x04\x04\x09\x18\x08\x00\xff\x51\x03\x00\x00\x00"
    score = midi.read_bytes(smf(events + NOTE + END))
    assert score.meters == (MeterChange(0, Meter()),)
    assert score.tempos == (TempoChange(0, 120.0),)
    assert len(score.warnings) == 3


def test_running_status_and_note_on_of_no_velocity():
    body = b"\x00\x90\x3c\x40\x60\x3c\x00\x00\x3e\x40\x60\x3e\x00" + END
    assert notes(midi.read_bytes(smf(body))) == [(0, 96, 60), (96, 192, 62)]


def test_unknown_chunks_are_passed_over():
    data = smf(NOTE + END)
    odd = b"XFIH" + struct.pack(">I", 3) + b"abc"
    assert notes(midi.read_bytes(data[:14] + odd + data[14:] + odd)) == [(0, 96, 60)]


def test_channels_make_tracks():
    body = (
        b"\x00\xc0\x05\x00\xc1\x07" + NOTE + b"\x00\x91\x3c\x40\x60\x81\x3c\x00\x00\x99\x24\x40\x10\x24\x00"
    )
    score = midi.read_bytes(smf(body + END))
    assert [(t.program, t.is_drum) for t in score.tracks] == [(5, False), (7, False), (0, True)]
    assert score.track.tolist() == [0, 1, 2]


def test_tracks_without_notes_give_the_title_and_no_track():
    score = midi.read_bytes(smf(b"\x00\xff\x03\x05March" + END, b"\x00\xff\x03\x04Oboe" + NOTE + END))
    assert score.title == "March"
    assert [t.name for t in score.tracks] == ["Oboe"]


def test_names_that_are_not_utf_8_are_read_as_in_files_of_old():
    tracks = [
        b"\x00\xff\x03" + bytes([len(name)]) + name + NOTE + END for name in (b"Cu\xedca", "Cuíca 2".encode())
    ]
    assert [track.name for track in midi.read_bytes(smf(b"\x00\xff\x03\x01x" + END, *tracks)).tracks] == [
        "Cuíca",
        "Cuíca 2",
    ]


@pytest.mark.parametrize("length", [4, 127, 128, 200, 300])
def test_titles_of_any_length_and_of_a_track_of_the_same_name(length: int):
    name = b"\x00\xff\x03" + (bytes([length]) if length < 128 else bytes([128 | length >> 7, length & 127]))
    name += b"x" * length
    assert midi.read_bytes(smf(name + END, name + NOTE + END)).title == "x" * length
    assert midi.read_bytes(smf(name + NOTE + END, NOTE + END)).title == ""  # a track's own


@pytest.mark.parametrize("end", [END, b"\x00\x90\x40\x40" + END], ids=["sound", "hanging"])
def test_chord_symbols_in_texts(end: bytes):
    blank, chords = b"\x00\xff\x01\x01 ", b"\x00\xff\x01\x02Am" + NOTE + b"\x00\xff\x01\x01G"
    score = midi.read_bytes(smf(blank + chords + end))
    assert [(chord.tick, chord.symbol) for chord in score.chords] == [(0, "Am"), (96, "G")]
    assert midi.read_bytes(smf(blank + NOTE + end)).chords == ()


def test_hanging_note_lasts_to_the_end_of_its_track():
    score = midi.read_bytes(smf(NOTE + b"\x00\x90\x40\x40\x83\x00\xff\x2f\x00"))
    assert notes(score) == [(0, 96, 60), (96, 480, 64)]
    assert "never end" in score.warnings[0]


def test_hanging_note_ends_where_its_pitch_is_struck_again():
    body = b"\x00\x90\x3c\x40" + b"\x60\x3c\x50" + b"\x60\x3c\x00" + b"\x60\xff\x2f\x00"
    score = midi.read_bytes(smf(body))
    assert notes(score) == [(0, 96, 60), (96, 192, 60)]
    assert score.warnings


def test_overlapping_notes_of_one_pitch_end_in_order():
    body = b"\x00\x90\x3c\x40\x10\x3c\x50\x10\x3c\x00\x10\x3c\x00" + END
    score = midi.read_bytes(smf(body))
    assert notes(score) == [(0, 32, 60), (16, 48, 60)]
    assert score.warnings == ()


def test_note_of_no_length_lasts_one_tick():
    assert notes(midi.read_bytes(smf(b"\x00\x90\x3c\x40\x00\x3c\x00" + END))) == [(0, 1, 60)]


def test_type_2_patterns_follow_one_another_on_bar_lines():
    waltz = b"\x00\xff\x58\x04\x03\x02\x18\x08" + NOTE + END
    score = midi.read_bytes(smf(NOTE + END, waltz, NOTE + END, kind=2))
    assert [start for start, _, _ in notes(score)] == [0, 384, 384 + 288]
    assert "patterns" in score.warnings[0]


def test_type_2_patterns_have_tempo_and_meter_of_their_own():
    waltz = b"\x00\xff\x58\x04\x03\x02\x18\x08\x00\xff\x51\x03\x0f\x42\x40" + NOTE + END
    plain = NOTE + b"\x60\xff\x51\x03\x0f\x42\x40" + END
    score = midi.read_bytes(smf(waltz, plain, waltz, kind=2))
    assert score.meters == (
        MeterChange(0, Meter(3, 4)), MeterChange(288, Meter(4, 4)), MeterChange(672, Meter(3, 4))
    )  # fmt: skip
    assert score.tempos == (TempoChange(0, 60.0), TempoChange(288, 120.0), TempoChange(480, 60.0))
    assert midi.read_bytes(smf(waltz, waltz, kind=2)).tempos == (TempoChange(0, 60.0),)


@pytest.mark.parametrize(("frames", "rate"), [(24, 24), (25, 25), (29, 30_000 / 1_001), (30, 30)])
def test_smpte_times_keep_their_seconds(frames: int, rate: float):
    division = (256 - frames) << 8 | 40
    score = midi.read_bytes(smf(b"\x00\x90\x3c\x40\x83\x60\x3c\x00" + END, division=division))
    assert score.seconds(score.end)[0] == pytest.approx(480 / (rate * 40), abs=0.5 / 960)
    assert "SMPTE" in score.warnings[0]


def test_riff_wrapper_and_long_header_are_read():
    data = smf(NOTE + END)
    assert notes(midi.read_bytes(b"RIFF\0\0\0\0RMIDdata\0\0\0\0" + data)) == [(0, 96, 60)]
    long = data[:4] + struct.pack(">I", 8) + data[8:14] + b"\0\0" + data[14:]
    assert notes(midi.read_bytes(long)) == [(0, 96, 60)]


def test_wrong_track_count_and_length_are_told():
    score = midi.read_bytes(smf(NOTE + END, count=5))
    assert len(score) == 1
    assert "5 tracks" in score.warnings[0]
    data = smf(NOTE + END).replace(struct.pack(">I", len(NOTE + END)), struct.pack(">I", 99))
    score = midi.read_bytes(data)
    assert len(score) == 1
    assert "99 bytes" in score.warnings[0]


def test_file_without_notes_is_an_empty_score():
    score = midi.read_bytes(smf(END))
    assert len(score) == 0
    assert score.end_tick == 0
    assert score.tracks == ()


def test_meter_change_within_a_bar():
    score = midi.read_bytes(smf(NOTE + b"\x64\xff\x58\x04\x03\x02\x18\x08" + NOTE + END))
    assert score.meters[1] == MeterChange(196, Meter(3, 4))


def test_what_is_no_midi_is_told_by_kind(tmp_path):
    assert code_of(b"") == "empty"
    assert code_of(b"Dear reader,\nthis is a letter.\n") == "not-midi"
    assert code_of(bytes(range(128, 256))) == "not-midi"
    assert code_of(b"MTh") == "truncated"
    assert code_of(b"MThd\0\0\0\6\0\1") == "truncated"
    assert code_of(smf(NOTE + END, kind=7)) == "damaged"
    assert code_of(smf(NOTE + END, division=0)) == "damaged"
    assert code_of(smf(b"\x00\x3c\x40" + END)) == "damaged"
    assert code_of(smf(NOTE + END)[:14]) == "truncated"


def test_missing_folder_and_forbidden_files(tmp_path):
    for path, code in [(tmp_path / "no.mid", "missing"), (tmp_path, "folder"), (tmp_path / "a\0b", "os")]:
        with pytest.raises(ReadError) as caught:
            midi.read(path)
        assert caught.value.code == code
    empty = tmp_path / "empty.mid"
    empty.touch()
    with pytest.raises(ReadError, match="empty"):
        midi.read(empty)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_forbidden_file(tmp_path):
    path = tmp_path / "locked.mid"
    path.write_bytes(smf(NOTE + END))
    path.chmod(0)
    with pytest.raises(ReadError, match="permission"):
        midi.read(path)


def test_limits_name_themselves():
    data = smf(NOTE * 3 + END, b"\x00\x91\x3c\x40\x60\x3c\x00" + END)
    for limit in ({"max_bytes": 20}, {"max_notes": 3}, {"max_tracks": 1}, {"max_quarters": 2}):
        assert code_of(data, **limit) == "limit"
    with pytest.raises(ReadError, match=r"4 notes, more than the limit of 3$"):
        midi.read_bytes(data, "song.mid", Limits(max_notes=3))
    changes = b"".join(b"\x01\xff\x51\x03\x0f\x42" + bytes([i]) for i in range(9))
    assert code_of(smf(changes + NOTE + END), max_changes=5) == "limit"
    assert len(midi.read_bytes(data, limits=Limits.none())) == 4


def test_file_beyond_the_limit_is_not_even_loaded(tmp_path):
    path = tmp_path / "huge.mid"
    with path.open("wb") as file:
        file.truncate(2**25)
    with pytest.raises(ReadError, match="more than the limit"):
        midi.read(path)


def test_every_truncation_reads_or_raises():
    data = midi.to_bytes(song())
    codes = set()
    for length in range(0, len(data), 7):
        try:
            midi.read_bytes(data[:length])
        except ReadError as error:
            codes.add(error.code)
    assert "truncated" in codes


def test_flipped_bits_read_or_raise():
    data = midi.to_bytes(song())
    chance = random.Random(5)
    read = 0
    for _ in range(600):
        damaged = bytearray(data)
        for _ in range(chance.choice([1, 2, 8])):
            damaged[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        try:
            score = midi.read_bytes(bytes(damaged))
        except ReadError:
            continue
        read += 1
        assert (score.end > score.start).all()
        assert ((score.pitch >= 0) & (score.pitch < 128)).all()
        assert ((score.velocity > 0) & (score.velocity < 128)).all()
        assert (np.diff(score.start) >= 0).all()
        assert score.meters[0].tick == score.tempos[0].tick == 0
    assert read > 100


@given(st.binary(max_size=200))
def test_random_bytes_read_or_raise(tail: bytes):
    for data in (tail, smf(tail), smf(NOTE + tail), smf(NOTE + END)[:14] + tail):
        with suppress(ReadError):
            midi.read_bytes(data)


def test_both_readers_agree():
    data = midi.to_bytes(song())
    slow = midi.assemble("", Limits(), *midi_rescue.parse(data, "", Limits()))
    assert same(midi.read_bytes(data), slow)


def test_key_signatures_that_do_not_exist_are_left_out():
    keys = b"\x00\xff\x59\x02\x08\x00" + b"\x00\xff\x59\x02\xfe\x01" + b"\x60\xff\x59\x02\xfe\x07"
    data = smf(keys + NOTE + END)
    slow = midi.assemble("", Limits(), *midi_rescue.parse(data, "", Limits()))
    for score in (midi.read_bytes(data), slow):
        assert [(k.tick, k.name) for k in score.keys] == [(0, "G minor"), (96, "Bb major")]
        assert score.warnings == ("key signature of 8 sharps at tick 0 left out",)


def test_every_key_survives_a_file_and_pretty_midi():
    for fifths in range(-7, 8):
        for minor in (False, True):
            score = replace(song(), keys=(KeyChange(0, fifths, minor),))
            assert midi.read_bytes(midi.to_bytes(score)).keys == score.keys
            (back,) = Score.from_pretty_midi(score.to_pretty_midi()).keys
            assert ((back.fifths - fifths) % 12, back.minor) == (0, minor)


def test_written_file_reads_as_it_was(tmp_path):
    path = tmp_path / "song.mid"
    song().save(str(path))
    assert same(midi.read(path), song())
    assert os.listdir(tmp_path) == ["song.mid"]


def test_more_tracks_than_channels_survive():
    count = 40
    many = Score(
        96,
        *(np.arange(count, dtype=np.int32) + i for i in (0, 1, 40)),
        velocity=np.full(count, 64, np.int32),
        track=np.arange(count, dtype=np.int32),
        tracks=tuple(Track(str(i), i, i == 7) for i in range(count)),
    )
    assert same(midi.read_bytes(midi.to_bytes(many)), many)


pitches = st.lists(
    st.tuples(st.integers(0, 3000), st.integers(1, 500), st.integers(0, 127), st.integers(1, 127)),
    max_size=30,
)


@given(pitches, st.sampled_from([24, 96, 220, 480, 960]))
def test_round_trip(rows: list[tuple[int, int, int, int]], resolution: int):
    free: list[
        tuple[int, int, int, int]
    ] = []  # no two notes of one pitch at once: MIDI cannot tell them apart
    for start, length, pitch, velocity in sorted(rows, key=lambda row: (row[0], row[2])):
        if all(p != pitch or end <= start for _, end, p, _ in free):
            free.append((start, start + length, pitch, velocity))
    columns = np.array(free, dtype=np.int32).reshape(-1, 4).T
    track = np.zeros(len(free), np.int32)
    start, end, pitch, velocity = columns
    score = Score(resolution, start, end, pitch, velocity, track, (Track("x"),) if free else ())
    assert same(midi.read_bytes(midi.to_bytes(score)), score)


def test_failed_writing_leaves_nothing_behind(tmp_path, monkeypatch):
    with pytest.raises(MusicVAEError, match="is a file, not a folder"):
        midi.write(song(), f"{__file__}/song.mid")
    with pytest.raises(MusicVAEError, match="folder"):
        midi.write(song(), tmp_path)
    path = tmp_path / "song.mid"
    path.write_bytes(b"before")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MusicVAEError, match=r"song\.mid: cannot be written: No space left"):
        midi.write(song(), path)
    assert path.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["song.mid"]
