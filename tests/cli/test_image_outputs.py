"""`mvae image`: where results go, what they replace, and how they are written."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from tests.cli import running
from tests.images.made import drawings, save, save_folder
from tests.models.image import small

run = partial(running.run, "image")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models (conv, conditional, noisy, grid), a set, a.png."""
    folder = tmp_path_factory.mktemp("outputs")
    for kind in ("conv", "conditional", "noisy"):
        small.model(small.ALL[kind]).save(folder / kind)
    small.model({**small.GRID, "z": 36 * 5}, channels=3).save(folder / "grid")
    save_folder(folder / "set", 24)
    save(folder / "a.png", drawings(1)[0][0])
    return folder


def test_an_output_may_be_a_folder_and_what_is_replaced_is_said(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    assert run("sample", "--model", place / "conv", "-n", 4, "-o", "new/") == 0
    assert "replaced" not in capsys.readouterr().err
    assert run("sample", "--model", place / "conv", "-n", 4, "-o", "new") == 0
    assert "note: sample.png is there already and will be replaced" in capsys.readouterr().err
    assert run("denoise", place / "a.png", "clean", "--model", place / "noisy") == 0
    assert {path.as_posix() for path in Path().rglob("*.png")} == {"new/sample.png", "clean/a-denoised.png"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["denoise", "a.png", "x.png", "--model", "{p}/conv"],
        ["upscale", "a.png", "x.png", "--model", "{p}/conv"],
        ["upscale", "c.png", "x.png", "--model", "{p}/conv"],
        ["upscale", "a.png", "x.png", "--model", "{p}/grid", "--times", "3"],
        ["sample", "-o", "x.png", "--model", "{p}/grid"],
        ["generate", "-o", "x.png", "--model", "{p}/conv"],
        ["codes", "c.png", "-o", "x.png", "--model", "{p}/conv"],
        ["interpolate", "a.png", "c.png", "-o", "x.png", "--model", "{p}/conv"],
        ["embed", "{p}/a.png", "-o", "x.png", "--model", "{p}/conv"],
        ["reconstruct", "c.png", "-o", "x.png", "--model", "{p}/conv"],
        ["manifold", "-o", "x.png", "--model", "{p}/noisy"],
    ],
)
def test_no_replacement_is_announced_that_does_not_happen(
    arguments: list[str], place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.chdir(tmp_path)
    for name in ("a.png", "x.png", "x.gif"):
        save(tmp_path / name, drawings(1)[0][0])
    save(tmp_path / "c.png", np.random.default_rng(0).integers(0, 256, (3, 12, 12), dtype=np.uint8))
    before = (tmp_path / "x.png").read_bytes()
    assert run(*(word.format(p=place) for word in arguments))
    assert "replaced" not in capsys.readouterr().err
    assert (tmp_path / "x.png").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "files"),
    [
        (["interpolate", "a.png", "a.png", "-o", "x.png", "--model", "{p}/conv"],
         ["x.png", "x.gif", "x.json"]),
        (["sample", "-n", "2", "-o", "x.png", "--model", "{p}/conv"], ["x.png", "x.json"]),
        (["generate", "-o", "x.png", "--model", "{p}/conditional"], ["x.png", "x.json"]),
        (["manifold", "-n", "2", "-o", "x.png", "--model", "{p}/conv"], ["x.png", "x.json"]),
        (["codes", "a.png", "-o", "x.png", "--model", "{p}/conv"], ["x.png", "x.json"]),
        (["reconstruct", "a.png", "-o", "x.png", "--model", "{p}/conv"], ["x.png", "x.json"]),
        (["embed", "{p}/set", "-o", "x.png", "--codes", "x.npz", "--model", "{p}/conv"],
         ["x.png", "x.npz", "x.json"]),
        (["denoise", "a.png", "x.png", "--corrupt", "--model", "{p}/noisy"], ["x-read.png", "x.png"]),
        (["upscale", "a.png", "x.png", "--model", "{p}/grid"], ["x.png"]),
    ],
)  # fmt: skip
def test_each_file_that_is_replaced_is_said(
    arguments: list[str],
    files: list[str],
    place: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys,
):
    monkeypatch.chdir(tmp_path)
    save(tmp_path / "a.png", drawings(1)[0][0])
    words = [word.format(p=place) for word in arguments]
    assert run(*words) == 0
    assert "replaced" not in capsys.readouterr().err
    assert run(*words) == 0
    said = capsys.readouterr().err
    for name in files:
        assert said.count(f"note: {name} is there already and will be replaced") == 1


def test_what_a_model_read_is_kept_as_it_is(place: Path, tmp_path: Path, capsys):
    kept = []
    for name in ("d.png", "d.jpg"):
        words = ("denoise", place / "a.png", tmp_path / name, "--corrupt", "--model", place / "noisy")
        assert run(*words) == 0
        assert f"wrote {tmp_path / 'd-read.png'}" in capsys.readouterr().out
        kept.append((tmp_path / "d-read.png").read_bytes())
    assert kept[0] == kept[1]
    assert {path.name for path in tmp_path.iterdir()} == {"d.png", "d.jpg", "d-read.png"}


@pytest.mark.parametrize("command", ["denoise", "upscale"])
def test_an_argument_is_called_by_its_name(command: str, place: Path, tmp_path: Path, capsys):
    assert run(command, place / "a.png", tmp_path / "x.gif") == 2
    said = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert "Invalid value for OUTPUT" in said and "--output" not in said
