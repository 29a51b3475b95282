from __future__ import annotations

from pathlib import Path

import pytest
import torch

from musicvae_lite.collections import personal, styling
from musicvae_lite.errors import CheckpointError, ConfigError
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.training.dataset import windows_of
from tests.models.small import save_small


def test_personal_codes_lie_nearer_the_files(model: MusicVAE, folder: Path, tmp_path: Path):
    small = personal.personalize(model, [folder], steps=200, z=2)
    means = styling.codes_of(model, windows_of([folder], model.representation))
    drawn = small.draw(100, model.generator(1))
    prior = model.vae.draw(100, model.generator(1))
    assert torch.cdist(drawn, means).amin(1).mean() < torch.cdist(prior, means).amin(1).mean()
    again = personal.Personal.load(small.save(tmp_path / "mine"))
    assert (again.sample(model, 4, seed=2).tokens == small.sample(model, 4, seed=2).tokens).all()
    takes, codes = small.sample(model, 8, 1.0, seed=2), small.draw(8, model.generator(2))
    assert (takes.tokens != model.decode(codes, 1.0, seed=2).tokens).any()  # notes have chance of their own
    assert takes.record["seed"] == 2


def test_sizes_are_whole_numbers(model: MusicVAE, folder: Path):
    for wrong in ({"steps": 1.5}, {"z": 2.0}):
        with pytest.raises(ConfigError, match=f"{next(iter(wrong))} is a whole number"):
            personal.personalize(model, [folder], **wrong)  # type: ignore[arg-type]
    small = personal.personalize(model, [folder], steps=1, z=2)
    with pytest.raises(ConfigError, match=r"count is a whole number, not 1\.5"):
        small.sample(model, 1.5)  # type: ignore[arg-type]


def test_a_music_model_is_no_personal_one(tmp_path: Path):
    with pytest.raises(CheckpointError, match="not made by `mvae personalize`"):
        personal.Personal.load(save_small(tmp_path / "m"))
