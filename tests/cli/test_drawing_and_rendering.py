"""`mvae plot` and `mvae render`: names of files, what is said of the music, what was there before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.cli.running import run
from tests.corpora.tunes import tune

COMMANDS = [("plot", ".png"), ("render", ".wav")]


@pytest.fixture(autouse=True)
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, examples: Path) -> Path:
    """A folder to work in, with a song and a tune book."""
    monkeypatch.chdir(tmp_path)
    tune(0, bars=4).save("a.mid")
    book = [(examples / f"{name}.abc").read_bytes() for name in ("twinkle", "ode-to-joy")]
    Path("book.abc").write_bytes(b"\n\n".join(book))
    return tmp_path


@pytest.mark.parametrize(("command", "suffix"), COMMANDS)
@pytest.mark.parametrize("name", [".", "..", "/", ""])
def test_folders_are_told_as_such(command: str, suffix: str, name: str, capsys, work: Path):
    before = sorted(work.iterdir())
    assert run(command, name) == 1
    said = capsys.readouterr().err
    assert (f"mvae: {name}: is a folder" if name else "the file: its name is empty") in said
    assert sorted(work.iterdir()) == before


@pytest.mark.parametrize(("command", "suffix"), COMMANDS)
def test_what_was_there_before_is_told(command: str, suffix: str, capsys):
    assert run(command, "a.mid") == 0
    assert capsys.readouterr().err == ""
    assert run(command, "a.mid", "-o", f"a{suffix}") == 0
    said = capsys.readouterr()
    assert said.err == f"note: a{suffix} was there already and has been replaced\n"
    assert said.out == f"wrote a{suffix}\n"


@pytest.mark.parametrize(("command", "suffix"), COMMANDS)
def test_what_is_to_know_of_the_music_is_told_once(command: str, suffix: str, capsys):
    more = ["book.abc"] if command == "plot" else []
    assert run(command, "book.abc", *more, "-o", f"b{suffix}") == 0
    assert capsys.readouterr().err.count("book.abc#2 names the second") == 1


def test_a_suffix_is_checked_before_the_music_is_read(capsys):
    for command, suffix in COMMANDS:
        assert run(command, "none.mid", "-o", "a.txt") == 2
        assert suffix in capsys.readouterr().err


@pytest.mark.parametrize(("command", "suffix"), COMMANDS)
@pytest.mark.parametrize("folder", ["there", "new", "new/v1.2/"])
def test_a_folder_gets_the_name_of_the_music(command: str, suffix: str, folder: str, capsys):
    Path("there").mkdir()
    assert run(command, "a.mid", "-o", folder) == 0
    file = Path(folder, f"a{suffix}")
    assert file.is_file() and capsys.readouterr().out == f"wrote {file}\n"


@pytest.mark.parametrize("command", ["plot", "render", "play"])
def test_silent_bars_are_told_as_such(command: str, capsys):
    late = tune(0, bars=2)
    bar = 4 * late.ticks_per_quarter
    moved = np.where(late.start < bar, 3, 6) * bar
    replace(late, start=late.start + moved, end=late.end + moved).save("late.mid")
    assert run(command, "late.mid", "--bars", "1-2") == 1
    assert "late.mid: there are no notes in bars 1-2; the next begin in bar 4\n" in capsys.readouterr().err
    assert run(command, "late.mid", "--bars", "6") == 1
    assert "late.mid: there are no notes in bar 6; the next begin in bar 8\n" in capsys.readouterr().err


def test_of_several_files_one_may_be_silent(capsys):
    late = tune(0, bars=2)
    bars = 8 * late.ticks_per_quarter
    replace(late, start=late.start + bars, end=late.end + bars).save("late.mid")
    assert run("plot", "a.mid", "late.mid", "--bars", "1-2", "-o", "both.png") == 0


@pytest.mark.parametrize("rate", [65537, 100_001, 191_999])
def test_a_rate_that_a_format_cannot_hold_is_told_before_the_music_is_read(rate: int, capsys, work: Path):
    assert run("render", "none.mid", "-o", "a.flac", "--rate", rate) == 2
    said = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert f"--rate: FLAC cannot hold {rate} frames a second: take 44100" in said
    assert not Path("a.flac").exists()


def test_a_strip_of_parts_and_of_files(capsys):
    assert run("plot", "a.mid", "--strip", "2", "-o", "parts.png") == 0
    assert run("plot", "a.mid", "book.abc#2", "--strip", "2", "-o", "both.png") == 0
    assert run("plot", "a.mid", *["book.abc#2"] * 9, "--strip", "1", "-o", "many.png") == 1
    assert "at most 64 panels, not" in capsys.readouterr().err
    assert Path("parts.png").exists() and Path("both.png").exists() and not Path("many.png").exists()
