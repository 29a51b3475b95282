"""A place where commands are run as a user would."""

from __future__ import annotations

from pathlib import Path

import pytest

from musicvae_lite import resources
from tests.corpora.tunes import tune
from tests.models.small import save_small


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checkpoints")
    save_small(folder / "melody-2bar", 2)
    save_small(folder / "melody-16bar", 16)
    (folder / "melody-2bar" / "CARD.md").write_text("# A small model\n")
    return folder


@pytest.fixture
def place(shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, beside two songs, with small models in place of the trained ones."""
    monkeypatch.setattr(resources, "checkpoints_dir", lambda: shipped)
    tune(1, bars=20).save(str(tmp_path / "a.mid"))
    tune(2).save(str(tmp_path / "b.mid"))
    work = tmp_path / "work"
    work.mkdir()
    monkeypatch.chdir(work)
    return work
