"""What is there already: inputs and models are not written over, and what is in the way is said at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from musicvae_lite import checkpoints, resources
from musicvae_lite.collections import fitting
from musicvae_lite.models.music_vae import MusicVAE
from tests.cli.running import run
from tests.corpora.tunes import tune
from tests.magenta.models import small
from tests.models.small import save_small


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two songs to work in, and one shipped model."""
    save_small(tmp_path / "shipped" / "melody-2bar")
    monkeypatch.setattr(resources, "checkpoints_dir", lambda: tmp_path / "shipped")
    place = tmp_path / "work"
    place.mkdir()
    monkeypatch.chdir(place)
    for seed, name in enumerate(("a.mid", "b.mid")):
        tune(seed, bars=4).save(name)
    return place


@pytest.fixture
def stock() -> MusicVAE:
    """A model that magenta-js can run, in the folder "stock"."""
    MusicVAE(small("cat-mel_2bar_small")).save("stock")
    return MusicVAE.load("stock")


def held(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def refused(work: Path, capsys, words: str, *command: object) -> None:
    """A command is refused in these words, and leaves everything as it was."""
    before = held(work)
    assert run(*command) == 1
    assert words in " ".join(capsys.readouterr().err.split())
    assert held(work) == before


@pytest.mark.parametrize("target", ["a.mid", "b.mid", "c.mid"])
def test_no_music_that_a_style_is_told_by(work: Path, capsys, target: str):
    tune(2, bars=4).save("c.mid")
    command = ("style", "a.mid", "--from", "b.mid", "--to", "c.mid", "-o", target)
    refused(work, capsys, "is an input", *command)


def test_no_music_of_a_folder_that_a_style_is_told_by(work: Path, capsys):
    (work / "jazz").mkdir()
    tune(2, bars=4).save("jazz/c.mid")
    command = ("style", "a.mid", "--from", "b.mid", "--to", "jazz", "-o")
    refused(work, capsys, "is an input", *command, "jazz/c.mid")
    assert run(*command, "jazz/new.mid") == 0


def test_an_input_with_the_mark_of_tunes_in_its_name(work: Path, capsys):
    (work / "a.mid").rename("7#b.mid")
    refused(work, capsys, "is an input", "reconstruct", "7#b.mid", "-o", "7#b.mid")


def test_an_import_is_not_called_like_a_shipped_model(work: Path, capsys, stock):
    assert run("models", "export", "stock", "--to", "magenta-js", "-o", "js") == 0
    capsys.readouterr()
    command = ("models", "import", "js", "--name", "melody-2bar")
    refused(work, capsys, "comes with the package", *command)
    refused(work, capsys, "comes with the package", *command, "--force")
    assert run("models", "list", "--json") == 0
    assert [model["name"] for model in json.loads(capsys.readouterr().out)] == ["melody-2bar"]


def test_no_model_in_the_way_of_a_personal_one(work: Path, capsys):
    save_small(work / "mine")
    save_small(work / "run" / "best")
    command = ("personalize", "a.mid", "--steps", 2, "-o")
    refused(work, capsys, "there is a model already", *command, "mine")
    refused(work, capsys, "there is a training run", *command, "run")
    assert run(*command, "new") == 0 and run(*command, "new") == 0


def test_no_model_in_the_way_of_magenta_js(work: Path, capsys, stock):
    command = ("models", "export", "stock", "--to", "magenta-js", "-o")
    refused(work, capsys, "there is a model already", *command, "stock")
    assert run(*command, "js") == 0 and run(*command, "js") == 0
    assert run("personalize", "a.mid", "--steps", 2, "-o", "js") == 1


def test_no_run_behind_an_imported_model(work: Path, capsys, stock):
    assert run("models", "export", "stock", "--to", "magenta-js", "-o", "js") == 0
    capsys.readouterr()
    save_small(work / "run" / "best")
    for force in ((), ("--force",)):
        refused(work, capsys, "there is a training run", "models", "import", "js", "-o", "run", *force)
    save_small(work / "mine")
    refused(work, capsys, "there is a model already", "models", "import", "js", "-o", "mine")
    assert run("models", "import", "js", "-o", "mine", "--force") == 0
    assert checkpoints.read_config(work / "mine")["origin"]["format"] == "magenta-js"


@pytest.fixture
def dataset(work: Path) -> Path:
    """A prepared dataset, in the folder "ds"."""
    assert run("prepare", "a.mid", "b.mid", "-o", "ds", "--workers", 0) == 0
    return work / "ds"


def test_no_file_of_a_model_run_or_dataset_for_a_record(work: Path, capsys, dataset: Path):
    save_small(work / "m")
    (work / "run").mkdir()
    (work / "run" / "run.json").write_text('{"preset": "melody-2bar"}')
    words = "is no record of a result"
    for file in ("m/config.mid", "run/run.mid", "ds/manifest.mid"):
        refused(work, capsys, words, "sample", "-n", 1, "-o", file)
    refused(work, capsys, words, "attributes", "table", "m", "-n", 8, "-o", "m/config.png")
    for _ in range(2):  # a record may be replaced
        assert run("sample", "-n", 1, "-o", "m/new.mid") == 0


def test_no_model_or_run_in_a_dataset(work: Path, capsys, dataset: Path, stock):
    capsys.readouterr()
    words = "there is a dataset: choose another folder"
    refused(work, capsys, words, "personalize", "a.mid", "--steps", 2, "-o", "ds")
    refused(work, capsys, words, "train", "melody-2bar", "ds", "--steps", 2, "-o", "ds")
    refused(work, capsys, words, "models", "average", "stock", "stock", "-o", "ds")
    refused(work, capsys, words, "attributes", "fit", "stock", "ds", "-o", "ds")
    for form in ("onnx", "magenta-js"):
        refused(work, capsys, words, "models", "export", "stock", "--to", form, "-o", "ds")
    refused(work, capsys, words, "image", "compare", "mnist", "-o", "ds")
    assert run("prepare", "a.mid", "b.mid", "-o", "ds", "--restart", "--workers", 0) == 0


def test_a_file_in_the_way_of_attributes_is_told_before_the_work(work: Path, capsys, monkeypatch):
    monkeypatch.setattr(fitting, "fit", lambda *_, **__: pytest.fail("the work was begun"))
    (work / "afile").write_text("x")
    command = ("attributes", "fit", "melody-2bar", ".", "-o", "afile")
    refused(work, capsys, "is a file, not a folder", *command)


@pytest.mark.parametrize(("command", "suffix"), [("render", ".wav"), ("plot", ".png")])
def test_no_music_that_is_rendered_or_drawn(work: Path, capsys, command: str, suffix: str):
    (work / "a.mid").rename(f"a{suffix}")
    refused(work, capsys, "is an input", command, f"a{suffix}", "-o", f"a{suffix}")
    refused(work, capsys, "is an input", command, f"a{suffix}")


def test_no_soundfont(work: Path, capsys):
    Path("font.wav").write_bytes(b"RIFF")
    refused(work, capsys, "is an input", "render", "a.mid", "--soundfont", "font.wav", "-o", "font.wav")


def test_no_music_that_is_drawn_beside_other(work: Path, capsys):
    (work / "b.mid").rename("b.png")
    refused(work, capsys, "is an input", "plot", "a.mid", "b.png", "-o", "b.png")
