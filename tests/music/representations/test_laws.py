"""The laws of base.py, for every preset: whatever a model can emit is written and read again unchanged."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from benchmarks.round_trip import emitted, lost
from musicvae_lite.errors import ConfigError
from musicvae_lite.music.representations import PRESETS, MultitrackRepresentation, Representation, from_config
from musicvae_lite.music.representations.steps import Groove
from musicvae_lite.music.representations.windowing import LONGEST_SONG
from musicvae_lite.music.score import Score, Track
from tests.music.representations.reaching import reach

COUNT = 40


@pytest.fixture(params=list(PRESETS))
def rep(request) -> Representation:
    return PRESETS[request.param]


@pytest.fixture
def windows(rep: Representation) -> np.ndarray:
    count = COUNT if rep.steps <= 64 else COUNT // 8
    return emitted(rep, count, np.random.default_rng(rep.steps))


def test_windows_survive_a_midi_file(rep, windows):
    assert lost(rep, windows) == 0


def test_windows_are_stored_as_the_step_says(rep, windows):
    found = rep.lenient().windows(rep.to_score(windows[0]))
    assert found.tokens.shape[1:] == (rep.steps, *rep.step.shape)
    assert found.tokens.dtype == rep.canonical(windows).dtype == rep.step.dtype
    empty = rep.windows(Score(480, *[np.zeros(0, np.int32)] * 5, tracks=()))
    assert empty.tokens.shape == (0, rep.steps, *rep.step.shape)
    assert empty.tokens.dtype == rep.step.dtype
    assert [r.code for r in empty.rejections] == ["empty"]


def test_scores_are_written_as_asked(rep, windows):
    score = rep.to_score(windows[0], qpm=97.0, program=5, velocity=33)
    assert [(change.tick, change.qpm) for change in score.tempos] == [(0, 97.0)]
    assert [change.meter for change in score.meters] == [rep.meter]
    if not isinstance(rep, MultitrackRepresentation):  # whose tokens say both
        assert score.tracks[0].program == (0 if score.tracks[0].name == "Rhythm" else 5)  # of claves
        assert isinstance(rep.step, Groove) or set(score.velocity.tolist()) == {33}


def test_a_song_of_days_is_refused(rep):
    end = (LONGEST_SONG + 16) * 120
    start = np.repeat(np.array([0, end], dtype=np.int32), 3)
    pitch = np.array([36, 40, 72] * 2, dtype=np.int32)
    track = np.array([2, 1, 0] * 2, dtype=np.int32)
    parts = (Track("lead"), Track("bass", 33), Track("drums", 0, True))
    found = rep.windows(Score(480, start, start + 120, pitch, pitch * 0 + 80, track, parts))
    assert len(found) == 0 and [r.code for r in found.rejections] == ["long"]


def test_config_survives(rep):
    again = from_config(rep.to_config())
    assert again == rep
    assert again.to_config() == rep.to_config()
    assert pickle.loads(pickle.dumps(rep)) == rep
    assert rep.lenient().meaning == rep.meaning
    with pytest.raises(ConfigError, match="no setting 'colour'"):
        from_config(rep.to_config() | {"colour": "red"})


def test_transposing_agrees_with_the_description(rep, windows):
    windows = rep.canonical(windows)
    shift = np.random.default_rng(1).integers(-6, 7, len(windows))
    moved = rep.transpose(windows, shift)
    if not isinstance(rep.step, Groove):
        assert np.array_equal(moved, rep.canonical(rep.transposition.apply(windows, shift)))
    still = rep.transpose(windows, np.zeros(len(windows), dtype=np.int64))
    assert np.array_equal(still, windows)


def test_fingerprints_do_not_hear_transposition(rep, windows):
    windows = rep.canonical(windows)
    prints = rep.fingerprint(windows)
    assert prints.dtype == np.uint64 and len(np.unique(prints)) > len(windows) * 0.7
    down, up = reach(rep.transposition, windows)
    moved = rep.transpose(windows, np.clip(np.random.default_rng(2).integers(-6, 7, len(windows)), down, up))
    assert np.array_equal(rep.fingerprint(moved), prints)


def test_comparing_with_itself_and_with_another(rep, windows):
    windows = rep.canonical(windows)
    same = rep.compare(windows, windows)
    assert same["steps"] == same["windows"] == same["note_f1"] == 1.0
    other = rep.compare(windows[::-1], windows)
    assert 0 <= other["note_f1"] < 1 and 0 <= other["steps"] < 1 and 0 < other["commonest"] <= 1
    assert set(same) == set(other) and all(isinstance(v, float) for v in same.values())


def test_the_roll_shows_what_sounds(rep, windows):
    window = windows[0]
    score, roll = rep.to_score(window), rep.pianoroll(window)
    assert roll.shape[1] == 128 and len(roll) % rep.bars == 0 and roll.dtype == np.uint8
    per_step = score.ticks_per_quarter * rep.meter.quarters * rep.bars / len(roll)
    onsets = {
        (int(s / per_step + 0.5), p) for s, p in zip(score.start.tolist(), score.pitch.tolist(), strict=True)
    }
    assert {(s, p) for s, p in zip(*np.nonzero(roll == 2), strict=True)} == onsets


def test_windows_join(rep, windows):
    joined = rep.to_score(windows[:3])
    length = round(joined.ticks_per_quarter * rep.meter.quarters * rep.bars)
    alone = [rep.to_score(window) for window in windows[:3]]
    assert len(joined) == sum(map(len, alone))
    assert np.array_equal(
        np.sort(joined.end), np.sort(np.concatenate([s.end + n * length for n, s in enumerate(alone)]))
    )


def test_wrong_shapes_and_values_are_refused(rep):
    with pytest.raises(ConfigError):
        rep.to_score(np.zeros((rep.steps - 1, *rep.step.shape), dtype=rep.step.dtype))
    if not isinstance(rep.step, Groove):
        with pytest.raises(ConfigError):
            rep.to_score(np.full((rep.steps, *rep.step.shape), 60_000))


def test_a_hop_must_be_positive(rep):
    with pytest.raises(ConfigError, match="at least 1 step"):
        rep.windows(Score(480, *[np.zeros(0, np.int32)] * 5, tracks=()), hop=0)
