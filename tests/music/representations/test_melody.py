"""Melody: the laws of every representation, and what is written."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.representations import PRESETS, from_config
from musicvae_lite.music.score import MeterChange
from tests.music.representations.melodies import (
    HIGH,
    TWO_BARS,
    emitted,
    song,
)


@given(emitted())
def test_canonical_is_canonical(case):
    rep, tokens = case
    once = rep.canonical(tokens)
    assert np.array_equal(rep.canonical(once), once)
    assert np.array_equal(rep.canonical(tokens[0]), once[0])


@given(emitted())
def test_what_a_model_writes_can_be_read(case):
    rep, tokens = case
    found = rep.windows(rep.to_score(tokens[0]))
    assert np.array_equal(found.tokens[0], rep.canonical(tokens[0]))


@given(emitted())
def test_canonical_sounds_the_same(case):
    """Against a plain reading of the tokens, one at a time."""
    rep, tokens = case
    expected, sounding = [], None
    for step, token in enumerate(tokens[0].tolist()):
        if token >= 2:
            sounding = [step, step, token - 2 + 21]
            expected.append(sounding)
        elif token == 1:
            sounding = None
        if sounding:
            sounding[1] = step + 1
    score = rep.to_score(rep.canonical(tokens[0]))
    scale = score.ticks_per_quarter // 4
    notes = np.stack([score.start // scale, score.end // scale, score.pitch], axis=1)
    assert notes.tolist() == expected


@given(emitted(windows=3))
def test_joined_windows_come_back_one_by_one(case):
    rep, tokens = case
    tokens[:, -1] = 2  # the song must last to the end of the last window
    score = rep.to_score(tokens.reshape(-1))
    assert np.array_equal(rep.windows(score, hop=rep.steps).tokens, rep.canonical(tokens))
    assert np.array_equal(rep.to_score(tokens).start, score.start)
    assert score.meters == (MeterChange(0, rep.meter),)


@given(emitted(windows=2), st.integers(-100, 100))
def test_transposing(case, semitones):
    rep, tokens = case
    moved = rep.transpose(tokens, np.array([semitones, 0]))
    assert np.array_equal(moved[1], tokens[1])
    note = (tokens[0] >= 2) & (moved[0] != tokens[0])
    assert np.array_equal(moved[0, note].astype(int), tokens[0, note].astype(int) + semitones)
    stays = (tokens[0] >= 2) & ~note
    outside = tokens[0, stays].astype(int) + semitones
    assert semitones == 0 or np.all((outside < 2) | (outside >= rep.depth))
    assert np.array_equal(moved[0] < 2, tokens[0] < 2)


@given(emitted(windows=2), st.integers(-12, 12))
def test_the_fingerprint_knows_a_transposition_from_a_change(case, semitones):
    rep, tokens = case
    tokens = rep.canonical(np.where(tokens >= 2, 20 + tokens % 50, tokens))
    moved = rep.transpose(tokens, np.full(2, semitones))
    assert np.array_equal(rep.fingerprint(moved), rep.fingerprint(tokens))
    first, second = (tokens.astype(int)[i] for i in (0, 1))
    shape = [np.where(t >= 2, t - np.where(t >= 2, t, 999).min() + 2, t) for t in (first, second)]
    prints = rep.fingerprint(tokens)
    assert (prints[0] == prints[1]) == np.array_equal(*shape)


def test_fingerprints_stay_the_same_between_versions():
    tokens = np.zeros((1, 32), dtype=np.uint8)
    tokens[0, [0, 4, 8]] = [41, 43, 1]
    assert TWO_BARS.fingerprint(tokens).dtype == np.uint64
    assert TWO_BARS.fingerprint(tokens)[0] == 5285650185274377939


def test_to_score_writes_what_it_is_told():
    tokens = np.zeros(32, dtype=np.uint8)
    tokens[[0, 8, 16]] = [41, 1, 45]
    score = TWO_BARS.to_score(tokens, qpm=90, program=73, velocity=99)
    assert (score.start.tolist(), score.end.tolist()) == ([0, 1920], [960, 3840])
    assert score.pitch.tolist() == [60, 64]
    assert score.velocity.tolist() == [99, 99]
    assert (score.tracks[0].program, score.qpm_at(0), score.ticks_per_quarter) == (73, 90, 480)


@pytest.mark.parametrize("spq", [1, 3, 4, 7, 24])
def test_any_grid_can_be_written(spq):
    rep = replace(TWO_BARS.lenient(), steps_per_quarter=spq)
    tokens = np.full(rep.steps, 50, dtype=np.uint8)
    assert np.array_equal(rep.windows(rep.to_score(tokens)).tokens, tokens[None])


def test_wrong_tokens_are_refused():
    with pytest.raises(ConfigError, match="33 steps are no whole number of windows of 32"):
        TWO_BARS.to_score(np.zeros(33, dtype=np.uint8))
    with pytest.raises(ConfigError, match="token 90 lies outside 0 to 89"):
        TWO_BARS.to_score(np.full(32, 90, dtype=np.uint8))
    with pytest.raises(ConfigError, match="at least 1 step apart, not 0"):
        TWO_BARS.windows(song(HIGH), hop=0)


def test_pianoroll():
    tokens = np.zeros((2, 32), dtype=np.uint8)
    tokens[0, [0, 2, 30]] = [41, 1, 43]
    tokens[1, 0] = 1
    roll = TWO_BARS.pianoroll(tokens)
    assert roll.shape == (64, 128)
    assert [(t, p, roll[t, p]) for t, p in np.argwhere(roll).tolist()] == [
        (0, 60, 2),
        (1, 60, 1),
        (30, 62, 2),
        (31, 62, 1),
    ]


@pytest.mark.parametrize("rep", [*PRESETS.values(), TWO_BARS.lenient(), replace(TWO_BARS, highest=96)])
def test_config_rebuilds_it(rep):
    assert from_config(rep.to_config()) == rep
    assert from_config(json.loads(json.dumps(rep.to_config()))) == rep


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"name": "opera"}, "no representation is called 'opera': there are melody"),
        ({"name": "melody", "beats": 3}, "no setting 'beats'"),
        ({"name": "melody", "meter": "4/5"}, "'4/5' is not a meter"),
        ({"name": "melody", "bars": 0}, "bars must be at least 1"),
        ({"name": "melody", "polyphony": "choose"}, "'skyline' or 'refuse', not 'choose'"),
        ({"name": "melody", "lowest": 70, "highest": 60}, "pitches 70 to 60"),
        ({"name": "melody", "meter": "7/8", "steps_per_quarter": 1}, "do not divide a bar of 7/8"),
    ],
)
def test_wrong_settings_are_refused(config, message):
    with pytest.raises(ConfigError, match=message):
        from_config(config)
