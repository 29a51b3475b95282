"""attributes fit, table and apply, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from musicvae_lite import checkpoints, resources
from musicvae_lite.collections import fitting
from musicvae_lite.models.attributes.kept import Attributes
from musicvae_lite.models.music_vae import MusicVAE
from tests.cli.running import run
from tests.models.small import save_small

TRAINED = resources.checkpoints_dir() / "melody-2bar"


def test_attributes(place: Path, capsys: pytest.CaptureFixture[str]):
    folder = save_small(place / "own")
    assert run("attributes", "apply", "../a.mid", "interval=1", "--model", folder) == 1
    assert "mvae attributes fit" in capsys.readouterr().err
    assert run("attributes", "fit", folder, "../a.mid", "--answers", "40") == 0
    wider = ("attributes", "apply", "../a.mid", "interval=+1", "--way", "plain", "--model", folder)
    assert run(*wider, "-o", "wider.mid") == 0
    assert "of +1 standard deviations (--way plain)" in " ".join(capsys.readouterr().err.split())
    name = MusicVAE.load(folder).attributes.choose().names[0]
    assert run("attributes", "apply", "../a.mid", f"{name}=+1", "--model", folder, "-o", "any.mid") == 0
    assert "of +1 standard deviations (--way " in " ".join(capsys.readouterr().err.split())
    assert run("attributes", "apply", "../a.mid", "interval", "--model", folder) == 2
    capsys.readouterr()
    assert run("attributes", "table", folder, "-n", "8", "--way", "plain", "-o", "t.png", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert "interval" in shown["vectors"] and len(shown["added"][0]) == len(shown["attributes"])
    assert (place / "t.png").exists() and json.loads((place / "t.json").read_text()) == shown


def test_other_attributes_that_change_much_are_told(place: Path, capsys: pytest.CaptureFixture[str]):
    music = resources.data_dir() / "examples" / "ode-to-joy.mid"
    asked = ("attributes", "apply", music, "density=1.5", "--model", TRAINED, "-o", "denser.mid")
    assert run(*asked) == 0
    changed = json.loads((place / "denser.json").read_text())["changed"]
    others = {name: change for name, change in changed.items() if name != "density" and abs(change) > 0.5}
    told = ", ".join(f"{name} {change:+.1f}" for name, change in others.items())
    assert others and f"also changed: {told}" in " ".join(capsys.readouterr().err.split())


def test_attributes_that_come_with_the_package_are_left_alone(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(resources, "checkpoints_dir", lambda: place / "shipped")
    folder = save_small(place / "shipped" / "tunes")
    kept = [folder / name for name in (checkpoints.VECTORS, checkpoints.GUIDE)]
    for path in kept:
        path.write_bytes(b"theirs")
    for name in ("tunes", folder):
        assert run("attributes", "fit", name, "../a.mid", "--answers", "40") == 1
        assert "comes with the package" in capsys.readouterr().err
    assert [path.read_bytes() for path in kept] == [b"theirs"] * 2
    assert run("attributes", "fit", "tunes", "../a.mid", "--answers", "40", "-o", "files") == 0
    assert (place / "files" / checkpoints.VECTORS).exists()


def test_attributes_that_are_replaced_or_removed_are_told(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    folder = save_small(place / "own")
    for name in (checkpoints.VECTORS, checkpoints.GUIDE):
        (folder / name).write_bytes(b"of an earlier fit")
    monkeypatch.setattr(fitting, "fit", lambda *_: Attributes())
    assert run("attributes", "fit", folder, "../a.mid", "--answers", "40") == 0
    said = " ".join(capsys.readouterr().err.split())
    assert "attributes.safetensors was there already and has been replaced" in said
    assert "guide.safetensors was there already and has been removed" in said
    assert not (folder / checkpoints.GUIDE).exists()
