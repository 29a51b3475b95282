"""`mvae prepare`, as a user runs it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from musicvae_lite.music.representations import from_config
from musicvae_lite.music.score import Meter
from musicvae_lite.training.dataset import WindowDataset
from musicvae_lite.training.presets import load_preset
from mvae import prepare as command
from tests.cli.running import run
from tests.corpora.tunes import tune, write_tunes
from tests.music.representations.songs import beat, song


@pytest.fixture
def music(tmp_path: Path) -> Path:
    write_tunes(tmp_path / "my music", 10)
    tune(70, meter=Meter(3, 4)).save(str(tmp_path / "my music" / "wälzer.mid"))
    return tmp_path / "my music"


def test_tables_of_splits_and_rejections(music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run("prepare", music, "-o", tmp_path / "data", "--workers", "0", "--split", "60/20/20") == 0
    shown = capsys.readouterr()
    dataset = WindowDataset(tmp_path / "data")
    for name in ("train", "validation", "test"):
        split = dataset.manifest.splits[name]
        row = next(line.split() for line in shown.out.splitlines() if line.split()[:1] == [name])
        assert row == [name, str(split.songs), str(split.windows)]
    assert "meter" in shown.out and "wälzer.mid, bar 1" in shown.out
    assert f"wrote {tmp_path / 'data'}" in shown.out
    assert "duplicates" in shown.err


def test_of_several_folders_the_one_of_an_example_is_shown(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    other = tmp_path / "other"
    other.mkdir()
    (other / "empty.mid").write_bytes(b"")
    assert run("prepare", music, other, "-o", tmp_path / "data", "--workers", "0") == 0
    shown = "".join(capsys.readouterr().out.split())  # whatever lines the table breaks
    for place in (f"{other / 'empty.mid'}:", f"{music / 'wälzer.mid'}, bar 1:"):
        assert place.replace(" ", "") in shown


def test_json_is_the_manifest(music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    options = ["--bars", "1", "--meter", "3/4", "--hop", "bar", "--seed", "5", "--split", "1/0/0"]
    options += ["--polyphony", "refuse", "--all-tracks", "--no-limits"]
    assert run("prepare", music, "-o", tmp_path / "data", "--workers", "0", "--json", *options) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((tmp_path / "data" / "manifest.json").read_text(encoding="utf-8"))
    assert printed["representation"]["meter"] == "3/4" and printed["representation"]["polyphony"] == "refuse"
    recipe = printed["recipe"]
    assert (recipe["hop"], recipe["seed"], recipe["tracks"], recipe["split"]) == (12, 5, "all", [1, 0, 0])
    assert recipe["limits"]["max_notes"] > 10**15
    assert printed["splits"]["train"]["windows"] == printed["extracted"] - printed["duplicates"]["within"]


def test_nothing_usable_is_exit_1_with_the_reasons(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    music = tmp_path / "music"
    music.mkdir()
    tune(1, meter=Meter(3, 4)).save(str(music / "waltz.mid"))
    assert run("prepare", music, "-o", tmp_path / "data", "--workers", "0") == 1
    message = capsys.readouterr().err
    assert "none of 1 files" in message and "waltz.mid, bar 1" in message
    assert [p.name for p in tmp_path.iterdir()] == ["music"]


def test_going_on_says_so(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    def interrupted(self, state):
        if state.files:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(command._Shown, "__call__", interrupted)
        assert run("prepare", music, "-o", tmp_path / "data", "--workers", "0") == 130
    assert "goes on from here" in capsys.readouterr().err
    assert run("prepare", music, "-o", tmp_path / "data", "--workers", "0") == 0
    assert "11 files are done" in capsys.readouterr().err
    assert run("prepare", music, "-o", tmp_path / "data", "--workers", "0") == 1
    assert "--restart" in capsys.readouterr().err
    assert run("prepare", music, "-o", tmp_path / "data", "--workers", "0", "--restart") == 0


@pytest.mark.parametrize("split", ["90/10", "a/b/c", "0/0/0", ""])
def test_a_split_that_is_none_is_wrong_usage(music: Path, tmp_path: Path, split: str):
    assert run("prepare", music, "-o", tmp_path / "data", "--split", split) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--split", "110/-5/-5"], "split"),
        (["--meter", "4"], "meter"),
        (["-r", "kazoo"], "kazoo"),
        (["--hop", "hour"], "hour"),
        (["--bars", "0"], "bars"),
    ],
)
def test_settings_out_of_range(
    music: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
):
    assert run("prepare", music, "-o", tmp_path / "data", "--workers", "0", *options) in (1, 2)
    assert words in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_windows_as_a_preset_has_them(music: Path, tmp_path: Path):
    output = tmp_path / "data"
    assert run("prepare", music, "-o", output, "-r", "melody-2bar-exact", "--workers", "0") == 0
    preset = load_preset("melody-2bar-exact").model["representation"]
    assert WindowDataset(output).representation == from_config(preset).to_config()


def test_other_representations_and_their_settings(music: Path, tmp_path: Path):
    kit = tmp_path / "kits" / "one"
    kit.mkdir(parents=True)
    song(beat(8), drums=[0]).save(str(kit / "beat.mid"))
    (tmp_path / "map.toml").write_text("[classes]\nboom = [36]\ntick = [38, 42]\n")
    options = ["-r", "drums-2bar-nade", "--drum-map", tmp_path / "map.toml", "--set", "min_notes=1"]
    options += ["--bars", "1", "--workers", "0", "--split", "1/0/0"]
    assert run("prepare", tmp_path / "kits", "-o", tmp_path / "drums", *options) == 0
    dataset = WindowDataset(tmp_path / "drums")
    made = dataset.representation
    assert (made["name"], made["form"], made["bars"], made["min_notes"]) == ("drums", "hits", 1, 1)
    assert dataset.manifest.window_shape == (16, 2)
    assert dataset.split("train").songs[0].label == "one"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-r", "banjo"], "there are melody, drums"),
        (["-r", "drums", "--polyphony", "refuse"], "drums representation has no setting 'polyphony'"),
        (["--set", "x"], "write it like min_notes=8"),
        (["--set", "x=1"], "no setting 'x'"),
        (["--set", "name=drums"], "'name=drums': -r has said that already"),
        (["--bars", "4", "--set", "bars=2"], "'bars=2': --bars has said that already"),
        (["--set", "bars=4", "--set", "bars=2"], "'bars=2': --set has said that already"),
        (["--chords", "colours"], "triads or pitches"),
        (["-r", "drums", "--drum-map", "none.toml"], "cannot be read"),
    ],
)
def test_settings_no_representation_has(
    music: Path, tmp_path: Path, options: list[str], words: str, capsys: pytest.CaptureFixture[str]
):
    assert run("prepare", music, "-o", tmp_path / "data", "--workers", "0", *options) in (1, 2)
    assert words in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "data").exists()


SLOW = """
import pathlib, sys, time
if "--multiprocessing-fork" in sys.orig_argv:
    pathlib.Path({mark!r}).touch()
    time.sleep(1)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there are no groups of processes")
@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stop_while_workers_start_is_told_once(
    music: Path, tmp_path: Path, number: signal.Signals, code: int
):
    mark = tmp_path / "started"
    (tmp_path / "sitecustomize.py").write_text(SLOW.format(mark=str(mark)))
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    process = subprocess.Popen(
        [sys.executable, "-m", "mvae", "prepare", music, "-o", tmp_path / "data", "--workers", "2"],
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": path},
    )
    while not mark.exists() and process.poll() is None:
        time.sleep(0.02)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as a terminal does
    else:
        process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == code
    assert "The same command goes on from here." in said
    assert "Traceback" not in said and "leaked" not in said
