"""`mvae search`, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.running import run
from tests.corpora.tunes import tune


def test_what_a_dataset_lacks_is_told(place: Path, capsys: pytest.CaptureFixture[str]):
    music = Path("music")
    music.mkdir()
    for name in ("a", "b"):
        tune(1, bars=4).save(str(music / f"{name}.mid"))
    fits = ("-r", "melody", "--bars", 2, "--set", "lowest=36", "--set", "highest=95")
    assert run("prepare", music, *fits, "--split", "100/0/0", "-o", "set") == 0
    capsys.readouterr()
    assert run("search", "music/b.mid", "set") == 0
    assert "set: 9 windows that were copies of others are not in this dataset" in capsys.readouterr().err
    assert run("search", "music/b.mid", "music") == 0
    told = capsys.readouterr()
    assert "a.mid" in told.out and "b.mid" in told.out and "copies" not in told.err


def test_a_find_in_another_key_tells_the_semitones(place: Path, capsys: pytest.CaptureFixture[str]):
    music = Path("music")
    music.mkdir()
    tune(1, bars=4, title="High").save(str(music / "high.mid"))
    tune(1, bars=4, shift=-5).save("low.mid")
    assert run("search", "low.mid", "music") == 0
    assert capsys.readouterr().out.splitlines()[-2].split()[:4] == ["0.00", "5", "1", "high.mid"]
    assert run("search", "low.mid", "music", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [(near["song"], near["semitones"], near["distance"]) for near in found] == [("high.mid", 5, 0)]


@pytest.mark.parametrize(
    "command",
    [("search", "../b.mid", "empty"), ("personalize", "empty", "-o", "mine")],
)
def test_a_folder_without_music_is_told(place: Path, command: tuple[str, ...], capsys):
    Path("empty").mkdir()
    assert run(*command) == 1
    assert capsys.readouterr().err == "mvae: empty: there are no files of music (MIDI, ABC, MusicXML) here\n"
