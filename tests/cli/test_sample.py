"""`mvae sample` under chords, as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from musicvae_lite import read_song
from tests.cli.running import run
from tests.models.small import small_chord_model


@pytest.mark.parametrize(
    ("chords", "beats"),
    [
        ("C | Am F | G", [0, 4, 6, 8, 12, 16, 18, 20]),
        ("C | Am", [0, 4, 8, 12]),
        ("C | Am F | G | F", [0, 4, 6, 8, 12, 16, 20, 22, 24, 28]),
    ],
)
def test_takes_are_as_long_as_their_line_of_chords(tmp_path: Path, chords: str, beats: list[int]):
    """The model writes two bars at a time, and here two takes."""
    small_chord_model().save(tmp_path / "chords")
    out = tmp_path / "new.mid"
    assert run("sample", "-n", 2, "--model", tmp_path / "chords", "--chords", chords, "-o", out) == 0
    score = read_song(out)
    assert [chord.tick / score.ticks_per_quarter for chord in score.chords] == beats
    bars = 2 * (chords.count("|") + 1)
    assert score.start.max() < bars * 4 * score.ticks_per_quarter


def test_chords_that_the_model_knows_less_of_are_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    small_chord_model().save(tmp_path / "chords")
    words = ("sample", "-n", 1, "--model", tmp_path / "chords", "-o", tmp_path / "new.mid", "--chords")
    assert run(*words, "C | Gsus4 Am7/G") == 0
    assert "note: chords knows triads alone and takes Gsus4 as G, Am7/G as Am" in capsys.readouterr().err
    assert run(*words, "C | G Am") == 0
    assert "triads" not in capsys.readouterr().err


def test_a_line_shorter_than_a_window_begins_again(tmp_path: Path):
    small_chord_model().save(tmp_path / "chords")
    out = tmp_path / "new.mid"
    words = ("sample", "-n", 1, "--model", tmp_path / "chords", "--chords", "C G |", "-o", out)
    assert run(*words) == 0
    score = read_song(out)
    assert [chord.tick / score.ticks_per_quarter for chord in score.chords] == [0, 2, 4, 6]


@pytest.mark.parametrize(("given", "program"), [((), 0), (("--program", 60), 60)])
def test_a_trio_has_its_melody_played_as_asked(tmp_path: Path, given: tuple, program: int):
    out = tmp_path / "new.mid"
    assert run("sample", "-n", 1, "--model", "trio-2bar", "-o", out, *given) == 0
    assert [track.program for track in read_song(out).tracks if track.name == "Melody"] == [program]
    record = json.loads(out.with_suffix(".json").read_text())
    assert (record["program"], record["tempo"]) == (program, 120)


@pytest.mark.parametrize(
    ("model", "program", "words"),
    [
        ("multitrack-1bar-chords", 0, "says itself what plays"),
        ("trio-2bar", 33, "with 0-31, 40-127, not with 33"),
    ],
)
def test_a_program_that_a_model_cannot_write_is_refused(
    tmp_path: Path, model: str, program: int, words: str, capsys: pytest.CaptureFixture[str]
):
    out = tmp_path / "new.mid"
    assert run("sample", "-n", 1, "--model", model, "--program", program, "-o", out) == 2
    told = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert "--program" in told and words in told and not out.exists()
