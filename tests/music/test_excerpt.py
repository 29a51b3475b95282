from __future__ import annotations

import numpy as np
import pytest

from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.music.excerpt import excerpt, parts
from musicvae_lite.music.grid import Grid
from musicvae_lite.music.score import Chord, KeyChange, Meter, MeterChange, Score, TempoChange, Track

BAR = 1920


def song(notes: list[tuple[int, int, int]], is_drum: bool = False, **more) -> Score:
    """Notes as (start, end, pitch) in ticks, 480 a quarter."""
    table = np.array([(*note, 90, 0) for note in notes], dtype=np.int32)
    return Score(480, *table.T, tracks=(Track("x", 0, is_drum),), **more)


def test_notes_move_to_the_front_and_are_cut_at_the_bar_lines():
    whole = song([(0, 480, 60), (1800, 2400, 62), (2400, 2880, 64), (3600, 4800, 65), (3840, 4000, 67)])
    part = excerpt(whole, 2, 2)
    assert part.start.tolist() == [0, 480, 1680]
    assert part.end.tolist() == [480, 960, 1920]
    assert part.pitch.tolist() == [62, 64, 65]


def test_an_early_downbeat_belongs_to_its_bar():
    drums = song([(0, 60, 36), (BAR - 30, BAR - 10, 36), (2 * BAR - 30, 2 * BAR, 36)], is_drum=True)
    part = excerpt(drums, 2, 2)
    assert part.start.tolist() == [0]
    assert (part.end > part.start).all()
    assert Grid.of(excerpt(drums, 1, 1)).bars == 1


def test_a_drum_that_still_rings_is_not_struck_again():
    ringing = song([(BAR - 240, BAR + 480, 49), (BAR + 960, BAR + 970, 36)], is_drum=True)
    assert excerpt(ringing, 2, 2).pitch.tolist() == [36]


def test_what_holds_at_the_first_bar_holds_in_the_excerpt():
    whole = song(
        [(i * 480, i * 480 + 480, 60 + i) for i in range(24)],
        meters=(MeterChange(0, Meter(4, 4)), MeterChange(2 * BAR, Meter(3, 4))),
        tempos=(TempoChange(0, 120.0), TempoChange(BAR, 90.0), TempoChange(2 * BAR + 480, 60.0)),
        keys=(KeyChange(0, 1), KeyChange(BAR, -2, True), KeyChange(2 * BAR, 3)),
        chords=(Chord(0, "C"), Chord(2 * BAR + 960, "F")),
    )
    part = excerpt(whole, 3, 3)
    assert part.meters == (MeterChange(0, Meter(3, 4)),)
    assert part.tempos == (TempoChange(0, 90.0), TempoChange(480, 60.0))
    assert part.keys == (KeyChange(0, 3),)
    assert part.chords == (Chord(0, "C"), Chord(960, "F"))
    assert part.end_tick == 1440


def test_parts_are_the_whole():
    whole = song([(i * 480, i * 480 + 480, 40 + i) for i in range(20)])
    found = parts(whole, 2, first_bar=5)
    assert [name for name, _ in found] == ["bars 5-6", "bars 7-8", "bar 9"]
    assert np.concatenate([score.pitch for _, score in found]).tolist() == whole.pitch.tolist()


def test_bars_that_are_not_there_are_refused():
    whole = song([(0, 480, 60)], source="a.mid")
    with pytest.raises(NothingUsableError, match=r"a\.mid: it has 1 bar, and bar 2"):
        excerpt(whole, 2, 3)
    with pytest.raises(ConfigError, match="bars 3-2"):
        excerpt(whole, 3, 2)
    with pytest.raises(ConfigError, match="parts of 0"):
        parts(whole, 0)
    assert len(excerpt(whole, 1, 99)) == 1
