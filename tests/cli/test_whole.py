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
