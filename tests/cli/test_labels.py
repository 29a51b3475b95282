"""Labels from folder names to music under one of them, as a user goes."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.running import run
from tests.cli.test_train import SMALL
from tests.corpora.tunes import write_tunes


def test_folders_become_labels_to_sample_under(tmp_path: Path, capsys):
    write_tunes(tmp_path / "music", 12)  # into folders even and odd
    (tmp_path / "small.toml").write_text(SMALL)
    assert run("prepare", tmp_path / "music", "-o", tmp_path / "set", "--bars", 2, "--workers", 0,
               "--split", "60/20/20") == 0  # fmt: skip
    assert run("train", tmp_path / "small.toml", tmp_path / "set", "-o", tmp_path / "run", "--labels") == 0
    config = json.loads((tmp_path / "run" / "best" / "config.json").read_text())
    assert config["labels"] == ["even", "odd"]

    out = tmp_path / "new.mid"
    assert run("sample", "--model", tmp_path / "run", "--label", "odd", "-n", 2, "-o", out) == 0
    assert json.loads(out.with_suffix(".json").read_text())["label"] == "odd"
    assert run("evaluate", tmp_path / "run", tmp_path / "set", "--json") == 0
    capsys.readouterr()
    assert run("sample", "--model", tmp_path / "run", "--label", "jigs", "-o", out) != 0
    assert "this model knows even, odd" in capsys.readouterr().err


def test_one_folder_alone_makes_no_labels(tmp_path: Path, capsys):
    write_tunes(tmp_path / "music", 8)
    (tmp_path / "small.toml").write_text(SMALL)
    assert (
        run("prepare", tmp_path / "music" / "even", "-o", tmp_path / "set", "--bars", 2, "--workers", 0) == 0
    )
    assert run("train", tmp_path / "small.toml", tmp_path / "set", "-o", tmp_path / "run", "--labels") != 0
    assert "all lie in one" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
