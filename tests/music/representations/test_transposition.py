import numpy as np
import pytest

from musicvae_lite.music.representations.transposition import Span, Transposition
from tests.music.representations.reaching import reach


def test_by_value_moves_only_the_spans_and_keeps_what_would_leave():
    trio = Transposition((Span(2, 89, 0), Span(2, 89, 1)))
    tokens = np.array([[[2, 0, 7], [1, 89, 8], [50, 30, 9]]])
    moved = trio.apply(tokens, np.array([3]))
    assert moved.tolist() == [[[5, 0, 7], [1, 89, 8], [53, 33, 9]]]
    down, up = reach(trio, tokens)
    assert (down.tolist(), up.tolist()) == ([0], [0])  # 2 can not go down, 89 not up


def test_spans_of_one_column_do_not_undo_each_other():
    both = Transposition((Span(0, 9), Span(10, 19)))
    assert both.apply(np.array([[3, 13, 9, 20]]), np.array([2])).tolist() == [[5, 15, 9, 20]]
    assert [a.tolist() for a in reach(both, np.array([[3, 13]]))] == [[-3], [6]]


def test_by_place_shifts_flags():
    roll = Transposition((Span(0, 3), Span(4, 7)), "place")
    flags = np.zeros((2, 1, 8), dtype=np.uint8)
    flags[0, 0, [1, 5]] = 1
    flags[1, 0, [3, 6]] = 1
    moved = roll.apply(flags, np.array([2, 1]))
    assert np.flatnonzero(moved[0, 0]).tolist() == [3, 7]
    assert np.flatnonzero(moved[1, 0]).tolist() == [3, 7]  # 3 stays, 6 goes up
    assert [a.tolist() for a in reach(roll, flags)] == [[-1, -2], [2, 0]]


def test_segments_that_stand_still():
    events = Transposition((Span(0, 9),), segment=3, still=20)
    tokens = np.array([[20, 4, 5, 21, 4, 9]])
    assert events.apply(tokens, np.array([-2])).tolist() == [[20, 4, 5, 21, 2, 7]]
    assert [a.tolist() for a in reach(events, tokens)] == [[-4], [0]]


@pytest.mark.parametrize("shift", [-12, -1, 0, 5])
def test_within_reach_it_can_be_undone(shift):
    chance = np.random.default_rng(shift + 20)
    melody = Transposition((Span(2, 89),))
    tokens = chance.integers(20, 60, (8, 32))
    there = melody.apply(tokens, np.full(8, shift))
    assert np.array_equal(melody.apply(there, np.full(8, -shift)), tokens)
    assert np.array_equal(there - tokens, np.full((8, 32), shift))
