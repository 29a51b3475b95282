"""`mvae models import` and `export`, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mvae.app import main
from tests.magenta.bundles import variables_of, write_bundle
from tests.magenta.models import small


def mvae(*args: object) -> int:
    with pytest.raises(SystemExit) as end:
        main([str(arg) for arg in args])
    return int(end.value.code or 0)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "in" / "model.ckpt", variables_of(small("cat-mel_2bar_small")))


def test_from_a_checkpoint_to_music_and_out_again(tmp_path: Path, checkpoint: Path, examples: Path, capsys):
    assert mvae("models", "import", checkpoint, "--config", "cat-mel_2bar_small") == 0
    out = capsys.readouterr().out
    assert "cat-mel_2bar_small" in out and "wrote" in out
    assert all(len(line) <= 80 for line in out.splitlines() if not line.startswith("wrote"))
    a, b = examples / "ode-to-joy.mid", examples / "twinkle.mid"
    assert (
        mvae("interpolate", a, b, "--model", "cat-mel_2bar_small", "-n", 3, "-o", tmp_path / "walk.mid") == 0
    )
    assert (tmp_path / "walk.mid").stat().st_size > 100
    capsys.readouterr()
    assert mvae("models", "--json") == 0
    assert "cat-mel_2bar_small" in {model["name"] for model in json.loads(capsys.readouterr().out)}
    target = tmp_path / "js"
    assert (
        mvae(
            "models",
            "export",
            "cat-mel_2bar_small",
            "--to",
            "magenta-js",
            "-o",
            target,
            "--weights",
            "uint8",
            "--json",
        )
        == 0
    )
    assert {Path(f["path"]).name for f in json.loads(capsys.readouterr().out)["files"]} >= {"config.json"}
    assert mvae("models", "import", target, "--name", "again", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["name"] == "again" and found["parameters"] > 1000 and found["step"] is None


def test_refusals_are_said_in_words(tmp_path: Path, checkpoint: Path, capsys):
    assert mvae("models", "import", checkpoint) == 1
    assert "--config" in capsys.readouterr().err
    assert mvae("models", "import", tmp_path / "nothing") == 1
    assert "no such file" in capsys.readouterr().err
    assert mvae("models", "import", checkpoint, "--config", "cat-mel") == 1
    assert "no configuration 'cat-mel'" in capsys.readouterr().err
    assert mvae("models", "export", "melody-2bar", "--to", "tflite") == 2
    assert mvae("models", "export", "melody-2bar", "--to", "magenta-js", "-o", tmp_path / "x") == 1
    assert "not one of Magenta's" in capsys.readouterr().err
    assert mvae("models", "export", "melody-2bar", "--to", "onnx", "--weights", "uint8") == 2
    assert "--weights: it is for magenta-js" in capsys.readouterr().err
