"""`mvae groove` and whole songs, as a user runs them."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from musicvae_lite.music.reading import read_song
from mvae.app import app
from tests.models.small import save_small
from tests.models.test_whole_songs import beat, groove_model, scale

run = CliRunner().invoke


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("groove")
    for task in ("humanize", "tap", "add-hihat", "hits-control"):
        groove_model(task).save(place / task)
    save_small(place / "melody")
    beat(4).save(str(place / "beat.mid"))
    beat(2, 40, 60).save(str(place / "feel.mid"))
    scale(4).save(str(place / "tune.mid"))
    return place


@pytest.mark.parametrize("task", ["humanize", "tap", "add-hihat"])
def test_a_beat_becomes_another_file(folder: Path, task: str, tmp_path: Path):
    source = folder / ("tune.mid" if task == "tap" else "beat.mid")
    out = tmp_path / "out.mid"
    done = run(
        app, ["groove", task, str(source), "--model", str(folder / task), "-o", str(out), "--bpm", "90"]
    )
    assert done.exit_code == 0, done.output
    assert read_song(out).tempos[0].qpm == pytest.approx(90)
    assert (tmp_path / "out.json").exists()


def test_transfer(folder: Path, tmp_path: Path):
    out = tmp_path / "out.mid"
    files = [str(folder / "beat.mid"), str(folder / "feel.mid")]
    done = run(app, ["groove", "transfer", *files, "--model", str(folder / "hits-control"), "-o", str(out)])
    assert done.exit_code == 0 and out.exists(), done.output


def test_a_model_of_another_task_is_refused(folder: Path):
    done = run(app, ["groove", "tap", str(folder / "tune.mid"), "--model", str(folder / "melody")])
    assert "not of the groove task 'tap'" in str(done.exception)


def test_whole_songs(folder: Path, tmp_path: Path):
    tune, model = str(folder / "tune.mid"), ["--model", str(folder / "melody"), "--whole"]
    for command in (["reconstruct", tune], ["interpolate", tune, tune]):
        out = tmp_path / f"{command[0]}.mid"
        done = run(app, [*command, *model, "-o", str(out)])
        assert done.exit_code == 0 and out.exists(), done.output
