"""Wrong usage ends with 2 and names the option; help says what is true."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import run


def told(capsys: pytest.CaptureFixture[str]) -> str:
    """What a command said, without the frame around it."""
    said = capsys.readouterr()
    return " ".join(f"{said.out} {said.err}".replace("│", " ").replace("'", "").split())


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("--program", ("sample", "--program", 128)),
        ("--tempo", ("sample", "--tempo", 0)),
        ("--precision", ("sample", "--precision", "half")),
        ("--most", ("evaluate", "melody-2bar", "..", "--most", 0)),
        ("--seed", ("evaluate", "melody-2bar", "..", "--seed", -1)),
        ("--split", ("evaluate", "melody-2bar", "nothing", "--split", "best")),
        ("--split", ("search", "../a.mid", "..", "--split", "best")),
        ("--bars", ("prepare", "..", "-o", "ds", "--bars", 0)),
        ("--meter", ("prepare", "..", "-o", "ds", "--meter", "four")),
        ("--hop", ("prepare", "..", "-o", "ds", "--hop", "often")),
        ("--hop", ("prepare", "..", "-o", "ds", "--hop", 0)),
        ("--split", ("prepare", "..", "-o", "ds", "--split", "90/-5/5")),
        ("--polyphony", ("prepare", "..", "-o", "ds", "--polyphony", "some")),
        ("--chords", ("prepare", "..", "-o", "ds", "--chords", "some")),
        ("--rate", ("render", "../a.mid", "--rate", 5)),
        ("--output", ("render", "../a.mid", "-o", "a.txt")),
        ("--output", ("plot", "../a.mid", "-o", "a.txt")),
        ("--output", ("encode", "../a.mid", "-o", "a.txt")),
        ("--output", ("attributes", "table", "melody-2bar", "-o", "a.txt")),
        ("--codes", ("image", "embed", "mnist", "--codes", "a.txt")),
        ("--part", ("image", "evaluate", "mnist-vae-conv", "mnist", "--part", "best")),
        ("--json", ("play", "../a.mid", "--json")),
        ("--share", ("image", "compare", "mnist", "-o", "c", "--share", 2)),
        ("--steps", ("image", "train", "vae-2d", "mnist", "-o", "r", "--steps", -1)),
    ],
)
def test_wrong_usage_names_the_option(option: str, words: tuple[object, ...], place: Path, capsys):
    assert run(*words) == 2
    assert f"Invalid value for {option}" in told(capsys)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize(
    "command", [("search", "../a.mid"), ("evaluate", "melody-2bar"), ("attributes", "fit", "melody-2bar")]
)
def test_music_has_no_splits(command: tuple[str, ...], place: Path, capsys):
    assert run(*command, "../b.mid", "--split", "test") == 2
    said = told(capsys)
    assert "Invalid value for --split: ../b.mid is music, and all of it is taken" in said


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("sample", "(default: MODEL-sample.mid)"),
        ("blend", "(default: blend.mid)"),
        ("average", "(default: average.mid)"),
        ("groove humanize", "(default: groove-2bar-humanize)"),
        ("groove tap", "(default: groove-2bar-tap)"),
        ("groove add-hihat", "(default: groove-2bar-add-hihat, where you have imported one)"),
        ("groove transfer", "(default: groove-2bar-hits-control, where you have imported one)"),
        ("image upscale", "(default: as the model does)"),
        ("interpolate", "ends included. (default: 9)"),
        ("interpolate", "(default: --even)"),
    ],
)
def test_help_says_what_an_option_is_by_default(command: str, words: str, capsys):
    assert run(*command.split(), "--help") == 0
    assert words in told(capsys)
