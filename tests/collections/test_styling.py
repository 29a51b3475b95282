from __future__ import annotations

from pathlib import Path

from musicvae_lite.collections import styling
from musicvae_lite.models.music_vae import MusicVAE
from tests.corpora.tunes import tune


def test_a_style_for_itself_changes_nothing(model: MusicVAE, folder: Path):
    takes = styling.transfer(model, tune(1), [folder], [folder])
    assert (takes.tokens == model.reconstruct(tune(1)).tokens).all()
