import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.grid import Grid, accepts, common_shift, steps_per_bar
from musicvae_lite.music.score import Meter, MeterChange, Score, Track


def score(notes, meters=((0, "4/4"),), tpq=480):
    """A score of (start, end) pairs in ticks."""
    start, end = (np.array(a, dtype=np.int32) for a in zip(*notes, strict=True))
    same = np.full(len(start), 60, dtype=np.int32)
    changes = tuple(MeterChange(tick, Meter.parse(m)) for tick, m in meters)
    return Score(tpq, start, end, same, same, same * 0, (Track(),), changes)


@pytest.mark.parametrize(
    ("model", "song", "fits"),
    [
        ("4/4", "4/4", True),
        ("4/4", "2/4", True),
        ("4/4", "1/4", True),
        ("4/4", "2/2", True),
        ("2/2", "4/4", True),
        ("6/8", "3/8", True),
        ("12/8", "6/8", True),
        ("3/4", "1/4", True),
        ("3/4", "6/8", False),
        ("6/8", "3/4", False),
        ("4/4", "3/4", False),
        ("3/4", "2/4", False),
        ("2/4", "4/4", False),
        ("4/4", "8/4", False),
    ],
)
def test_which_meters_fill_a_models_bar(model, song, fits):
    assert accepts(Meter.parse(model), Meter.parse(song)) is fits


def test_a_grid_that_does_not_divide_the_bar_is_refused():
    assert steps_per_bar(Meter(6, 8), 4) == 12
    with pytest.raises(ConfigError, match=r"1 steps a quarter do not divide a bar of 7/8.*multiple of 2"):
        steps_per_bar(Meter(7, 8), 1)
    with pytest.raises(ConfigError, match="at least 1"):
        Grid.of(score([(0, 1)]), 0)


def test_quantising_tells_how_far_off_the_grid():
    grid = Grid.of(score([(0, 1920)]))
    step, offset = grid.quantise(np.array([0, 119, 60, 59, 250]))
    assert step.tolist() == [0, 1, 1, 0, 2]
    assert offset == pytest.approx([0, -1 / 120, -0.5, 59 / 120, 10 / 120])


@given(
    st.integers(1, 2000),
    st.integers(1, 24),
    st.lists(st.integers(0, 200_000), min_size=1, max_size=20),
    st.sampled_from(["4/4", "3/4", "7/8", "5/16"]),
)
def test_every_onset_has_its_step_and_bar(tpq, spq, ticks, meter):
    song = score([(t, t + 1) for t in sorted(ticks)], ((0, meter),), tpq)
    grid = Grid.of(song, spq)
    step, offset = grid.quantise(song.start)
    assert np.all((offset >= -0.5) & (offset < 0.5))
    assert np.all(step < grid.steps)
    bar, within = grid.bar_of_step(step)
    assert np.all((bar >= 1) & (bar <= grid.bars))
    assert np.all((within >= 0) & (within < grid.stretches[0].bar_steps))
    assert np.abs(grid.tick_of_step(step) - song.start).max() <= 0.5 * grid.step_ticks + 0.5


def test_a_pickup_counts_as_bar_one():
    grid = Grid.of(score([(0, 480), (480, 480 + 2 * 1920)], ((0, "1/4"), (480, "4/4"))))
    assert grid.has_pickup
    assert [(s.bar, s.bars, s.step, s.steps) for s in grid.stretches] == [(1, 1, 0, 4), (2, 2, 4, 32)]
    assert Grid.of(score([(0, 4000)], ((0, "4/4"), (480, "4/4")))).has_pickup
    bar, step = grid.bar_of_step(np.array([0, 3, 4, 19, 20]))
    assert (bar.tolist(), step.tolist()) == ([1, 1, 2, 2, 3], [0, 3, 0, 15, 0])


def test_a_song_in_short_bars_has_no_pickup():
    assert not Grid.of(score([(0, 5000)], ((0, "2/4"), (1920, "4/4")))).has_pickup
    assert not Grid.of(score([(0, 5000)])).has_pickup


def test_a_change_in_mid_bar_starts_a_new_bar():
    grid = Grid.of(score([(0, 9600)], ((0, "4/4"), (1920 + 700, "3/4"))))
    first, second = grid.stretches
    assert (first.bars, first.cut, first.steps) == (1, True, 16)
    assert (second.bar, second.step) == (3, 22)  # 700 ticks of the cut bar are begun by 6 steps
    step, offset = grid.quantise(np.array([2620, 2620 + 1440]))
    assert step.tolist() == [22, 34]
    assert offset.tolist() == [0, 0]  # the grid begins anew on the change
    assert grid.bar_of_step(step)[0].tolist() == [3, 4]
    assert grid.bar_of_tick(np.array([0, 1920, 2619, 2620, 4060])).tolist() == [1, 2, 2, 3, 4]
    assert grid.tick_of_step(step).tolist() == [2620, 4060]


def test_all_bar_lines_are_known():
    grid = Grid.of(score([(0, 1920 + 960 + 2 * 720)], ((0, "4/4"), (1920 + 960, "3/8"))))
    assert grid.bar_ticks.tolist() == [0, 1920, 2880, 3600, 4320]
    assert Grid.of(score([(0, 3 * 1920)])).bar_ticks.tolist() == [0, 1920, 3840, 5760]


def test_repeating_the_meter_on_a_bar_line_changes_nothing():
    notes = [(0, 9600)]
    plain = Grid.of(score(notes))
    assert Grid.of(score(notes, ((0, "4/4"), (1920, "4/4"), (3840, "4/4")))) == plain
    assert Grid.of(score(notes, ((0, "3/4"), (0, "4/4")))) == plain
    assert Grid.of(score(notes, ((0, "4/4"), (9600, "3/4")))) == plain
    assert len(Grid.of(score(notes, ((0, "4/4"), (960, "4/4")))).stretches) == 2


def test_the_song_ends_with_a_full_bar():
    assert Grid.of(score([(0, 480)])).bars == 1
    assert Grid.of(score([(0, 1925)])).bars == 1, "a note held a little too long begins no bar"
    assert Grid.of(score([(0, 1920), (1915, 1920)])).bars == 2, "a note belongs to its nearest step"
    empty = score([(0, 1)]).select(np.zeros(1, dtype=bool))
    assert (Grid.of(empty).bars, Grid.of(empty).steps) == (1, 16)


def test_bar_lines_do_not_drift():
    tick = 10_000 * 10 * 7  # bars of 5/16 in 7 ticks a quarter are 8.75 ticks long
    grid = Grid.of(score([(tick, tick + 1)], ((0, "5/16"),), tpq=7))
    assert grid.bar_of_step(grid.quantise(np.array([tick]))[0])[0].tolist() == [1 + tick * 4 // 35]


def test_a_common_shift_is_found_and_disagreement_is_not():
    assert common_shift(np.array([0.45, -0.45, 0.5])) == pytest.approx(0.5, abs=0.02)
    assert common_shift(np.full(9, -0.3)) == pytest.approx(-0.3)
    assert common_shift(np.array([0, 1 / 3, -1 / 3] * 9)) == 0
