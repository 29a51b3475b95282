from __future__ import annotations

import numpy as np
import pytest

from musicvae_lite.collections import fitting
from musicvae_lite.collections.fitting import fit
from musicvae_lite.errors import ConfigError
from musicvae_lite.models.attribute_table import measure
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.training.windows import WindowSplit, from_arrays
from tests.models.known import known_model


@pytest.fixture(scope="module")
def windows() -> WindowSplit:
    model = known_model()
    return from_arrays(model.decode(model.vae.draw(800, model.generator(5))).tokens)


def test_decorrelated_vectors_leave_other_attributes_alone(windows: WindowSplit):
    model, told = known_model(), []
    vectors = fit(model, windows, answers=2000, progress=told.append)
    assert sum(told) == 2000
    plain = measure(model, {"density": vectors.plain["density"]}, seed=9)
    own = measure(model, {"density": vectors.decorrelated["density"]}, seed=9)
    assert own.right["density"] and own.leak["density"] < plain.leak["density"] / 2
    column = own.attributes.index("density")
    assert own.added[0, column] == pytest.approx(1, abs=0.2)  # an amount of 1 is a standard deviation
    direction = vectors.decorrelated["density"]
    assert abs(direction[1]) < 0.2 * direction[0]


def test_attributes_that_are_one_get_no_decorrelated_vector(windows: WindowSplit):
    vectors = fit(known_model(), windows, answers=2000)
    assert {"interval", "range"} <= set(vectors.plain)
    assert not {"interval", "range"} & set(vectors.decorrelated)
    assert "rests" not in vectors.plain  # there are none in all of this music


def test_an_untrained_model_still_gets_the_papers(model: MusicVAE):
    tokens = model.representation.random(200, np.random.default_rng(0))  # type: ignore[attr-defined]
    vectors = fit(model, from_arrays(tokens), answers=64)
    assert {"density", "diatonic", "range"} <= set(vectors.plain)


def test_a_vector_that_hardly_moves_its_attribute_is_left_out(windows: WindowSplit, monkeypatch):
    monkeypatch.setattr(fitting, "LEAST", 3.0)  # standard deviations: more than any vector here
    vectors = fit(known_model(), windows, answers=2000)
    assert "density" in vectors.plain and not vectors.decorrelated


def test_too_little_to_fit_to(windows: WindowSplit):
    with pytest.raises(ConfigError, match="too few"):
        fit(known_model(), from_arrays(windows.gather(np.arange(7))))
    with pytest.raises(ConfigError, match="too few"):
        fit(known_model(), windows, answers=7)
