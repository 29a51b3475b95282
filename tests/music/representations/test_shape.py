from itertools import pairwise

import numpy as np
import pytest

from benchmarks.round_trip import emitted, lost
from musicvae_lite.errors import ConfigError
from musicvae_lite.music.representations import MelodyRepresentation, ShapeRepresentation
from musicvae_lite.music.representations.shape import DOWN, SAME, UP, shape_of
from tests.music.representations.songs import beat, song, told

TWO_BARS = ShapeRepresentation()


def melody(*onsets: tuple[int, int], steps: int = 8) -> np.ndarray:
    """One window with notes at (step, pitch)."""
    window = np.zeros((1, steps), dtype=np.uint8)
    for step, pitch in onsets:
        window[0, step] = pitch - 19
    return window


@pytest.mark.parametrize(
    ("onsets", "shape"),
    [
        ([(0, 60), (4, 62)], "22222222"),
        ([(2, 60), (4, 62), (5, 62), (7, 55)], "22222100"),
        ([(1, 60), (2, 59), (4, 64)], "00022222"),
        ([(0, 60), (3, 59), (7, 59)], "00001111"),
        ([(3, 60)], "11111111"),
        ([], "11111111"),
    ],
)
def test_an_interval_fills_the_steps_up_to_its_second_note(onsets, shape: str):
    assert "".join(map(str, shape_of(melody(*onsets))[0])) == shape


def test_every_step_is_that_of_the_next_onset_one_by_one():
    """Against the same rule written as a loop over notes."""
    windows = emitted(MelodyRepresentation(), 60, np.random.default_rng(3))
    for window, found in zip(windows, shape_of(windows), strict=True):
        at = np.flatnonzero(window >= 2)
        wanted = np.full(32, SAME)
        for before, after in pairwise(at.tolist()):
            wanted[before + 1 :] = np.sign(int(window[after]) - int(window[before])) + SAME
        if len(at) > 1:
            wanted[: at[0] + 1] = wanted[at[1]]
        assert np.array_equal(found, wanted)


def test_windows_are_those_of_the_melody():
    rows = [(0, 2, 60), (2, 2, 64), (4, 2, 64), (8, 8, 62), (20, 12, 70)]
    found = TWO_BARS.windows(song(rows, names=["Flute"]))
    assert found.tokens.tolist() == [[2] * 3 + [1] * 2 + [0] * 4 + [2] * 23]
    assert found.choice == "track 1 'Flute': the only pitched track"
    assert told(TWO_BARS.windows(song(beat(2), drums=[0]))) == [(0, "drums", 0)]
    assert told(TWO_BARS.windows(song([(0, 2, 10), (4, 2, 60), (8, 2, 60)]))) == [(1, "range", 1)]
    under_chords = ShapeRepresentation(chords="triads").windows(song(rows))
    assert under_chords.control is not None and under_chords.control.shape == (1, 32)


def test_a_shape_is_written_as_a_walk_from_the_middle():
    window = np.array([UP, UP, SAME, DOWN] + [SAME] * 28)
    score = TWO_BARS.to_score(window)
    assert score.pitch[:5].tolist() == [66, 67, 67, 66, 66]  # the middle is 64.5, and counts up
    assert np.array_equal(score.start, np.arange(32) * 120) and (score.end - score.start == 120).all()
    twice = TWO_BARS.to_score(np.stack([window, window]))
    assert np.array_equal(twice.pitch[32:], score.pitch)


def test_as_it_goes_on_so_it_begins():
    window = np.array([DOWN, UP] + [SAME] * 30)
    assert TWO_BARS.canonical(window)[:3].tolist() == [UP, UP, SAME]


@pytest.mark.parametrize(("lowest", "highest", "bars"), [(60, 64, 2), (60, 65, 4), (21, 108, 16)])
def test_a_walk_stays_in_its_range_and_is_read_again(lowest: int, highest: int, bars: int):
    r = ShapeRepresentation(bars=bars, lowest=lowest, highest=highest)
    windows = emitted(r, 20, np.random.default_rng(bars))
    windows[0], windows[1] = UP, DOWN
    score = r.to_score(windows)
    assert score.pitch.min() == lowest and score.pitch.max() == highest
    assert lost(r, windows) == 0


def test_settings_are_checked():
    with pytest.raises(ConfigError, match="too few for a shape"):
        ShapeRepresentation(lowest=60, highest=63)
    with pytest.raises(ConfigError, match="no range"):
        ShapeRepresentation(lowest=80, highest=63)
    with pytest.raises(ConfigError, match="none of the values"):
        TWO_BARS.to_score(np.full(32, 3))
