"""`mvae inspect`, as a user runs it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from musicvae_lite import resources
from musicvae_lite.music.representations import PRESETS
from musicvae_lite.music.score import Meter, ProgramChange, Track
from tests.cli.running import run
from tests.corpora.tunes import tune
from tests.models.small import save_small
from tests.music.representations.songs import beat, song


@pytest.fixture
def waltz(tmp_path: Path) -> Path:
    tune(3, title="Flute", meter=Meter(3, 4)).save(str(tmp_path / "waltz.mid"))
    return tmp_path / "waltz.mid"


def test_one_screen(waltz: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert run("inspect", waltz) == 0
    shown = capsys.readouterr().out
    assert "8 bars, 48 notes" in shown and "meter 3/4" in shown and "Flute" in shown
    rows = [line.split() for line in shown.splitlines()]
    assert ["melody-2bar-waltz", "recipe", "2", "x", "3/4", "7", "1-7"] in rows
    assert ["melody-2bar", "and", "1", "more", "model", "2", "x", "4/4", "0"] in rows
    assert any(row[:2] == ["melody-2bar", "and"] and "meter" in row and "1-8" in row for row in rows)
    assert max(map(len, shown.splitlines())) <= 80 and len(rows) < 55


def test_programs_that_a_track_changes_to_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "80")
    (track,), changes = tune(3).tracks, [(1920, 73), (3840, 40), (5760, 0), (7680, 1)]
    for count in (2, 4):
        later = tuple(ProgramChange(*change) for change in changes[:count])
        changing = replace(track, program=10, program_changes=later)
        replace(tune(3), tracks=(changing,)).save(tmp_path / "changing.mid")
        run("inspect", tmp_path / "changing.mid")
        shown = capsys.readouterr().out
        assert " Music Box, Flute, Violin " in shown and ("Violin and 2 " in shown) == (count == 4)
        assert "Grand Piano" not in shown and max(map(len, shown.splitlines()[1:])) <= 80
    run("inspect", tmp_path / "changing.mid", "--json")
    (told,) = json.loads(capsys.readouterr().out)["tracks"]
    assert (told["program"], told["programs"]) == (10, [10, 73, 40, 0, 1])


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of the preset whose name it bears, and one of a narrower range than its preset's."""
    folder = tmp_path / "checkpoints"
    save_small(folder / "melody-2bar-waltz", 2, "3/4")
    config = save_small(folder / "melody-2bar") / "config.json"
    table = json.loads(config.read_text()) | {"representation": PRESETS["melody-2bar"].to_config()}
    config.write_text(json.dumps(table))
    monkeypatch.setattr(resources, "checkpoints_dir", lambda: folder)


def test_every_name_is_a_model_a_recipe_or_a_dataset(models, waltz: Path, capsys: pytest.CaptureFixture[str]):
    def what(*options: str) -> dict[str, str]:
        run("inspect", waltz, *options)
        return dict(re.findall(r"^ (\S+) .*(model|recipe|dataset) +\d+ x ", capsys.readouterr().out, re.M))

    shown = what()
    assert shown["melody-2bar"] == "model"
    assert shown["melody-2bar-waltz"] == shown["drums-2bar"] == "recipe"
    assert shown["drums-16bar"] == shown["shape-2bar"] == shown["groove-2bar-add-hihat"] == "dataset"
    assert what("-r", "melody-2bar") == {"melody-2bar": "model"}
    assert what("-r", "melody-2bar", "--bars", "3") == {"melody-2bar": "dataset"}
    assert what("-r", "melody-2bar-exact") == {"melody-2bar-exact": "recipe"}


def test_one_representation_as_json(waltz: Path, capsys: pytest.CaptureFixture[str]):
    assert run("inspect", waltz, "--bars", "4", "--meter", "3/4", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    (take,) = report["takes"]
    assert (take["label"], take["bars"], take["meter"], take["windows"]) == ("melody", 4, "3/4", 5)
    assert report["usable"] is True


@pytest.mark.parametrize(
    ("option", "code", "words"),
    [
        ("--bars=0", 2, "--bars"),
        ("--representation=", 1, "no representation"),
        ("--meter=", 2, "is not a meter"),
    ],
)
def test_settings_that_say_nothing_are_refused(option: str, code: int, words: str, waltz: Path, capsys):
    assert run("inspect", waltz, option) == code
    assert words in capsys.readouterr().err


def test_nothing_usable_is_shown_and_exit_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    replace(tune(1), tracks=(Track("kit", 0, True),)).save(str(tmp_path / "drums.mid"))
    assert run("inspect", tmp_path / "drums.mid", "-r", "melody") == 1
    assert "only drums" in capsys.readouterr().out


def test_every_representation_says_what_it_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("COLUMNS", "80")
    band = song(
        [(4 * n, 4, 72 + n % 5) for n in range(64)],
        [(8 * n, 8, 36 + n % 3) for n in range(32)],
        beat(16),
        programs=(0, 33, 0),
        names=("Voice", "Bass", "Kit"),
        drums=[2],
    )
    band.save(str(tmp_path / "band.mid"))
    assert run("inspect", tmp_path / "band.mid") == 0
    shown = " ".join(capsys.readouterr().out.split())
    for name in ("melody", "drums", "groove", "trio", "pianoroll", "multitrack"):
        assert f"{name}: " in shown
    assert "trio-16bar model 16 x 4/4 1 1 " in shown
    assert run("inspect", tmp_path / "band.mid", "-r", "trio-16bar", "--bars", "4", "--json") == 0
    (take,) = json.loads(capsys.readouterr().out)["takes"]
    assert (take["label"], take["representation"], take["windows"]) == ("trio-16bar", "trio", 13)
    assert run("inspect", tmp_path / "band.mid", "-r", "banjo") == 1
    assert "drums-2bar" in capsys.readouterr().err


def test_drums_off_channel_10_are_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    song(beat(4), names=["My drums"]).save(str(tmp_path / "kit.mid"))
    assert run("inspect", tmp_path / "kit.mid", "-r", "drums") == 0
    out = capsys.readouterr()
    assert "'My drums' is read as drums, but lies off channel 10" in " ".join((out.out + out.err).split())


@pytest.mark.parametrize(("tracks", "more"), [(40, "and 24 tracks more"), (17, "and 1 track more")])
def test_many_tracks_stay_one_screen(
    tmp_path: Path, tracks: int, more: str, capsys: pytest.CaptureFixture[str]
):
    song = tune(1, bars=8)
    track = (song.track + range(len(song))) % tracks
    names = tuple(Track(f"Voice {n + 1}") for n in range(tracks))
    replace(song, track=track.astype("int32"), tracks=names).save(str(tmp_path / "choir.mid"))
    run("inspect", tmp_path / "choir.mid")
    assert more in capsys.readouterr().out


def test_what_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "text.mid").write_text("la la")
    assert run("inspect", tmp_path / "text.mid") == 1
    assert "text.mid" in capsys.readouterr().err
    assert run("inspect", tmp_path / "waltz.mid", "--bars", "two") == 2
