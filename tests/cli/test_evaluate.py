"""`mvae evaluate`, as a user runs it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from musicvae_lite.corpora.build import build_dataset
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.training.dataset import WindowDataset, open_windows
from musicvae_lite.training.evaluation import evaluate
from tests.cli.running import run
from tests.corpora.tunes import write_tunes
from tests.models.small import save_small
from tests.models.test_labels import labelled_model
from tests.models.test_whole_songs import beat, groove_model


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return save_small(tmp_path / "model")


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tunes(tmp_path_factory.mktemp("music"), 6)


def test_json_is_what_the_library_says(model: Path, music: Path, capsys):
    assert run("evaluate", model, music, "--json", "--seed", "3", "--most", "25") == 0
    printed = json.loads(capsys.readouterr().out)
    loaded = MusicVAE.load(model)
    wanted = evaluate(loaded.vae, loaded.representation, open_windows(music, loaded.representation), 3, 25)
    told = {"model": str(model), "data": str(music), "split": None, "digest": None, "most": 25, "seed": 3}
    assert printed == {**told, **wanted.to_json()}


def test_json_says_what_was_measured_of_a_dataset(model: Path, music: Path, tmp_path: Path, capsys):
    representation = MusicVAE.load(model).representation
    build_dataset([music], representation, tmp_path / "set", workers=0, split=(0.4, 0.3, 0.3))
    dataset = WindowDataset(tmp_path / "set")
    for split, options in (("test", ()), ("train", ("--split", "train"))):
        assert run("evaluate", model, tmp_path / "set", "--json", *options) == 0
        printed = json.loads(capsys.readouterr().out)
        told = (printed["split"], printed["digest"], printed["most"])
        assert told == (split, dataset.digest, None)
    labelled_model().save(tmp_path / "labelled")
    assert run("evaluate", tmp_path / "labelled", tmp_path / "set", "--json", "--most", "5") == 0
    assert json.loads(capsys.readouterr().out)["digest"] == dataset.labelled_digest


def test_a_seed_that_is_out_of_range_is_refused(model: Path, music: Path, capsys):
    assert run("evaluate", model, music, "--seed", 2**70, "--most", "5") == 1
    assert f"seed is {2**70}; it must be" in " ".join(capsys.readouterr().err.split())


def test_tables_for_a_dataset(model: Path, music: Path, tmp_path: Path, capsys):
    representation = MusicVAE.load(model).representation
    build_dataset([music], representation, tmp_path / "set", workers=0, split=(0.4, 0.3, 0.3))
    assert run("evaluate", model, tmp_path / "set", "--split", "validation") == 0
    shown = capsys.readouterr().out
    for row in (
        "free-running, T=1, z mean",
        "argmax, z mean",
        "teacher-forced",
        "always the commonest",
        "active units",
    ):
        assert row in shown
    windows = len(open_windows(tmp_path / "set", representation, "validation"))
    assert ["windows", str(windows)] in [line.split() for line in shown.splitlines()]
    assert run("evaluate", model, tmp_path / "set", "--split", "best") == 2
    assert "'best' is none of train, validation, test" in capsys.readouterr().err


def test_every_further_figure_of_a_representation_is_printed_within_80_columns(
    tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "80")
    groove_model("play").save(tmp_path / "m")
    beat(8).save(str(tmp_path / "beat.mid"))
    assert run("evaluate", tmp_path / "m", tmp_path / "beat.mid", "--json") == 0
    printed = json.loads(capsys.readouterr().out)["free_mean"]
    assert run("evaluate", tmp_path / "m", tmp_path / "beat.mid") == 0
    shown = capsys.readouterr().out
    assert {"velocity_error", "offset_error"} <= set(printed)
    for name in set(printed) - {"steps", "windows", "note_f1"}:
        assert name.replace("_", " ") in shown
    assert max(len(line) for line in shown.splitlines()) <= 80


def test_of_a_single_window_there_are_no_active_units(model: Path, music: Path, capsys):
    assert run("evaluate", model, music, "--most", "1") == 0
    assert ["active", "units", "-"] in [line.split() for line in capsys.readouterr().out.splitlines()]
    assert run("evaluate", model, music, "--most", "1", "--json") == 0
    assert json.loads(capsys.readouterr().out)["active_units"] is None


def test_an_empty_split_says_which_hold_windows(model: Path, music: Path, tmp_path: Path, capsys):
    representation = MusicVAE.load(model).representation
    build_dataset([music], representation, tmp_path / "set", workers=0, split=(0.7, 0.3, 0))
    assert run("evaluate", model, tmp_path / "set") == 1
    said = " ".join(capsys.readouterr().err.split())
    count = len(open_windows(tmp_path / "set", representation, "validation"))
    assert "(test) holds no windows" in said and f"validation holds {count:,} (--split validation)" in said


def test_a_damaged_shard_is_told(model: Path, music: Path, tmp_path: Path, capsys):
    representation = MusicVAE.load(model).representation
    build_dataset([music], representation, tmp_path / "set", workers=0, split=(0.4, 0.3, 0.3))
    shard = tmp_path / "set" / "test-00000.tokens.npy"
    data = bytearray(shard.read_bytes())
    data[-1] = 250
    shard.write_bytes(data)
    assert run("evaluate", model, tmp_path / "set") == 1
    assert "test-00000.tokens.npy: its content has changed" in " ".join(capsys.readouterr().err.split())
    assert run("evaluate", model, tmp_path / "set", "--split", "validation") == 0


def test_mistakes_are_told_in_one_line(model: Path, music: Path, tmp_path: Path, capsys):
    waltz = save_small(tmp_path / "waltz", meter="3/4")
    (tmp_path / "empty").mkdir()
    damaged = save_small(tmp_path / "damaged")
    (damaged / "model.safetensors").write_bytes(b"\x00" * 100)
    for arguments, words in (
        ((tmp_path / "no-model", music), "no model"),
        ((model, tmp_path / "nothing.mid"), "nothing.mid"),
        ((model, tmp_path / "empty"), "empty"),
        ((waltz, music), "3/4"),
        ((damaged, music), "damaged"),
    ):
        assert run("evaluate", *arguments) == 1, arguments
        said = capsys.readouterr().err
        assert words in said and "bug" not in said


def test_labels_that_were_measured_under_are_told(tmp_path: Path, capsys):
    music, model = write_tunes(tmp_path / "music", 6), tmp_path / "labelled"
    (music / "even").rename(music / "reels")
    MusicVAE(replace(labelled_model().config, labels=("reels", "hymns"))).save(model)
    representation = MusicVAE.load(model).representation
    build_dataset([music / "reels"], representation, tmp_path / "set", workers=0, split=(0, 0, 1))
    prepared = len(open_windows(tmp_path / "set", representation))
    known = len(open_windows(music / "reels", representation))
    whole = len(open_windows(music, representation))
    for data, labels in (
        (music / "reels", {"reels": known}),
        (music, {"": whole - known, "reels": known}),
        (tmp_path / "set", {"": prepared}),  # prepared from one folder, whose name is no label there
    ):
        assert run("evaluate", model, data, "--json") == 0
        printed = capsys.readouterr()
        assert json.loads(printed.out)["labels"] == labels
        said = f"{labels.get('')} of {sum(labels.values())} windows have no label that"
        assert (said in printed.err) == ("" in labels)
        assert run("evaluate", model, data) == 0
        rows = [line.split() for line in capsys.readouterr().out.splitlines()]
        assert all([name or "(none)", str(count)] in rows for name, count in labels.items())


def test_a_model_without_labels_says_nothing_of_them(model: Path, music: Path, capsys):
    assert run("evaluate", model, music, "--most", "5") == 0
    printed = capsys.readouterr()
    assert "measured under" not in printed.out and "windows have no" not in printed.err
