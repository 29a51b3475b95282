import numpy as np
import pytest

from musicvae_lite.music.representations import MelodyRepresentation
from musicvae_lite.music.synthetic import random_melodies

REP = MelodyRepresentation()


@pytest.mark.parametrize(("steps", "bar_steps"), [(32, 16), (256, 16), (24, 12), (30, 12), (2, 16)])
def test_melodies_are_canonical_and_hold_notes(steps, bar_steps):
    tokens = random_melodies(300, steps, np.random.default_rng(0), bar_steps)
    assert tokens.shape == (300, steps)
    assert tokens.dtype == np.uint8
    assert np.array_equal(REP.canonical(tokens), tokens)
    assert (np.count_nonzero(tokens >= 2, axis=1) >= 2).all()


def test_the_same_generator_gives_the_same_melodies():
    first, again, other = (random_melodies(50, 32, np.random.default_rng(s)) for s in (7, 7, 8))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert random_melodies(0, 32, np.random.default_rng(0)).shape == (0, 32)


def test_pitches_stay_on_the_piano_around_the_middle():
    tokens = random_melodies(4000, 64, np.random.default_rng(1))
    low, high = REP.pitch_range(tokens)
    assert low.min() >= 21
    assert high.max() <= 108
    assert 55 < ((low + high) / 2).mean() < 75


def test_melodies_are_varied():
    tokens = random_melodies(3000, 32, np.random.default_rng(2))
    assert len(np.unique(REP.fingerprint(tokens))) > 2800
    notes = np.count_nonzero(tokens >= 2, axis=1)
    assert np.percentile(notes, 5) <= 4
    assert np.percentile(notes, 95) >= 16
    offs = np.count_nonzero(tokens == 1, axis=1)
    assert 0.2 < (offs == 0).mean() < 0.9
    on_beat = (tokens[:, ::4] >= 2).mean()
    between = (tokens[:, 1::2] >= 2).mean()
    assert on_beat > 1.2 * between > 0


def test_bars_repeat_their_rhythm():
    onset = random_melodies(2000, 32, np.random.default_rng(3)) >= 2
    same = (onset[:, :16] == onset[:, 16:]).all(axis=1).mean()
    shuffled = (onset[:-1, :16] == onset[1:, 16:]).all(axis=1).mean()
    assert 0.3 < same < 0.9
    assert shuffled < same / 3
