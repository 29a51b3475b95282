from __future__ import annotations

from pathlib import Path

import pytest

from musicvae_lite.models.music_vae import MusicVAE
from tests.corpora.tunes import tune
from tests.models.small import small_model


@pytest.fixture(scope="package")
def model() -> MusicVAE:
    return small_model()


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three songs."""
    place = tmp_path_factory.mktemp("songs")
    for seed in range(3):
        tune(seed, bars=8).save(str(place / f"{seed}.mid"))
    return place
