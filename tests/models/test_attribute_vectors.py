from __future__ import annotations

from pathlib import Path

import pytest
import torch

from musicvae_lite.errors import CheckpointError, ConfigError
from musicvae_lite.models.attribute_vectors import AttributeVectors, changed, names
from musicvae_lite.models.music_vae import MusicVAE
from tests.corpora.tunes import tune
from tests.models.small import save_small


def test_vectors_are_kept_with_the_model(tmp_path: Path):
    place = save_small(tmp_path / "m")
    vectors = AttributeVectors(
        {"density": torch.ones(8), "range": torch.ones(8)}, {"density": torch.zeros(8)}
    )
    vectors.save(place)
    loaded = MusicVAE.load(place)
    assert set(loaded.attributes.plain) == {"density", "range"}
    assert names(place, 8) == list(loaded.attributes.choose()) == ["density"]
    assert not loaded.attributes.choose()["density"].any() and loaded.attributes.choose(True)["density"].all()
    still = loaded.adjust(tune(1), density=1.0)  # its decorrelated vector is nothing at all
    assert (still.tokens == loaded.reconstruct(tune(1)).tokens).all()


def test_vectors_of_another_size_are_refused(tmp_path: Path):
    place = save_small(tmp_path / "m")
    AttributeVectors({"density": torch.zeros(5)}).save(place)
    with pytest.raises(CheckpointError, match=r"codes have \[8\]"):
        _ = MusicVAE.load(place).attributes


def test_amounts_add_up():
    z = torch.zeros(2, 3)
    vectors = {"a": torch.tensor([1.0, 0, 0]), "b": torch.tensor([0, 1.0, 0])}
    assert changed(z, vectors, {"a": 2, "b": -0.5}).tolist() == [[2, -0.5, 0]] * 2
    for amounts, words in (
        ({"c": 1}, "no vector for 'c'"),
        ({"a": float("nan")}, "a is nan"),
        ({"a": 11}, "11"),
    ):
        with pytest.raises(ConfigError, match=words):
            changed(z, vectors, amounts)  # type: ignore[arg-type]
