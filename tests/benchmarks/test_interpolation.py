"""The interpolation figure on a tiny model and made-up windows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks import interpolation
from benchmarks.ngram import NGram
from musicvae_lite.latent import Course
from tests.benchmarks.models import REPRESENTATION, made_up, tiny_model

POINTS = 5


@pytest.fixture(scope="module")
def ends() -> tuple[np.ndarray, np.ndarray]:
    return made_up(60, 1), made_up(60, 2)


def test_hamming_at_the_ends_of_mixing(ends):
    a, b = ends
    path = interpolation.mixed(a, b, POINTS, REPRESENTATION, seed=0)
    distance = interpolation.hamming(path, a)
    assert path.shape == (POINTS, *a.shape)
    assert (distance[0] == 0).all()
    assert distance[-1] == pytest.approx((a != b).mean(1))
    assert (np.diff(distance.mean(1)) > 0).all()


def test_mixing_takes_every_step_from_one_of_the_two_or_spells_it_as_a_hold(ends):
    a, b = ends
    path = interpolation.mixed(a, b, POINTS, REPRESENTATION, seed=0)
    assert ((path == a) | (path == b) | (path == 0)).all()
    assert (path == interpolation.mixed(a, b, POINTS, REPRESENTATION, seed=0)).all()


def test_latent_path_begins_and_ends_with_the_reconstructions(ends):
    a, b = (end[:4] for end in ends)
    model = tiny_model()
    path = interpolation.latent(model, a, b, POINTS, 0.0, seed=0, course=Course(0.5))
    assert (path[0] == model.decode(model.vae.encode(model.tensor(a)).mean).tokens).all()
    assert (path[-1] == model.decode(model.vae.encode(model.tensor(b)).mean).tokens).all()


def test_cost_is_relative_to_the_ends_and_mixing_costs(ends):
    a, b = ends
    language = NGram.fit(np.concatenate(ends), REPRESENTATION.depth)
    found = interpolation.measure(interpolation.mixed(a, b, POINTS, REPRESENTATION, 0), a, language)
    assert found["cost"][[0, -1]].mean() == pytest.approx(1)
    assert found["cost"][1:-1].min() > 1
    assert found["nats"][0] == pytest.approx(-language.log_prob(a).sum(1).mean())
    assert not found["cost_within_10_percent"]
    assert found["hamming_rises"]


def test_a_path_that_stands_still_costs_the_same_and_does_not_rise(ends):
    a, _ = ends
    language = NGram.fit(a, REPRESENTATION.depth)
    found = interpolation.measure(np.stack([a] * 3), a, language)
    assert found["cost"] == pytest.approx([1, 1, 1])
    assert found["cost_within_10_percent"]
    assert not found["hamming_rises"]


def test_the_figure_is_drawn(ends, tmp_path: Path):
    a, b = ends
    language = NGram.fit(a, REPRESENTATION.depth)
    kinds = {
        name: interpolation.measure(interpolation.mixed(a, b, POINTS, REPRESENTATION, 0), a, language)
        for name in ("latent_0.5", "latent_0", "data")
    }
    result = {
        "pairs": len(a),
        "positions": np.linspace(0, 1, POINTS),
        "temperature": 0.5,
        "hamming_a_to_b": 0.5,
        "paths": kinds,
    }
    interpolation.draw(result, tmp_path / "figure.png", "tiny")
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
