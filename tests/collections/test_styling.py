from __future__ import annotations

from pathlib import Path

from musicvae_lite.collections import styling
from musicvae_lite.models.music_vae import MusicVAE
from tests.corpora.tunes import tune


def test_songs_that_are_copies_are_not_heard(model: MusicVAE, tmp_path: Path):
    for place in ("a", "b/a", "b/c"):
        (tmp_path / place).mkdir(parents=True)
        tune(3).save(str(tmp_path / place / "tune.mid"))
    heard = styling.transfer(model, tune(1), [tmp_path / "a"], [tmp_path / "b"]).record["heard"]
    assert heard["from"] == heard["to"] and heard["to"]["songs"] == 1


def test_a_style_for_itself_changes_nothing(model: MusicVAE, folder: Path):
    takes = styling.transfer(model, tune(1), [folder], [folder])
    assert (takes.tokens == model.reconstruct(tune(1)).tokens).all()
