"""Scores that somebody made are checked where they enter; what the program makes is sound."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from musicvae_lite import read_song
from musicvae_lite.errors import ConfigError
from musicvae_lite.music.picking import load
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
from musicvae_lite.music.soundness import checked
from musicvae_lite.plot import piano_roll
from musicvae_lite.render import synthesize

TUNE = "data/examples/ode-to-joy.mid"


@pytest.fixture(scope="module")
def tune() -> Score:
    return read_song(TUNE)


def other(value: object) -> Any:
    """A value of another type than is asked for."""
    return value


WRONG: list[tuple[str, Callable[[Any], dict[str, Any]]]] = [
    ("note 0 has 'start' -480", lambda s: {"start": s.start - 480, "end": s.end - 480}),
    (r"'pitch' 1\d\d; it is 0 to 127", lambda s: {"pitch": s.pitch + 64}),
    ("'velocity' 0; it is 1 to 127", lambda s: {"velocity": np.zeros_like(s.velocity)}),
    ("'track' 9; it is 0 to", lambda s: {"track": np.full_like(s.track, 9)}),
    ("ends at tick .* not behind its start", lambda s: {"end": s.start}),
    ("'pitch' is to be an array of 62 whole numbers", lambda s: {"pitch": s.pitch[:-1]}),
    ("'start' is to be an array of 62 whole", lambda s: {"start": s.start / 2}),
    ("'ticks_per_quarter' is 40000", lambda s: {"ticks_per_quarter": 40000}),
    ("track 0 has program 200", lambda s: {"tracks": (Track("", 200),)}),
    ("program changes of track 0", lambda s: {"tracks": (Track("", 0, False, (ProgramChange(-1, 5),)),)}),
    ("'chords' hold one at tick -4", lambda s: {"chords": (Chord(-4, "C"),)}),
    ("'chords' are not in the order", lambda s: {"chords": (Chord(4, "C"), Chord(0, "G"))}),
    ("'tempos' does not begin at tick 0", lambda s: {"tempos": ()}),
    ("'meters' does not begin at tick 0", lambda s: {"meters": (MeterChange(4, Meter()),)}),
    ("tempo 0 at tick 0", lambda s: {"tempos": (TempoChange(0, 0),)}),
    ("0/4 at tick 0 is not a meter", lambda s: {"meters": (MeterChange(0, Meter(0, 4)),)}),
    ("4/5 at tick 0 is not a meter", lambda s: {"meters": (MeterChange(0, Meter(4, 5)),)}),
    ("fifths=9.* is no key", lambda s: {"keys": (KeyChange(0, 9),)}),
    ("is no key", lambda s: {"keys": (KeyChange(0, other(1.5)),)}),
    ("is no key", lambda s: {"keys": (KeyChange(0, 1, other(None)),)}),
    (
        r"'tempos' hold one at tick 480\.5",
        lambda s: {"tempos": (*s.tempos, TempoChange(other(480.5), 100.0))},
    ),
    ("tempo 'fast' at tick 0", lambda s: {"tempos": (TempoChange(0, other("fast")),)}),
    (
        "program changes of track 0",
        lambda s: {"tracks": (Track("", 0, False, (ProgramChange(other(1.5), 5),)),)},
    ),
    (r"4\.0/4 at tick 0 is not a meter", lambda s: {"meters": (MeterChange(0, Meter(other(4.0), 4)),)}),
    ("the chord at tick 0 is None", lambda s: {"chords": (Chord(0, other(None)),)}),
    ("the name of track 0 is None", lambda s: {"tracks": (Track(other(None)),)}),
    ("'title' is None", lambda s: {"title": None}),
    ("has 'end' .*; it is 0 to", lambda s: {"end": s.end.astype(np.int64) + 2**36}),
]


@pytest.mark.parametrize(("said", "change"), WRONG)
def test_what_no_music_holds_is_refused_with_its_field(tune: Score, said: str, change, tmp_path: Path):
    wrong = replace(tune, **change(tune))
    with pytest.raises(ConfigError, match=said):
        wrong.save(tmp_path / "a.mid")
    assert not list(tmp_path.iterdir())


def test_every_way_in_looks(tune: Score, tmp_path: Path):
    wrong = replace(tune, track=np.full_like(tune.track, 9))
    for use in (load, synthesize, Score.to_pretty_midi, lambda s: piano_roll(s, tmp_path / "a.png")):
        with pytest.raises(ConfigError, match="'track' 9"):
            use(wrong)


def test_the_message_names_the_song(tune: Score):
    with pytest.raises(ConfigError, match=r"ode-to-joy\.mid: note 0"):
        checked(replace(tune, velocity=tune.velocity + 200))


def test_a_score_without_notes_is_sound(tune: Score):
    empty = tune.select(np.zeros(len(tune), dtype=bool))
    assert checked(empty) is empty


def test_saving_takes_paths_and_gives_them_back(tune: Score, tmp_path: Path):
    assert tune.save(tmp_path / "a.mid") == tmp_path / "a.mid"
    assert len(read_song(tmp_path / "a.mid")) == len(tune)
