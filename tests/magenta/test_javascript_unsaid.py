"""magenta-js checkpoints and what their config.json does not say: tasks, priors, or anything at all."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from musicvae_lite.errors import CheckpointError, ConfigError
from musicvae_lite.magenta.exporting import export_javascript, lost
from musicvae_lite.magenta.importing import import_model
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.prior import CodePrior
from tests.magenta.models import small
from tests.magenta.test_javascript import melody


def added_hihat(folder: Path) -> Path:
    """A checkpoint of a model that adds a hi-hat, which no converter of magenta-js says."""
    model = MusicVAE(small("groovae_2bar_add_closed_hh"))
    assert "knows no task 'add-hihat'" in lost(model)[0]
    export_javascript(model, folder)
    return folder


def test_a_configuration_says_what_a_converter_does_not(tmp_path: Path):
    folder = added_hihat(tmp_path / "js")
    assert MusicVAE.load(import_model(folder).folder).representation.task == "play"  # type: ignore[attr-defined]
    name = "groovae_2bar_add_closed_hh"
    imported = import_model(folder, name)
    assert imported.config == name
    again = MusicVAE.load(imported.folder)
    assert again.representation == small(name).representation
    (folder / "config.json").unlink()
    assert import_model(folder, name, name="bare").config == name
    with pytest.raises(CheckpointError, match=r"config\.json: missing"):
        import_model(folder)


def test_a_configuration_that_does_not_fit(tmp_path: Path):
    folder = melody(tmp_path / "js")
    with pytest.raises(ConfigError, match="no configuration 'nonsense': there are"):
        import_model(folder, "nonsense")
    with pytest.raises(CheckpointError, match="not of the configuration groovae_4bar"):
        import_model(folder, "groovae_4bar")


def test_what_magenta_js_is_not_told(tmp_path: Path):
    model = MusicVAE(small("groovae_2bar_humanize"))
    assert lost(model) == []
    model.vae.prior = CodePrior(torch.zeros(1, 4), torch.eye(4)[None], torch.ones(1))
    assert ["N(0, I)" in note for note in lost(model)] == [True]


@pytest.mark.parametrize("end", [".tar", ".tar.gz", ".TAR?raw=true", ".index"])
def test_archives_at_an_address_are_to_be_downloaded(end: str):
    with pytest.raises(CheckpointError, match="download it and import the file"):
        import_model(f"http://127.0.0.1:9/cat-mel_2bar_big{end}")
