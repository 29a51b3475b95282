"""The n-gram model: probabilities, what it learns, how it backs off."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.ngram import NGram, pack, padded, unpack

DEPTH = 7


def sequences(count: int = 40, steps: int = 12, seed: int = 0) -> np.ndarray:
    chance = np.random.default_rng(seed)
    return (np.cumsum(chance.integers(0, 3, (count, steps)), axis=1) % DEPTH).astype(np.uint8)


@pytest.mark.parametrize("history", [[], [3], [1, 2], [0, 1, 1, 2], [6, 6, 6, 0, 5], [5, 5, 1, 1, 4, 4]])
@pytest.mark.parametrize("shifts", [(0,), (-2, -1, 0, 1, 2)])
def test_probabilities_of_what_follows_sum_to_one(history: list[int], shifts: tuple[int, ...]):
    model = NGram.fit(sequences(), DEPTH, 5, shifts, (2, DEPTH - 1))
    shares = model.following(np.array(history, dtype=int))
    assert shares.shape == (DEPTH,)
    assert (shares > 0).all()
    assert shares.sum() == pytest.approx(1)


def test_log_prob_is_that_of_each_token_given_those_before():
    model, tokens = NGram.fit(sequences(), DEPTH, 4), sequences(3, seed=1)
    found = model.log_prob(tokens)
    for row, line in enumerate(tokens):
        for t, token in enumerate(line):
            before = line[max(0, t - 3) : t].astype(int)
            assert found[row, t] == pytest.approx(np.log(model.following(before)[token]))


def test_kneser_ney_by_hand():
    """Two bigrams: the counts are small enough to work out on paper."""
    model = NGram.fit(np.array([[0, 1], [0, 1], [0, 0]], dtype=np.uint8), 2, order=2)
    # bigrams <s>0 three times, 01 twice, 00 once: one seen once, one twice, so D2 = 1 / 3.
    # After nothing: 0 follows <s> and 0, 1 follows 0 alone; counts 2 and 1, D1 = 1 / 3.
    one = (1 - 1 / 3) / 3 + (1 / 3 * 2 / 3) * 0.5
    expected = (2 - 1 / 3) / 3 + (1 / 3 * 2 / 3) * one
    assert model.following(np.array([0]))[1] == pytest.approx(expected)


def test_a_pattern_is_learnt_and_noise_is_dear():
    tokens = np.tile(np.arange(4, dtype=np.uint8), (20, 3))
    model = NGram.fit(tokens, DEPTH)
    noise = np.random.default_rng(0).integers(0, DEPTH, (20, 12)).astype(np.uint8)
    assert model.log_prob(tokens).mean() > np.log(0.9)
    assert model.log_prob(noise).mean() < np.log(1 / DEPTH)


def test_shifts_make_a_moved_tune_as_likely():
    tune = np.array([[2, 3, 4, 0, 2, 3]], dtype=np.uint8).repeat(9, axis=0)
    moved = np.where(tune >= 2, tune + 2, tune)
    as_written = NGram.fit(tune, DEPTH)
    all_keys = NGram.fit(tune, DEPTH, 5, (0, 1, 2), (2, DEPTH - 1))
    assert all_keys.log_prob(moved).sum() == pytest.approx(all_keys.log_prob(tune).sum(), rel=0.02)
    assert as_written.log_prob(moved).sum() < as_written.log_prob(tune).sum() - 5


def test_keys_unpack_to_their_tokens():
    grams = padded(sequences(5), DEPTH, 5)
    assert (unpack(pack(grams, DEPTH + 1), DEPTH + 1, 5) == grams).all()
