"""Where music ends whose last notes sound on over the last bar line."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from musicvae_lite.models.moves import continuing
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music.score import Meter, MeterChange, Score, Track
from tests.models.small import small_model

TICKS, BARS = 480, 8
END = BARS * 4 * TICKS
PARTS = (Track("Lead", 27), Track("Low", 38), Track("Kit", 0, True))
MODELS = {  # and the tracks that each goes on with
    "melody-2bar": (0,),
    "melody-2bar-chords": (0,),
    "melody-16bar": (0,),
    "pianoroll-2bar": (0, 1),
    "trio-2bar": (0, 1, 2),
    "drums-2bar": (2,),
}
load = cache(MusicVAE.load)


@pytest.fixture(scope="module", autouse=True)
def quick():
    patch = pytest.MonkeyPatch()
    patch.setattr(continuing, "UPDATES", 2)
    patch.setattr(continuing, "TRIES", 2)
    yield
    patch.undo()


def band(tail: int, bars: int = BARS, meter: Meter = Meter()) -> Score:  # noqa: B008
    """Quarters of a melody, a bass and drums, the last of each ending so many ticks behind the last bar."""
    beats = int(bars * meter.quarters)
    start = np.repeat(np.arange(beats, dtype=np.int32) * TICKS, 3)
    track = np.tile(np.array([2, 1, 0], np.int32), beats)
    pitch = np.array([67, 40, 36], np.int32)[track]
    pitch[track == 0] += np.tile(np.array([0, 2, 4, 5], np.int32), beats)[:beats]
    end = start + np.where(start < start[-1], TICKS, TICKS + tail).astype(np.int32)
    return Score(
        TICKS, start, end, pitch, np.full_like(start, 80), track, PARTS, meters=(MeterChange(0, meter),)
    )


@pytest.mark.parametrize("tail", [0, 20, 60, 240, TICKS])
@pytest.mark.parametrize("name", MODELS)
def test_new_bars_begin_at_the_bar_line_that_the_last_notes_sound_over(name: str, tail: int):
    model, song = load(name), band(tail)
    takes = continuing.carry_on(model, song, 2)
    made, own = takes.joined(), song.select(np.isin(song.track, MODELS[name]))
    more = made.ticks_per_quarter // TICKS
    assert takes.labels == [f"bars 1-{BARS} and 2 more"] and takes.record["inputs"][0]["bars"] == [1, BARS]
    new = made.start >= END * more
    assert np.array_equal(made.start[~new], own.start * more) and new.any()
    assert made.start.max() < (END + 2 * 1920) * more
    for end, wanted, pitch in zip(made.end[~new], own.end * more, own.pitch, strict=True):
        struck = made.start[new & (made.pitch == pitch)]  # a key that is struck again is let go first
        assert end == min([wanted, *struck[struck < wanted]])
    if tail == 60:
        alone = continuing.carry_on(model, song, 2, alone=True)
        assert (alone.tokens == takes.tokens).all()
        assert (takes.tokens == continuing.carry_on(model, band(0), 2).tokens).all()


def test_a_bar_that_sounds_for_longer_is_the_last_one():
    takes = continuing.carry_on(load("melody-2bar"), band(720), 2)
    assert takes.labels == [f"bars 1-{BARS + 1} and 2 more"]
    assert takes.joined().end[: 4 * BARS].max() == 4 * BARS * TICKS + 720


@pytest.mark.parametrize("name", MODELS)
def test_a_bar_in_which_a_note_begins_is_the_last_one(name: str):
    song = band(0)
    song = song.select(song.start < END - 3 * TICKS)  # but for its first beat the last bar is empty
    assert continuing.carry_on(load(name), song, 2).labels == [f"bars 1-{BARS} and 2 more"]


def test_a_tail_is_one_beside_music_that_plays_on():
    """The last bar of the melody lies at the begin of a window here, not at the end of one."""
    song, other = band(60), band(0, bars=16)
    lead = song.select(song.track == 0)
    low = other.select(other.track == 1)
    both = {name: np.concatenate([getattr(lead, name), getattr(low, name)])
            for name in ("start", "end", "pitch", "velocity", "track")}  # fmt: skip
    joined = replace(song, **both).select(np.argsort(both["start"], kind="stable"))
    takes = continuing.carry_on(load("melody-2bar"), joined, 2, track=0)
    assert takes.labels == [f"bars 1-{BARS} and 2 more"]


@pytest.mark.parametrize("bars", [1, 2, 3])
def test_short_music_has_a_tail_too(bars: int):
    takes = continuing.carry_on(small_model(), band(60, bars=bars), 2)
    assert takes.labels == [f"bar{'s' * (bars > 1)} 1{f'-{bars}' * (bars > 1)} and 2 more"]


@pytest.mark.parametrize("alone", [False, True])
def test_bars_that_the_model_cannot_read_end_in_tails_too(alone: bool):
    """Eight bars of 4/4, two of 3/4, and no bar more."""
    song, waltz = band(0), band(60, bars=2, meter=Meter(3, 4))
    columns = {name: getattr(waltz, name) + (END if name in ("start", "end") else 0)
               for name in ("start", "end", "pitch", "velocity", "track")}  # fmt: skip
    both = {name: np.concatenate([getattr(song, name), added]) for name, added in columns.items()}
    song = replace(song, **both, meters=(*song.meters, MeterChange(END, Meter(3, 4))))
    takes = continuing.carry_on(small_model(), song, 2, alone=alone)
    made = takes.joined()
    if alone:
        assert takes.record["inputs"][0]["bars_left_out"] == 2
    else:
        assert takes.labels == [f"bars 1-{BARS + 2} and 2 more"]
        assert [change.tick // made.ticks_per_quarter for change in made.meters] == [0, 32, 38]
