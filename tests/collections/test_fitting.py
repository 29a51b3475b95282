from __future__ import annotations

import numpy as np
import pytest
import torch

from musicvae_lite.collections import fitting, guiding
from musicvae_lite.collections.fitting import fit
from musicvae_lite.errors import ConfigError
from musicvae_lite.models.attributes.table import measure
from musicvae_lite.models.attributes.vectors import AttributeVectors
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.training.windows import WindowSplit, from_arrays
from tests.models.known import known_model


@pytest.fixture(scope="module")
def windows() -> WindowSplit:
    model = known_model()
    return from_arrays(model.decode(model.vae.draw(800, model.generator(5))).tokens)


def test_decorrelated_vectors_leave_other_attributes_alone(windows: WindowSplit):
    model, told = known_model(), []
    found = fit(model, windows, answers=2000, progress=told.append)
    assert sum(told) == 2000 + len(windows)
    direction = found.decorrelated.vectors["density"]
    plain = measure(model, AttributeVectors({"density": found.plain.vectors["density"]}), seed=9)
    own = measure(model, AttributeVectors({"density": direction}), seed=9)
    assert own.right["density"] and own.leak["density"] < plain.leak["density"] / 2
    column = own.attributes.index("density")
    assert own.added[0, column] == pytest.approx(1, abs=0.2)  # an amount of 1 is a standard deviation
    assert abs(direction[1]) < 0.2 * direction[0]


def test_attributes_that_are_one_get_no_decorrelated_vector(windows: WindowSplit):
    vectors = fit(known_model(), windows, answers=2000)
    assert {"interval", "range"} <= set(vectors.plain.names)
    assert not {"interval", "range"} & set(vectors.decorrelated.names)
    assert "rests" not in vectors.plain.names  # there are none in all of this music


def test_an_untrained_model_still_gets_the_papers(model: MusicVAE):
    tokens = model.representation.random(200, np.random.default_rng(0))  # type: ignore[attr-defined]
    vectors = fit(model, from_arrays(tokens), answers=64)
    assert {"density", "diatonic", "range"} <= set(vectors.plain.names)


def test_a_vector_that_hardly_moves_its_attribute_is_left_out(windows: WindowSplit, monkeypatch):
    monkeypatch.setattr(fitting, "LEAST", 3.0)  # standard deviations: more than any vector here
    vectors = fit(known_model(), windows, answers=2000)
    assert vectors.ways == ("plain",) and vectors.guide is None


def test_too_little_or_too_much_to_fit_to(windows: WindowSplit):
    with pytest.raises(ConfigError, match="too few"):
        fit(known_model(), from_arrays(windows.gather(np.arange(7))))
    for answers in (7, 10**21):
        with pytest.raises(ConfigError, match="from 8 to 1000000"):
            fit(known_model(), windows, answers=answers)
    with pytest.raises(ConfigError, match="answers is a whole number"):
        fit(known_model(), windows, answers=8.5)  # type: ignore[arg-type]


def test_the_guide_holds_what_it_is_not_told_to_move(windows: WindowSplit):
    model = known_model()
    guide = fit(model, windows, answers=4000).guide
    assert guide is not None and "density" in guide.names
    assert not {"interval", "range"} & set(guide.names)  # they are one in this music
    assert "rests" not in guide.reads
    found = measure(model, guide, seed=9)
    row, column = found.vectors.index("density"), found.attributes.index("density")
    assert found.right["density"] and found.leak["density"] < 0.1
    assert 0.5 < found.added[row, column] < 1.2


def test_a_guide_finds_what_no_vector_can():
    """The attribute lies along the product of two numbers: up or down depends on where a code is."""
    z = torch.randn(20_000, 3, generator=torch.Generator().manual_seed(0))
    values = torch.stack([z[:, 0] * z[:, 1], z[:, 2]], 1)
    guide = guiding.train(("product", "third"), z, values)
    start = torch.randn(500, 3, generator=torch.Generator().manual_seed(1))
    moved = guide.move(start, {"product": 0.5})
    gain = moved[:, 0] * moved[:, 1] - start[:, 0] * start[:, 1]
    assert gain.mean() > 0.35 and (gain > 0).float().mean() > 0.9
    assert (moved[:, 2] - start[:, 2]).abs().mean() < 0.1
