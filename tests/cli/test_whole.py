"""`mvae continue` and `--whole`, which take songs window by window, as a user runs them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from musicvae_lite.music.score import Meter, Score, Track
from tests.cli.running import run
from tests.corpora.tunes import tune

pytestmark = pytest.mark.usefixtures("place")

COMMANDS = [
    ("continue", "../song.mid"),
    ("reconstruct", "../song.mid", "--whole"),
    ("interpolate", "../song.mid", "../a.mid", "--whole"),
]


@pytest.mark.parametrize("words", COMMANDS)
def test_a_song_shorter_than_a_window_is_taken(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]):
    at = np.arange(3, dtype=np.int32) * 480
    level = np.full(3, 80, np.int32)
    Score(480, at, at + 480, at // 240 + 60, level, at * 0, (Track("Tune"),)).save("../song.mid")
    assert run(*words, "-o", "out.mid") == 0
    assert "song.mid, bar 1, window by window" in capsys.readouterr().out
    assert Path("out.mid").exists()


@pytest.mark.parametrize("words", COMMANDS)
def test_what_is_refused_comes_without_advice_on_bars(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
):
    tune(1, meter=Meter(6, 8)).save("../song.mid")
    assert run(*words, "-o", "out.mid") == 1
    said = capsys.readouterr().err
    assert "song.mid: bars of 6/8" in said and "--bars" not in said
    assert run(*words, "-o", "out.mid", "--model", "melody-2bar") == 1
    said = capsys.readouterr().err
    assert "song.mid: bars of 6/8" in said and "--bars" not in said


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--steps", ("-n", 9)),
        ("--even/--by-code", ("--by-code",)),
        ("--even/--by-code", ("--even",)),
        ("--bars", ("--bars", "1-2")),
        ("--bars-b", ("--bars-b", "1-2")),
    ],
)
def test_what_a_walk_of_whole_songs_takes_no_account_of_is_refused(
    option: str, words: tuple[object, ...], capsys: pytest.CaptureFixture[str]
):
    assert run("interpolate", "../a.mid", "../b.mid", "--whole", *words, "-o", "out.mid") == 2
    said = " ".join(capsys.readouterr().err.replace("│", " ").split())
    assert f"Invalid value for {option}: --whole" in said and "leave out one of the two" in said
    assert not list(Path().iterdir())
