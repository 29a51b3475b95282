from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from musicvae_lite.errors import NothingUsableError
from musicvae_lite.images import planes


def quantiles(count: int) -> np.ndarray:
    return np.array([NormalDist().inv_cdf(share) for share in np.linspace(0.025, 0.975, count)])


def plane(count: int, height: int, width: int) -> np.ndarray:
    """The figure, grey, of black pictures with a white line through the middle of each."""
    pictures = np.zeros((count**2, 1, height, width), np.float32)
    pictures[:, :, height // 2] = 1
    values = quantiles(count)
    return np.asarray(planes.manifold(pictures, values, values, "A plane").convert("L"))


def sheet(figure: np.ndarray) -> np.ndarray:
    """The part of a figure that shows the pictures: rows and columns with long stretches of black."""
    dark = figure < 10
    rows, columns = (np.flatnonzero(dark.mean(axis) > 0.2) for axis in (1, 0))
    return figure[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


@pytest.mark.parametrize(
    ("count", "height", "width"), [(20, 28, 28), (60, 28, 28), (20, 64, 64), (20, 16, 80)]
)
def test_no_line_of_a_picture_is_lost(count: int, height: int, width: int):
    shown = sheet(plane(count, height, width))
    column = shown[:, shown.shape[1] // 2]
    runs = np.diff(np.flatnonzero(np.diff(np.r_[0, column > 128, 0])))[::2]
    assert len(runs) == count and len(set(runs.tolist())) == 1


@pytest.mark.parametrize(("height", "width"), [(16, 80), (80, 16), (28, 28)])
def test_the_figure_takes_the_shape_of_the_pictures(height: int, width: int):
    figure = plane(20, height, width)
    shown = sheet(figure)
    assert shown.shape[1] / shown.shape[0] == pytest.approx(width / height, rel=0.05)
    around = np.array(figure.shape) - shown.shape
    assert around[0] < 200 and around[1] < 600
    for edge in (figure[:3], figure[-3:], figure[:, :3], figure[:, -3:]):
        assert (edge == 255).all()


def test_what_is_too_large_is_made_smaller_by_means():
    shown = sheet(plane(60, 64, 64))
    assert abs(max(shown.shape) - planes.LARGEST) < 64
    column = shown[:, shown.shape[1] // 2].astype(int)
    assert len(np.flatnonzero((column > 60) & (np.r_[0, column[:-1]] <= 60))) == 60


def test_numbers_beside_a_low_plane_have_room():
    marks = planes._marks(quantiles(20))
    kept = planes._apart(marks, 3)
    places = [place for place, _ in kept]
    assert min(np.diff(places)) >= 3 and "0" in [name for _, name in kept] and len(kept) < len(marks)
    assert planes._apart(marks, 0) == marks


def test_no_pictures_make_no_plane():
    with pytest.raises(NothingUsableError, match="no pictures"):
        planes.manifold(np.zeros((0, 1, 8, 8), np.float32), quantiles(2), quantiles(2))
