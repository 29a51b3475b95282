import numpy as np
import pytest

from benchmarks.histograms import pitch_range
from musicvae_lite.music.representations import MelodyRepresentation
from musicvae_lite.music.score import Meter
from musicvae_lite.music.synthetic import random_melodies

REP = MelodyRepresentation()


@pytest.mark.parametrize(
    "rep",
    [
        REP,
        MelodyRepresentation(bars=16),
        MelodyRepresentation(meter=Meter(6, 8)),
        MelodyRepresentation(bars=1, meter=Meter(3, 4), lowest=60, highest=72),
        MelodyRepresentation(lowest=65, highest=69),
    ],
)
def test_melodies_are_canonical_and_hold_notes(rep):
    tokens = random_melodies(300, rep, np.random.default_rng(0))
    assert tokens.shape == (300, rep.steps)
    assert tokens.dtype == np.uint8
    assert tokens.max() < rep.depth
    assert np.array_equal(rep.canonical(tokens), tokens)
    assert (np.count_nonzero(tokens >= 2, axis=1) >= 2).all()


def test_a_narrow_range_moves_notes_by_octaves():
    narrow = MelodyRepresentation(lowest=60, highest=71)
    wide = random_melodies(500, REP, np.random.default_rng(4)).astype(int)
    folded = random_melodies(500, narrow, np.random.default_rng(4)).astype(int)
    notes = (wide >= 2) & (folded >= 2)
    assert notes.sum() > 1000
    assert np.array_equal((wide[notes] - 2 + 21) % 12, (folded[notes] - 2 + 60) % 12)


def test_the_same_generator_gives_the_same_melodies():
    first, again, other = (random_melodies(50, REP, np.random.default_rng(s)) for s in (7, 7, 8))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert random_melodies(0, REP, np.random.default_rng(0)).shape == (0, 32)


def test_pitches_stay_on_the_piano_around_the_middle():
    tokens = random_melodies(4000, REP, np.random.default_rng(1))
    low, high = pitch_range(tokens, REP.lowest)
    assert low.min() >= 21
    assert high.max() <= 108
    assert 55 < ((low + high) / 2).mean() < 75


def test_melodies_are_varied():
    tokens = random_melodies(3000, REP, np.random.default_rng(2))
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
    onset = random_melodies(2000, REP, np.random.default_rng(3)) >= 2
    same = (onset[:, :16] == onset[:, 16:]).all(axis=1).mean()
    shuffled = (onset[:-1, :16] == onset[1:, 16:]).all(axis=1).mean()
    assert 0.3 < same < 0.9
    assert shuffled < same / 3
