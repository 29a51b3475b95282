"""Several runs as one model."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from musicvae_lite.corpora.build import build_dataset
from musicvae_lite.errors import ConfigError, DatasetError
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.training.averaging import AKIN, average, kinship
from musicvae_lite.training.dataset import WindowDataset
from tests.corpora.tunes import write_tunes
from tests.models.small import save_small


def test_weights_are_averaged_and_one_named_twice_counts_twice(tmp_path: Path):
    a, b = save_small(tmp_path / "a", seed=0), save_small(tmp_path / "b", seed=1)
    mixed = average([a, b, b]).vae.state_dict()
    one, other = (MusicVAE.load(f).vae.state_dict() for f in (a, b))
    for name, weight in mixed.items():
        torch.testing.assert_close(weight, (one[name] + 2 * other[name]) / 3)
    assert average([a, b]).vae.prior is None


def test_the_prior_is_fitted_to_music_if_there_is_enough(tmp_path: Path):
    music = write_tunes(tmp_path / "music", 12)
    kind = MelodyRepresentation(bars=2, lowest=36, highest=95)
    build_dataset([music], kind, tmp_path / "set", workers=0, split=(0.8, 0.2, 0.0))
    a, b = save_small(tmp_path / "a", seed=0), save_small(tmp_path / "b", seed=1)
    model = average([a, b], tmp_path / "set")
    windows = WindowDataset(tmp_path / "set").split("train")
    assert len(windows) >= 4 * model.config.z and model.vae.prior is not None
    again = average([a, b], tmp_path / "set")
    assert again.vae.prior is not None and torch.equal(again.vae.prior.root, model.vae.prior.root)
    other = average([a, b], tmp_path / "set", seed=1)
    assert other.vae.prior is not None and not torch.equal(other.vae.prior.root, model.vae.prior.root)
    assert average([a, b], music).vae.prior is not None


def test_a_dataset_of_another_kind_is_refused(tmp_path: Path):
    music = write_tunes(tmp_path / "music", 8)
    kind = MelodyRepresentation(bars=2, lowest=21, highest=95)
    build_dataset([music], kind, tmp_path / "set", workers=0, split=(0.8, 0.2, 0.0))
    runs = [save_small(tmp_path / "a", seed=0), save_small(tmp_path / "b", seed=1)]
    with pytest.raises(DatasetError, match="lowest: 36 wanted, the dataset has 21"):
        average(runs, tmp_path / "set")


def test_what_can_not_be_averaged_is_named(tmp_path: Path):
    a, b = save_small(tmp_path / "a"), save_small(tmp_path / "b", bars=16)
    with pytest.raises(ConfigError, match=r"b and .*a are not models of one config"):
        average([a, b])
    with pytest.raises(ConfigError, match="two models or more"):
        average([a])


def test_runs_that_began_apart_are_told_from_those_that_did_not(tmp_path: Path):
    a, b = save_small(tmp_path / "a", seed=0), save_small(tmp_path / "b", seed=1)
    model = MusicVAE.load(a)
    for weight in model.vae.parameters():
        weight.data += 0.1 * torch.randn_like(weight) * weight.std()
    model.save(tmp_path / "c")
    one, other, near = (MusicVAE.load(f).vae.state_dict() for f in (a, b, tmp_path / "c"))
    assert kinship([one, other]) < AKIN < 0.9 < kinship([one, near]) and kinship([one, one]) > 0.999
    said: list[str] = []
    average([a, tmp_path / "c"], warn=said.append)
    assert not said
    average([a, b], warn=said.append)
    assert len(said) == 1 and "hardly began from one model" in said[0]


def test_all_runs_are_akin_to_the_first():
    first, left, right = ({"w": torch.tensor(w)} for w in ([1.0, 0.0], [0.6, 0.8], [0.6, -0.8]))
    assert kinship([first, left, right]) == pytest.approx(0.6)
    assert kinship([left, first, right]) == pytest.approx(-0.28)


def test_an_average_is_a_model_of_its_own(tmp_path: Path):
    model = average([save_small(tmp_path / "a", seed=0), save_small(tmp_path / "b", seed=1)])
    assert model.identity is None and model.attributes.choose().names == ()
