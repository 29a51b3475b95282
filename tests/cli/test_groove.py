"""`mvae groove` and whole songs, as a user runs them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from musicvae_lite.music.reading import read_song
from musicvae_lite.music.score import Meter, MeterChange
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


@pytest.mark.parametrize("words", [["add-hihat", "beat.mid"], ["transfer", "beat.mid", "feel.mid"]])
def test_tasks_without_a_shipped_model_say_how_to_get_one(folder: Path, words: list[str], tmp_path: Path):
    files = [str(folder / word) if word.endswith(".mid") else word for word in words]
    done = run(app, ["groove", *files, "-o", str(tmp_path / "out.mid")])
    task = "hits-control" if words[0] == "transfer" else words[0]
    assert done.exit_code and f"no model of the task '{task}' ships" in str(done.exception)
    assert "--model names yours" in str(done.exception) and not list(tmp_path.iterdir())


def test_what_is_replaced_and_what_stays_as_it_is_is_said(folder: Path, tmp_path: Path, capsys):
    waltz = replace(beat(6), meters=(MeterChange(0, Meter(4, 4)), MeterChange(4 * 1920, Meter(3, 4))))
    waltz.save(str(tmp_path / "waltz.mid"))
    command = ["groove", "humanize", str(tmp_path / "waltz.mid"), "--model", str(folder / "humanize")]
    said = [run(app, [*command, "-o", str(tmp_path / "out.mid")]) for _ in range(2)]
    assert all("3 bars that no window of the model can hold stay as they are" in done.output for done in said)
    assert all("waltz.mid, bars 1-4, window by window (track 1" in done.output for done in said)
    assert ["been replaced" in done.output for done in said] == [False, True]
    assert "out.mid (and 1 more) was there already" in said[1].output


def test_drums_of_which_the_model_knows_none_are_refused_by_their_pitches(folder: Path, tmp_path: Path):
    unknown = replace(beat(4), pitch=np.resize(np.array([10, 12, 90], dtype=np.int32), 32))
    unknown.save(str(tmp_path / "unknown.mid"))
    command = ["groove", "humanize", str(tmp_path / "unknown.mid"), "--model", str(folder / "humanize")]
    done = run(app, [*command, "-o", str(tmp_path / "out.mid")])
    told = str(done.exception)
    assert done.exit_code and "no drum that the model knows is struck" in told and "(10, 12, 90)" in told
