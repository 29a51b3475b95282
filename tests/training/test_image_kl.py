"""The weight of an image model's KL: what weights are judged by, and what it means for new codes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from musicvae_lite.errors import ConfigError
from musicvae_lite.images.sets import Pictures
from musicvae_lite.models.image_figures import embedding
from musicvae_lite.models.image_vae import ImageVAE
from musicvae_lite.prior import CodePrior
from musicvae_lite.training import images
from musicvae_lite.training.images import ImageTask
from tests.models.image import small
from tests.training.runs import Heard
from tests.training.test_images import SET, preset, run

PLAIN = {**small.DENSE, "encoder": {"kind": "dense", "hidden": [24], "code": "plain"}}
PLANE = {**small.DENSE, "z": 2}
FREE: dict[str, Any] = {"beta": 0.0, "learning_rate": 1e-2, "steps": 300, "validate_every": 300}


@pytest.mark.parametrize("rate", [0.0, 0.99999])
def test_weights_are_judged_by_the_weight_that_the_run_reaches(rate: float):
    task = ImageTask(preset(beta=2.0, beta_rate=rate), SET)
    found = task.validate(task.build())
    reached = 2.0 * (1 - rate**task.settings.steps)
    assert found["objective"] == pytest.approx(found["reconstruction_nats"] + reached * found["kl_nats"])


def test_codes_that_no_kl_draws_to_the_prior_get_one_of_their_own(tmp_path: Path):
    model = ImageVAE.load(run(tmp_path / "free", table=PLANE, **FREE))
    assert model.vae.prior is not None and len(model.vae.prior.mean) == 3  # a Gaussian a class
    codes = model.encode(torch.from_numpy(SET.train.pixels) / 255)
    assert codes.std(0).max() > 2
    drawn = model.draw(4000).numpy()
    assert np.allclose(drawn.mean(0), codes.mean(0), atol=0.2 * codes.std(0).max())
    assert np.allclose(drawn.std(0), codes.std(0), rtol=0.2)
    model.save(tmp_path / "saved")
    again = ImageVAE.load(tmp_path / "saved")
    assert np.allclose(again.plane(5), model.plane(5)) and np.ptp(model.plane(5), axis=0).max() > 4
    weighed = run(tmp_path / "weighed", table=PLANE, **{**FREE, "beta": 0.1})
    assert ImageVAE.load(weighed).vae.prior is None


def test_a_free_code_of_a_conditional_model_has_one_gaussian(tmp_path: Path):
    model = ImageVAE.load(run(tmp_path, table=small.CONDITIONAL, **FREE))
    assert model.vae.prior is not None and len(model.vae.prior.mean) == 1
    assert model.generate([0, 2], count=3).shape == (6, 1, 12, 12)


def test_a_plane_of_free_codes_is_drawn_to_its_own_scale(monkeypatch: pytest.MonkeyPatch):
    names = []
    monkeypatch.setattr(
        "musicvae_lite.images.charts.scatter", lambda panels, *rest: names.append(panels[0][0])
    )
    model = small.model(small.CONV)
    pictures = Pictures(SET.train.pixels)
    embedding(model, pictures, ())
    model.vae.prior = CodePrior.fit(torch.randn(50, 2))
    embedding(model, pictures, ())
    assert names == ["codes, on normal quantiles", "codes"]


@pytest.mark.parametrize(
    ("table", "words"),
    [(PLAIN, "so no new ones can be drawn"), (small.CONV, "so new ones are drawn from N(0, I)")],
)
def test_codes_too_long_for_a_prior_are_told(
    table: dict[str, Any], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(images, "LARGEST_PRIOR", 1)
    heard = Heard()
    changes = {} if table is PLAIN else {"beta": 0.0}
    assert ImageVAE.load(run(tmp_path, heard, table, **changes)).vae.prior is None
    (told,) = [report.message for report in heard.of("warning") if "prior" in report.message]
    assert words in told


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"beta": 4.0}, r"'beta', here 4, does nothing: leave it out, or say 1$"),
        ({"beta": 0.0}, "'beta', here 0"),
        ({"beta_rate": 0.5}, r"'beta_rate', here 0.5, does nothing: leave it out$"),
        ({"free_bits": 3.0}, r"'free_bits', here 3, does nothing: leave it out$"),
    ],
)
@pytest.mark.parametrize("kind", ["noisy", "sparse", "adversarial", "grid"])
def test_a_plain_autoencoder_has_no_kl_to_weigh(kind: str, changes: dict[str, float], words: str):
    with pytest.raises(ConfigError, match=f"small is a plain autoencoder and has no KL, so .* {words}"):
        ImageTask(preset(small.ALL[kind], **changes), SET)


def test_a_plain_run_that_was_begun_with_a_weight_of_a_kl_goes_on(tmp_path: Path):
    run(tmp_path, table=PLAIN)
    description = tmp_path / "run.json"
    table = json.loads(description.read_text())
    assert not set(images.OF_THE_KL) & set(table["training"])
    table["training"] |= {"beta": 2.0, "beta_rate": 0.5}  # as versions wrote that let them be given
    description.write_text(json.dumps(table))
    run(tmp_path, table=PLAIN, resume=True)
    with pytest.raises(ConfigError, match=r"training\.seed: 0 before, 1 now"):
        run(tmp_path, table=PLAIN, resume=True, seed=1)


def test_a_run_of_a_vae_does_not_go_on_with_another_weight(tmp_path: Path):
    run(tmp_path, beta=2.0)
    with pytest.raises(ConfigError, match=r"training\.beta: 2\.0 before, 1\.0 now"):
        run(tmp_path, resume=True)
