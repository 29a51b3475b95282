"""Labels from folder names to music under one of them, as a user goes."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from musicvae_lite.models.attributes.kept import Attributes
from musicvae_lite.models.attributes.vectors import AttributeVectors
from musicvae_lite.models.music_vae import MusicVAE
from tests.cli.running import run
from tests.cli.test_train import SMALL
from tests.corpora.tunes import tune, write_tunes
from tests.models.test_labels import labelled_model
from tests.models.test_whole_songs import beat, groove_model

OTHER = {"even": "odd", "odd": "even"}


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


def test_a_run_under_labels_goes_on_with_the_same_labels_only(tmp_path: Path, capsys):
    (tmp_path / "small.toml").write_text(SMALL)
    music, dataset, other = write_tunes(tmp_path / "music", 12), tmp_path / "set", tmp_path / "other"
    assert run("prepare", music, "-o", dataset, "--bars", 2, "--workers", 0, "--split", "60/20/20") == 0
    shutil.copytree(dataset, other)
    songs = (other / "songs.jsonl").read_text()
    swapped = re.sub('"label": "(even|odd)"', lambda m: f'"label": "{OTHER[m[1]]}"', songs).encode()
    (other / "songs.jsonl").write_bytes(swapped)
    manifest = json.loads((other / "manifest.json").read_text())
    manifest["songs_sha256"] = hashlib.sha256(swapped).hexdigest()
    (other / "manifest.json").write_text(json.dumps(manifest))
    start = ("train", tmp_path / "small.toml", "-o", tmp_path / "run", "--labels")
    assert run(*start, dataset) == 0
    assert run(*start, dataset, "--resume") == 0
    capsys.readouterr()
    assert run(*start, other, "--resume") == 1
    assert "dataset: " in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        ("reconstruct", "a.mid"),
        ("interpolate", "a.mid", "b.mid", "-n", 2),
        ("vary", "a.mid", "-n", 2),
        ("blend", "a.mid", "b.mid", "a.mid", "b.mid", "--width", 2, "--height", 2),
        ("average", "a.mid", "b.mid"),
        ("style", "a.mid", "--from", "a.mid", "--to", "b.mid"),
        ("attributes", "apply", "a.mid", "happy=1"),
    ],
    ids=lambda words: words[0],
)
def test_music_is_written_under_a_label(command: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate("ab"):
        tune(number).save(f"{name}.mid")
    labelled_model().save("m")
    Attributes(AttributeVectors({"happy": torch.full((6,), 0.5)})).save(Path("m"))
    for label in ("hymns", "reels"):
        options = ("--model", "m", "--temperature", 1, "--label", label, "-o", f"{label}.mid")
        assert run(*command, *options) == 0
        assert json.loads(Path(f"{label}.json").read_text())["label"] == label
    assert Path("hymns.mid").read_bytes() != Path("reels.mid").read_bytes()


def test_grooves_are_written_under_a_label(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    beat(2).save("drums.mid")
    model = MusicVAE(replace(groove_model("humanize").config, labels=("rock", "jazz")))
    model.save("m")
    assert run("groove", "humanize", "drums.mid", "--model", "m", "--label", "jazz", "-o", "new.mid") == 0
    assert json.loads(Path("new.json").read_text())["label"] == "jazz"


def test_one_folder_alone_makes_no_labels(tmp_path: Path, capsys):
    write_tunes(tmp_path / "music", 8)
    (tmp_path / "small.toml").write_text(SMALL)
    assert (
        run("prepare", tmp_path / "music" / "even", "-o", tmp_path / "set", "--bars", 2, "--workers", 0) == 0
    )
    assert run("train", tmp_path / "small.toml", tmp_path / "set", "-o", tmp_path / "run", "--labels") != 0
    assert "fewer than two hold any" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
