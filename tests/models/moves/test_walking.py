"""Walks between two pieces change evenly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicvae_lite import resources
from musicvae_lite.models.moves.walking import even_walk, evenly
from musicvae_lite.models.music_vae import MusicVAE
from tests.corpora.tunes import tune
from tests.models.small import small_model

EXAMPLES = resources.data_dir() / "examples"


def path(*changes: int) -> np.ndarray:
    """Tokens [P, 30] of which so many change from point to point."""
    rows = [np.zeros(30, int)]
    for number, count in enumerate(changes, start=1):
        rows.append(rows[-1].copy())
        rows[-1][:count] += number
    return np.stack(rows)


def test_points_lie_where_as_much_has_changed():
    assert evenly(path(0, 0, 2, 0, 0, 2, 2, 0), 4).tolist() == [0, 4, 6, 8]
    assert evenly(path(10, 1, 1, 1, 1, 1, 5), 3).tolist() == [0, 1, 7]


def test_where_nothing_changes_they_lie_evenly():
    assert evenly(path(0, 0, 0, 0, 0, 0, 0, 0), 5).tolist() == [0, 2, 4, 6, 8]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=20), st.integers(2, 9))
def test_they_ascend_from_end_to_end(changes: list[int], count: int):
    rows = evenly(path(*changes), count)
    assert len(rows) == count and rows[0] == 0 and rows[-1] == len(changes)
    assert (np.diff(rows) >= 0).all()


def test_parts_that_change_much_are_looked_into():
    """All changes lie within a tenth of a path that 9 points see as one leap."""
    asked = []

    def heard(shares: np.ndarray) -> np.ndarray:
        asked.append(len(shares))
        return (shares[:, None] > 0.26 + np.arange(8) / 80).astype(int)

    shares, tokens = even_walk(heard, 9)
    assert np.array_equal(tokens, heard(shares))
    assert len(set(tokens.sum(1))) == 8  # by code there are 2
    assert len(set(heard(np.linspace(0, 1, 9)).sum(1))) == 2
    assert asked[:2] == [9, 7]


@pytest.mark.parametrize(
    ("a", "b"),
    [("ode-to-joy", "drunken-sailor"), ("twinkle", "yankee-doodle"), ("auld-lang-syne", "frere-jacques")],
)
def test_an_even_walk_says_more_than_one_by_code(a: str, b: str):
    model = MusicVAE.load("melody-2bar")
    even, by_code = (
        model.interpolate(EXAMPLES / f"{a}.mid", EXAMPLES / f"{b}.mid", even=even) for even in (True, False)
    )
    assert (even.tokens[[0, -1]] == by_code.tokens[[0, -1]]).all()
    assert even.record["even"] and not by_code.record["even"]
    new, old = ([take.tobytes() for take in takes.tokens] for takes in (even, by_code))
    assert len(set(new)) > len(set(old))
    assert not {new[0], new[-1]} & set(new[1:-1])


@pytest.mark.parametrize("steps", [2, 3, 40, 300])
def test_any_number_of_steps(steps: int):
    model = small_model()
    takes = model.interpolate(tune(1), tune(2), steps)
    assert len(takes) == steps
    ends = model.reconstruct(tune(1), tune(2)).tokens
    assert (takes.tokens[[0, -1]] == ends).all()


def test_what_was_heard_is_what_is_written():
    model = MusicVAE.load("melody-2bar")
    takes = model.interpolate(EXAMPLES / "twinkle.mid", EXAMPLES / "yankee-doodle.mid")
    warm = model.interpolate(EXAMPLES / "twinkle.mid", EXAMPLES / "yankee-doodle.mid", temperature=1e-3)
    assert (takes.tokens == warm.tokens).mean() > 0.99  # drawn, all but surely as the likeliest
    assert takes.record["temperature"] == 0 and warm.record["temperature"] == 1e-3
