"""The bound on the probability of pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from musicvae_lite.errors import ConfigError
from musicvae_lite.vae import Batch
from tests.images.made import drawings
from tests.models.image import small

PIXELS, LABELS = drawings(12)


@pytest.mark.parametrize("table", [small.CONV, {**small.CONV, "likelihood": "squared"}, small.CONDITIONAL])
def test_the_bound_is_the_elbo_and_tightens(table: dict):
    model = small.model(table)
    labels = LABELS.tolist() if model.config.conditional else None
    control = model.control(labels, len(PIXELS))
    x = torch.from_numpy(PIXELS) / 255
    with torch.no_grad():
        elbos = np.mean([-float(model.vae.loss(Batch(x, None, control)).total) for _ in range(60)])
    rough = np.mean([model.log_prob(PIXELS, labels, seed=seed).mean() for seed in range(60)])
    assert rough == pytest.approx(elbos, abs=0.1)
    assert model.log_prob(PIXELS, labels, samples=200).mean() > rough
    assert np.array_equal(model.log_prob(x, labels, 3, seed=1), model.log_prob(PIXELS, labels, 3, seed=1))


def test_the_bound_of_many_pictures_is_found_in_parts(monkeypatch: pytest.MonkeyPatch):
    model, sizes = small.model(small.CONV), []
    score = model.vae.decoder.reconstruction

    def counted(z: torch.Tensor, *rest: Any) -> Any:
        sizes.append(len(z))
        return score(z, *rest)  # type: ignore[operator]

    monkeypatch.setattr(model.vae.decoder, "reconstruction", counted)
    monkeypatch.setattr("musicvae_lite.models.image_vae.BATCH", 5)
    assert np.isfinite(model.log_prob(PIXELS, samples=2)).all() and sizes == [5, 5, 5, 5, 2, 2]
    assert model.log_prob([]).shape == (0,)


def test_a_model_that_enlarges_is_scored_on_what_it_writes():
    table = {**small.DENSE, "corruption": {"kind": "downscale", "factor": 2}}
    model = small.model(table)
    assert model.log_prob(PIXELS[:3]).shape == (3,)
    with pytest.raises(ConfigError, match=r"this model writes \[N, 1, 12, 12\]"):
        model.log_prob(torch.zeros(2, 1, 6, 6))


def test_no_bound_without_a_posterior_or_samples():
    with pytest.raises(ConfigError, match="a plain autoencoder has codes without a probability"):
        small.model(small.NOISY).log_prob(PIXELS)
    with pytest.raises(ConfigError, match="samples is 0"):
        small.model(small.CONV).log_prob(PIXELS, samples=0)
    with pytest.raises(ConfigError, match=r"samples is a whole number, not 1\.5"):
        small.model(small.CONV).log_prob(PIXELS, samples=1.5)  # type: ignore[arg-type]
