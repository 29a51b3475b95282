"""encode and decode under chords and labels."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from musicvae_lite import read_song
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.music_vae import MusicVAE
from tests.cli.running import run
from tests.models.test_conditioned import TABLE, TUNE


@pytest.fixture(autouse=True)
def codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The codes of a tune with chords, by a model of chords and labels."""
    monkeypatch.chdir(tmp_path)
    torch.manual_seed(0)
    model = MusicVAE(MusicConfig.from_table({**TABLE, "labels": ["folk", "jazz"]}, "test"))
    for parameter in model.vae.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    model.save("model")
    Path("tune.abc").write_text(TUNE)
    assert run("encode", "tune.abc", "--model", "model", "-o", "c.npz") == 0
    return Path("c.npz")


def test_there_and_back_under_its_own_chords(codes: Path):
    assert run("decode", codes, "-o", "back.mid") == 0
    assert run("reconstruct", "tune.abc", "--model", "model", "-o", "whole.mid") == 0
    assert Path("back.mid").read_bytes() == Path("whole.mid").read_bytes()


def test_other_chords_and_a_label(codes: Path, capsys):
    assert run("decode", codes, "--chords", "Am | F", "--label", "jazz", "-o", "other.mid") == 0
    record = json.loads(Path("other.json").read_text())
    assert record["chords"] == "Am | F" and record["label"] == "jazz"
    assert [chord.symbol for chord in read_song("other.mid").chords] == ["Am", "F"]
    words = ("--chords", record["chords"], "--label", record["label"], "-o", "again.mid")
    assert run("decode", record["codes"], *words) == 0
    assert Path("again.mid").read_bytes() == Path("other.mid").read_bytes()
    assert run("decode", codes, "--label", "pop", "-o", "other.mid") == 1
    assert "no label 'pop'" in capsys.readouterr().err


def test_what_chords_of_more_than_three_notes_become_is_said(codes: Path, capsys):
    assert run("decode", codes, "--chords", "Am7 | F", "-o", "other.mid") == 0
    assert "model knows triads alone and takes Am7 as Am" in " ".join(capsys.readouterr().err.split())
