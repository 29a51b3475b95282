"""Scores: meters, tempo and selection."""

from __future__ import annotations

import numpy as np
import pytest

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.score import Meter, Score, TempoChange, Track


def score() -> Score:
    start = np.array([0, 100, 300], np.int32)
    full = np.full(3, 60, np.int32)
    tempos = (TempoChange(0, 60.0), TempoChange(200, 120.0))
    return Score(100, start, start + 50, full, full, full * 0, (Track(),), tempos=tempos)


@pytest.mark.parametrize(("text", "meter"), [("4/4", Meter(4, 4)), (" 6 / 8 ", Meter(6, 8))])
def test_meter_is_parsed(text: str, meter: Meter):
    assert Meter.parse(text) == meter
    assert Meter.parse(str(meter)) == meter


@pytest.mark.parametrize("text", ["", "4", "0/4", "4/5", "4/0", "-3/4", "waltz", "4/4/4"])
def test_no_meter(text: str):
    with pytest.raises(ConfigError, match="is not a meter"):
        Meter.parse(text)


def test_meters_know_their_beats():
    assert Meter(6, 8).is_compound
    assert Meter(6, 8).beat_quarters == 1.5
    assert Meter(6, 8).quarters == 3
    assert not Meter(3, 4).is_compound
    assert Meter(2, 2).beat_quarters == 2


def test_seconds_follow_the_tempo_map():
    assert score().seconds(np.array([0, 100, 200, 300, 400])).tolist() == [0, 1, 2, 2.5, 3]
    assert score().qpm_at(199) == 60
    assert score().qpm_at(200) == 120
    assert score().qpm_at(-5) == 60


def test_selection_keeps_the_rest():
    one = score().select(np.array([False, True, False]))
    assert one.start.tolist() == [100]
    assert one.end_tick == 150
    assert one.tempos == score().tempos
    assert one.select(np.zeros(1, bool)).end_tick == 0
