from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.music.picking import every, every_of, parse_bars, pick
from musicvae_lite.music.representations import (
    DrumsRepresentation,
    GrooveRepresentation,
    MelodyRepresentation,
    MultitrackRepresentation,
    PianorollRepresentation,
)
from musicvae_lite.music.representations.base import Representation
from musicvae_lite.music.score import KeyChange, Meter, MeterChange, Score, TempoChange, Track
from musicvae_lite.music.whole import cover
from tests.corpora.tunes import tune

TWO, SIXTEEN = MelodyRepresentation(bars=2), MelodyRepresentation(bars=16)


def late(bars: int) -> Score:
    """A tune behind so many silent bars."""
    song = tune(1)
    shift = bars * 4 * song.ticks_per_quarter
    return replace(song, start=song.start + shift, end=song.end + shift, source="late.mid")


def test_the_first_window_with_notes():
    chosen = pick(late(3), TWO)
    assert chosen.bars == (4, 5)  # bars 3-4 hold notes too, but begin with silence
    assert pick(late(3), TWO, (3, 4)).tokens[:16].max() == 0
    assert chosen.describe().startswith("late.mid, bars 4-5, the first that fit (")
    assert "only pitched track" in chosen.describe()


def test_bars_as_asked():
    song = tune(1)
    chosen = pick(song, TWO, (5, 6))
    windows = TWO.windows(song)
    assert (chosen.tokens == windows.tokens[np.flatnonzero(windows.bar == 5)[0]]).all()
    assert chosen.ticks == (4 * 1920, 6 * 1920)
    assert chosen.to_record()["bars"] == [5, 6]


def test_the_record_names_the_track_that_was_taken_or_all_of_them():
    song = tune(1)
    duet = replace(song, track=np.arange(len(song), dtype=np.int32) % 2, tracks=(Track("a"), Track("b")))
    for kind in (PianorollRepresentation(bars=2), MultitrackRepresentation(tracks=2)):
        for told in (pick(duet, kind).to_record(), cover(duet, kind).to_record(duet)):
            assert told["tracks"] == [1, 2] and "track" not in told
    for told in (pick(duet, TWO, track=1).to_record(), cover(duet, TWO, 1).to_record(duet)):
        assert told["track"] == 2 and "tracks" not in told
    assert pick(duet, PianorollRepresentation(bars=2), track=1).to_record()["track"] == 2


def test_short_bars_that_make_up_long_ones():
    song = tune(1, bars=8, meter=Meter(2, 4))
    assert pick(song, TWO).bars == (1, 4)
    moved = pick(song, TWO, (2, 5))  # a window may begin at any bar of the song
    assert moved.bars == (2, 5)
    assert moved.ticks == (960, 960 * 5)
    with pytest.raises(NothingUsableError, match=r"2 bars of 2/4.*takes 4 of them.*try 2-5"):
        pick(song, TWO, (2, 3))


@pytest.mark.parametrize("bars", ["1-2", 1, (1,), (1, 2, 3), (1.0, 2.0), (True, 2)])
def test_bars_are_two_whole_numbers(bars: Any):
    with pytest.raises(ConfigError, match=r"bars are .*; they are the numbers of the first and the last"):
        pick(tune(1), TWO, bars)


def test_bars_and_tracks_may_be_numbers_of_numpy():
    taken = pick(tune(1), TWO, tuple(np.array([1, 2])), np.int64(0))  # type: ignore[arg-type]
    assert taken.bars == (1, 2)


@pytest.mark.parametrize("track", [0.0, 1.5, "1", True])
def test_a_track_is_a_whole_number(track: Any):
    with pytest.raises(ConfigError, match=r"track is a whole number, not "):
        pick(tune(1), TWO, track=track)
    with pytest.raises(ConfigError, match=r"track is a whole number, not "):
        every(tune(1), TWO, track=track)


@pytest.mark.parametrize(
    ("bars", "words"),
    [
        ((1, 1), "1 bar of 4/4, and this model takes 2: try 1-2"),
        ((3, 7), "5 bars of 4/4.*try 3-4"),
        ((40, 41), "the song ends with bar 8"),
        ((0, 1), "counted from 1"),
        ((8, 9), "bars 8-9 cannot be used"),
    ],
)
def test_bars_that_cannot_be_had(bars, words):
    with pytest.raises(NothingUsableError, match=words):
        pick(replace(tune(1), source="a.mid"), TWO, bars)


@pytest.mark.parametrize(("bars", "has_others"), [(1, False), (2, False), (3, True)])
def test_other_bars_are_advised_where_there_are_some(bars: int, has_others: bool):
    note, end = np.zeros(1, np.int32), 1920 * bars
    beep = Score(480, note + end - 480, note + end, note + 60, note + 90, note, (Track(),))
    with pytest.raises(NothingUsableError) as caught:
        pick(beep, replace(TWO, max_rest_bars=0.5, min_notes=1), (1, 2) if has_others else None)
    assert ("name other bars" in str(caught.value)) is has_others


def test_the_message_names_file_bars_rule_and_a_way_out():
    waltz = replace(tune(1, meter=Meter(3, 4)), source="w.mid")
    with pytest.raises(NothingUsableError) as caught:
        pick(waltz, TWO)
    words = str(caught.value)
    assert words.startswith("w.mid: no 2 bars of 4/4 melody")
    assert "bars 1-8: bars of 3/4 do not fill the 4/4 bars" in words
    assert "mvae models" in words
    with pytest.raises(NothingUsableError, match="no 1 bar of 4/4 melody"):
        pick(waltz, replace(TWO, bars=1))
    with pytest.raises(NothingUsableError, match="1 bar of 4/4 here, and the model takes 16"):
        pick(replace(tune(1, bars=1)), SIXTEEN)
    with pytest.raises(NothingUsableError, match=r"only drums(.|\n)*pitched track"):
        pick(replace(tune(1), tracks=(Track("kit", 0, True),)), TWO)
    with pytest.raises(NothingUsableError, match="no notes"):
        pick(tune(1).select(np.zeros(0, np.int64)), TWO)


def test_only_reasons_of_the_bars_asked_for():
    song = tune(1, bars=8)
    bar = 4 * song.ticks_per_quarter
    mixed = replace(song, meters=(MeterChange(0, Meter(4, 4)), MeterChange(4 * bar, Meter(3, 4))))
    assert pick(mixed, TWO).bars == (1, 2)
    with pytest.raises(NothingUsableError, match="3/4"):
        pick(mixed, TWO, (5, 6))
    with pytest.raises(NothingUsableError, match=r"bars 4-5(.|\n)*windows begin at bars 1, 2, 3"):
        pick(mixed, TWO, (4, 5))


def test_every_window():
    picks = every(tune(1), TWO)
    assert [p.bars for p in picks] == [(n, n + 1) for n in range(1, 8)]
    with pytest.raises(NothingUsableError):
        every(tune(1, meter=Meter(3, 4)), TWO)


def test_songs_without_a_window_are_told_beside_the_windows_of_the_others():
    waltzes = [tune(number, meter=Meter(3, 4), title=f"Waltz {number}") for number in (1, 2)]
    picks, refusals = every_of([waltzes[0], tune(1), waltzes[1], tune(2)], TWO)
    assert [p.tokens.tolist() for p in picks] == [
        p.tokens.tolist() for n in (1, 2) for p in every(tune(n), TWO)
    ]
    assert ["Waltz 1" in str(refusals[0]), "Waltz 2" in str(refusals[1])] == [True, True]
    with pytest.raises(NothingUsableError, match="Waltz 1"):
        every_of(waltzes, TWO)


def test_the_style_of_the_place():
    song = tune(1)
    half = song.start >= 4 * 1920
    song = replace(
        song,
        velocity=np.where(half, 30, 110).astype(np.int32),
        tempos=(TempoChange(0, 100.0), TempoChange(4 * 1920, 60.0)),
        tracks=(Track("Oboe", 68),),
    )
    first, second = pick(song, TWO, (1, 2)).style(), pick(song, TWO, (5, 6)).style()
    assert (first.qpm, first.program, first.velocity) == (100.0, 68, 110)
    assert (second.qpm, second.velocity) == (60.0, 30)


@pytest.mark.parametrize(("written", "taken"), [(3000.0, 2000.0), (0.5, 1.0), (300.0, 300.0)])
def test_a_tempo_that_no_style_can_have_gives_the_nearest_that_one_can(written: float, taken: float):
    song = replace(tune(1), tempos=(TempoChange(0, written),))
    assert pick(song, TWO).style().qpm == taken
    assert cover(song, TWO).style(song).qpm == taken


def test_a_track_as_asked():
    song = tune(1)
    two = replace(song, tracks=(Track("a"), Track("b")), track=(np.arange(len(song)) % 2).astype(np.int32))
    assert pick(two, TWO, track=1).choice == "track 2 'b': as asked"
    with pytest.raises(ConfigError, match="no track 5"):
        pick(two, TWO, track=4)


def test_parsing_bars():
    assert parse_bars("5-6") == (5, 6) and parse_bars(" 7 ") == (7, 7)
    for text in ("", "0-2", "3-2", "a", "1-2-3", "-1", "1-", "9999999-9999999"):
        with pytest.raises(ConfigError, match="like 5-6"):
            parse_bars(text)


def test_what_is_odd_about_a_song_comes_along():
    song = replace(tune(1), warnings=("torn",))
    chosen = pick(song, TWO)
    assert chosen.warnings == ("torn",) and chosen.to_record()["warnings"] == ["torn"]
    assert "warnings" not in pick(tune(1), TWO).to_record()


def test_a_pickup_is_named_where_bars_begin_with_it():
    song = tune(1)
    ticks = song.ticks_per_quarter
    meters = (MeterChange(0, Meter(1, 4)), MeterChange(ticks, Meter(4, 4)))
    later = replace(song, start=song.start + ticks, end=song.end + ticks, meters=meters)
    with pytest.raises(NothingUsableError, match=r"bar 1 is a pickup.*begin with bar 2"):
        pick(later, TWO, (1, 2))
    assert pick(later, TWO, (2, 3)).bars == (2, 3)


def test_bars_beyond_the_end_are_told():
    with pytest.raises(NothingUsableError, match="the song ends with bar 8"):
        pick(tune(1, bars=8), TWO, (8, 9))


def test_the_key_of_the_place():
    keys = (KeyChange(0, 3), KeyChange(4 * 1920, -6, True))
    song = replace(tune(1), keys=keys)
    first, second = pick(song, TWO, (1, 2)), pick(song, TWO, (5, 6))
    assert (first.style().key, second.style().key) == (KeyChange(0, 3), KeyChange(0, -6, True))
    assert second.to_record()["key"] == {"fifths": -6, "minor": True}
    assert "key" not in pick(tune(1), TWO).to_record()
    assert cover(song, TWO).style(song).key == KeyChange(0, 3)


@pytest.mark.parametrize("drums", [GrooveRepresentation(), DrumsRepresentation()])
@pytest.mark.parametrize(("is_drum", "kit"), [(False, 0), (True, 40)])
def test_an_instrument_read_as_drums_is_no_kit(drums: Representation, is_drum: bool, kit: int):
    song = replace(tune(1), tracks=(Track("violin", 40, is_drum),))
    kicks = replace(song, pitch=np.full_like(song.pitch, 36))
    assert pick(kicks, drums, track=0).style().program == kit
    assert cover(kicks, drums, 0).style(kicks).program == kit
