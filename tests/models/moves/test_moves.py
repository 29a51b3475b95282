from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from musicvae_lite.collections import personal, searching, styling
from musicvae_lite.collections.fitting import fit
from musicvae_lite.errors import CheckpointError, ConfigError
from musicvae_lite.models.attribute_vectors import AttributeVectors, table
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.training.windows import from_arrays
from tests.corpora.tunes import tune
from tests.models.small import save_small, small_model


@pytest.fixture(scope="module")
def model() -> MusicVAE:
    return small_model()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("songs")
    for seed in range(3):
        tune(seed, bars=8).save(str(place / f"{seed}.mid"))
    return place


def test_no_variation_is_the_reconstruction(model: MusicVAE):
    takes = model.vary(tune(1), amount=0.0, count=3)
    assert (takes.tokens == model.reconstruct(tune(1)).tokens[0]).all()


def test_the_corners_of_a_blend_are_reconstructions(model: MusicVAE):
    songs = [tune(seed) for seed in range(4)]
    grid = model.blend(*songs, width=4, height=3).tokens.reshape(3, 4, -1)
    corners = grid[[0, 0, -1, -1], [0, -1, 0, -1]]
    assert (corners == model.reconstruct(*songs).tokens).all()


def test_the_average_of_one_is_its_reconstruction(model: MusicVAE):
    assert (model.average(tune(1)).tokens == model.reconstruct(tune(1)).tokens).all()


def test_a_style_for_itself_changes_nothing(model: MusicVAE, folder: Path):
    takes = styling.transfer(model, tune(1), [folder], [folder])
    assert (takes.tokens == model.reconstruct(tune(1)).tokens).all()


def test_the_nearest_window_is_the_music_itself(model: MusicVAE, folder: Path):
    found = searching.search(model, folder / "1.mid", folder, count=2)
    assert found[0].song == "1.mid" and found[0].distance == pytest.approx(0, abs=1e-4)
    assert found[0].distance <= found[1].distance and found[1].song != "1.mid"


def test_personal_codes_lie_nearer_the_files(model: MusicVAE, folder: Path, tmp_path: Path):
    small = personal.personalize(model, [folder], steps=200, z=2)
    means = styling.codes_of(model, [folder])
    drawn = small.draw(100, model.generator(1))
    prior = model.vae.draw(100, model.generator(1))
    assert torch.cdist(drawn, means).amin(1).mean() < torch.cdist(prior, means).amin(1).mean()
    again = personal.Personal.load(small.save(tmp_path / "mine"))
    assert (again.sample(model, 4, seed=2).tokens == small.sample(model, 4, seed=2).tokens).all()


def test_a_music_model_is_no_personal_one(tmp_path: Path):
    with pytest.raises(CheckpointError, match="not made by `mvae personalize`"):
        personal.Personal.load(save_small(tmp_path / "m"))


def test_vectors_are_kept_with_the_model(model: MusicVAE, tmp_path: Path):
    tokens = model.representation.random(200, np.random.default_rng(0))  # type: ignore[attr-defined]
    vectors = fit(model, from_arrays(tokens))
    assert {"density", "diatonic", "range"} <= set(vectors.plain) == set(vectors.decorrelated)
    place = save_small(tmp_path / "m")
    vectors.save(place)
    loaded = MusicVAE.load(place)
    assert torch.allclose(loaded.attributes.plain["density"], vectors.plain["density"], atol=1e-2)
    assert len(loaded.adjust(tune(1), density=1.0)) == 1
    assert len(table(loaded, loaded.attributes.plain, count=8)["added"]) == len(vectors.plain)
    AttributeVectors({"density": torch.zeros(5)}).save(place)
    with pytest.raises(CheckpointError, match=r"codes have \[8\]"):
        _ = MusicVAE.load(place).attributes


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m: m.vary(tune(1), amount=1.5), "amount is 1.5"),
        (lambda m: m.vary(tune(1), count=0), "count is 0"),
        (lambda m: m.blend(tune(1), tune(2)), "four corners, not 2"),
        (lambda m: m.blend(*[tune(1)] * 4, width=1), "width is 1"),
        (lambda m: m.average(), "no music"),
        (lambda m: m.adjust(tune(1), swing=1.0), "no vector for 'swing'"),
    ],
)
def test_settings_out_of_range(model: MusicVAE, call, words: str):
    with pytest.raises(ConfigError, match=words):
        call(model)
