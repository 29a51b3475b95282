from __future__ import annotations

import numpy as np
import pytest
import torch

from musicvae_lite.images.embedding import nearest_neighbour_accuracy, principal_components
from tests.images.made import drawings


def test_nearest_neighbours_agree_as_counted_by_hand():
    points, labels = np.array([[0.0], [0.1], [0.2], [5.0], [5.1], [5.3]]), np.array([0, 0, 0, 1, 1, 0])
    # with 2 neighbours: 0, 0, 0 right; 5.0 has 5.1 (1) nearest, 5.1 has 5.0 (1), 5.3 has 5.1 (1): wrong
    assert nearest_neighbour_accuracy(points, labels, 2) == pytest.approx(5 / 6)
    chance = np.random.default_rng(0)
    mixed = nearest_neighbour_accuracy(chance.normal(size=(600, 2)), chance.integers(0, 3, 600))
    assert 0.25 < mixed < 0.42


def test_principal_components_are_those_of_the_covariance():
    chance = np.random.default_rng(0)
    x = chance.normal(size=(200, 6)) * [9, 5, 1, 1, 1, 1]
    found = principal_components(x)
    values = np.linalg.eigvalsh(np.cov(x.T))[::-1]
    assert np.allclose(found.var(0, ddof=1), values[:2], rtol=1e-3) and abs(np.corrcoef(found.T)[0, 1]) < 1e-3


@pytest.mark.parametrize(("points", "values"), [(12, 144), (60, 1500), (400, 1500)])
def test_axes_of_large_pictures_are_those_of_small_ones(
    points: int, values: int, monkeypatch: pytest.MonkeyPatch
):
    """A matrix of all pairs of values, of which a large picture has many millions, is never made."""
    svd = torch.linalg.svd

    def of_small(matrix: torch.Tensor, **options: bool) -> tuple[torch.Tensor, ...]:
        assert len(matrix) <= 1024
        return svd(matrix, **options)

    monkeypatch.setattr(torch.linalg, "svd", of_small)
    chance = np.random.default_rng(0)
    x = chance.normal(size=(points, 3)) * [9, 5, 3] @ chance.normal(size=(3, values))
    x += 0.1 * chance.normal(size=x.shape)
    state = torch.get_rng_state()
    found = principal_components(x)
    assert np.array_equal(found, principal_components(x)) and torch.equal(state, torch.get_rng_state())
    u, s, _ = np.linalg.svd(x - x.mean(0), full_matrices=False)
    exact = u[:, :2] * s[:2]
    assert np.allclose(
        found * np.sign((found * exact).sum(0)), exact, rtol=1e-2, atol=1e-2 * s[0] / points**0.5
    )


@pytest.mark.parametrize(("different", "copies"), [(1, 300), (2, 1), (2, 150), (10, 1), (12, 30)])
def test_pictures_that_repeat_or_whose_rims_never_vary_have_axes_too(different: int, copies: int):
    """Their covariance has few values that are not 0, with which solvers for eigenvalues fail at times."""
    for seed in range(3):
        pixels = np.tile(drawings(different, 28, seed)[0], (copies, 1, 1, 1)) / 255
        found = principal_components(pixels)
        flat = (pixels - pixels.mean(0)).reshape(len(pixels), -1)
        values = np.linalg.svd(flat, compute_uv=False)[:2]
        assert np.allclose(np.linalg.norm(found, axis=0), values, rtol=1e-3, atol=1e-3)
