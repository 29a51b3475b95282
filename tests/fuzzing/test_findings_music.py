"""What fuzzing and reading have found in songs: inputs that hung, grew without bound or raised too much."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress

import numpy as np
import pytest

from musicvae_lite.errors import ReadError
from musicvae_lite.music import midi, midi_check, midi_chords, notation
from musicvae_lite.music.chords import inference
from musicvae_lite.music.files import Limits
from musicvae_lite.music.score import Meter, MeterChange, Score
from tests.corpora.tunes import tune
from tests.fuzzing import seeds
from tests.fuzzing.seeds import END, smf

DEEP = 100_000


def code(data: bytes, name: str = "song.mid", **limits: int) -> str:
    """Why a file of music is refused."""
    if name.endswith(".mid"):
        with pytest.raises(ReadError) as error:
            midi.read_bytes(data, name, Limits(**limits))
        return error.value.code
    (found,) = notation.read_bytes(data, name, Limits(**limits))
    assert isinstance(found, ReadError)
    return found.code


# MIDI


@pytest.mark.parametrize(
    "events",
    [
        b"\x00\x8f\x80\x4d",  # a key that is no key: the fast reader wrote outside its memory
        b"\x00\x90\x3c\xff\x2f",
        b"\x00\xff\x03\x7fA",
        b"\x00\xff\x51\x01\x07",
        b"\x00\xf0\x7f\x01",
        b"\xff\xff\xff\xff\x00\x90\x3c\x40",
        b"\x00\xff\x2f\x00\x00\x90\x3c\x40",
        b"\x3c\x40",
        b"\x00\xf0\x02\x01\x02\x00\xf7\x04\xc3\xc3\xff\xff",  # it lost its place behind an F7
    ],
)
def test_only_whole_events_reach_the_fast_reader(events: bytes):
    body = b"\x00\x90\x3c\x40\x10\x80\x3c\x00" + events + END
    assert not midi_check.is_sound(body, 0, len(body))
    with suppress(ReadError):
        midi.read_bytes(smf(body))


def test_whole_tracks_do():
    text = b"\x00\xff\x01\x81\x48" + b"a" * 200
    running = b"\x00\x90\x3c\x40\x83\x00\x3c\x00\x00\xc0\x05\x00\x06"
    body = text + running + b"\x00\xf0\x02\x7f\xf7\x00\xe0\x00\x40" + END
    assert midi_check.is_sound(body, 0, len(body)) and midi_check.is_sound(b"x" + body, 1, len(body) + 1)
    assert not any(midi_check.is_sound(body, 0, end) for end in range(len(body)))
    assert len(midi.read_bytes(smf(body))) == 1


@pytest.mark.parametrize("count", [255, 256, 257, 700, 20_000])
def test_long_runs_without_a_status_are_whole_too(count: int):
    pairs, singles = b"\x00\x90\x3c\x40" + b"\x81\x00\x3c\x00" * count, b"\x00\xc0\x05" + b"\x00\x06" * count
    for body in (pairs, singles, (pairs + singles) * 2, b"\x00\xe0\x00\x40" * count):
        assert midi_check.is_sound(body + END, 0, len(body) + len(END))
        assert not midi_check.is_sound(body + b"\x00\xe0" + END, 0, len(body) + 2 + len(END))


def test_tracks_are_counted_before_they_grow():
    # For each channel, 128 note-offs would be added.
    body = b"".join(bytes([0, 0x90 | channel, 60, 64]) for channel in range(16)) + END
    assert code(smf(*[body] * 2000)) == "limit"


def test_events_and_notes_are_counted_while_they_are_read():
    strikes = b"\x00\x90\x3c\x40" + b"\x00\x3c\x40" * 300
    assert code(smf(strikes + END, division=0xE728), max_notes=100) == "limit"
    assert code(smf(b"\x00\xc0\x01" * 300 + END, division=0xE728), max_events=100) == "limit"


def test_odd_changes_are_told_a_few_times():
    score = midi.read_bytes(smf(b"\x00\xff\x51\x03\0\0\0" * 500 + b"\x00\xff\x58\x04\0\0\0\0" * 500 + END))
    assert len(score.warnings) == 12 and "and 495 more of that kind" in score.warnings


def test_a_wait_too_long_for_one_event_is_written_in_parts():
    # Division 19200 lets 30,000 quarters be more ticks than a delta can say.
    wait = b"\xff\xff\xff\x7f\xff\x01\x00"  # 2^28 - 1 ticks, and a text
    score = midi.read_bytes(smf(wait * 2 + b"\x05\x90\x3c\x40\x60\x80\x3c\x00" + END, division=19200))
    assert score.start.tolist() == [2 * (2**28 - 1) + 5]
    again = midi.read_bytes(midi.to_bytes(score))
    assert again.start.tolist() == score.start.tolist() and again.end.tolist() == score.end.tolist()


def test_names_have_an_end():
    long = b"\x00\xff\x03\x84\x80\x00" + b"a" * 65536
    score = midi.read_bytes(smf(long + b"\x00\x90\x3c\x40\x60\x80\x3c\x00" + END))
    assert len(score.title) <= midi.LONGEST_TEXT and len(score.tracks[0].name) <= 65536


def test_notes_may_not_fill_the_song_many_times_over():
    long = b"".join(b"\x00\x90" + bytes([pitch, 64]) for pitch in range(128))
    off = b"\xff\xff\x7f\x80\x00\x00" + b"".join(b"\x00\x80" + bytes([p, 0]) for p in range(1, 128))
    assert code(smf(long + off + END), max_sounding=1000) == "limit"


def test_numbers_in_texts_end():
    assert midi_chords.find(smf(b"\x00\xff\x01\x01C" + b"\x80" * 50_000 + END))[0].symbol == "C"


def test_songs_of_very_many_half_bars_have_no_inferred_chords():
    many = np.arange(inference.MOST_HALVES + 10, dtype=np.int32) * 60
    score = Score(480, many, many + 60, many * 0 + 60, many * 0 + 80, many * 0, tune(0).tracks,
                  (MeterChange(0, Meter(1, 32)),))  # fmt: skip
    assert inference.infer(score) == ()


# Written music


@pytest.mark.parametrize("eighths", [63, 64, 65, 300, 471, 479, 481, 999, 2000])
def test_bars_of_odd_lengths_have_meters_that_can_be_written(eighths: int):
    (score,) = notation.read_bytes(f"X:1\nM:4/4\nL:1/8\nK:C\nC8|(3DEF z{eighths}|C8|".encode(), "a.abc")
    assert isinstance(score, Score) and all(change.meter.numerator < 256 for change in score.meters)
    assert len(midi.read_bytes(midi.to_bytes(score))) == len(score)


@pytest.mark.parametrize(
    "body",
    [
        "Z999|" * 200,  # bars of rest, from four characters each
        "C" * 3000,  # notes
        "Q:1/4=60\n" + "[Q:100]C[Q:200]C" * 100 + ":|" + "C|" * 10,
    ],
)
def test_abc_is_limited_while_it_is_read(body: str):
    assert (
        code(f"X:1\nK:C\n{body}\n".encode(), "a.abc", max_quarters=1000, max_notes=2000, max_changes=50)
        == "limit"
    )


def test_one_tune_may_not_be_a_book():
    assert code(b"X:1\nK:C\n" + b"z" * 5000, "a.abc", max_events=1000) == "limit"


def test_endings_take_time_in_their_number():
    """Each bar looked through the whole run of endings around it."""
    (score,) = notation.read_bytes(b"X:1\nK:C\n" + b"[1 CDEF GABc |" * 6000, "a.abc", Limits())
    assert isinstance(score, Score) and len(score) == 48_000


def test_a_book_of_very_many_tunes_is_cut(monkeypatch):
    monkeypatch.setattr(notation, "MOST_TUNES", 3)
    found = list(notation.read_bytes(b"X:1\nK:C\nC\n\n" * 6, "a.abc"))
    assert [getattr(song, "code", "read") for song in found] == ["read"] * 3 + ["limit"]


def test_the_head_of_a_book_is_short():
    """Each tune repeats it."""
    (song,) = notation.read_bytes(b"L:1/8\n" * 100_000 + b"X:1\nK:C\nC\n", "a.abc")
    assert isinstance(song, Score)


def test_musicxml_is_limited():
    assert code(b"<a>" + b"<b/>" * 1000 + b"</a>", "a.xml", max_events=1000) == "limit"
    assert code(b"<a>" * DEEP + b"</a>" * DEEP, "a.xml") == "not-musicxml"


def test_musicxml_offsets_stay_in_reach():
    text = seeds.xml_scores()[0].decode().replace("</harmony>", "<offset>1e308</offset></harmony>")
    text = text.replace("<divisions>2<", "<divisions>0.000001<")
    assert list(notation.read_bytes(text.encode(), "a.xml"))
    degrees = "<degree><degree-value>9</degree-value><degree-type>add</degree-type></degree>" * 1000
    text = seeds.xml_scores()[0].decode().replace("</harmony>", f"{degrees}</harmony>")
    (score,) = notation.read_bytes(text.encode(), "a.xml")
    assert isinstance(score, Score) and max(len(chord.symbol) for chord in score.chords) < 100


def test_zips_are_packed_as_musicxml_says():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.xml", seeds.xml_scores()[0])
    assert code(data.getvalue(), "a.mxl") == "damaged"
