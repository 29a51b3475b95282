"""What files and their names hold is printed as text: it neither steers the terminal nor is markup."""

from __future__ import annotations

import io
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from musicvae_lite.errors import ReadError
from musicvae_lite.music.score import Track
from mvae import output
from tests.cli.running import run
from tests.corpora.tunes import tune
from tests.models.small import save_small

CONTROLS = [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"]
EVIL = "\x1b]0;owned\x07\x1b[2J\x9b1m\x7f\rhi"
TOLD = r"\x1b]0;owned\x07\x1b[2J\x9b1m\x7f\x0dhi"


def printed(capsys: pytest.CaptureFixture[str]) -> str:
    """All that was printed, which holds no control characters."""
    said = capsys.readouterr()
    text = said.out + said.err
    assert not [mark for mark in CONTROLS if mark in text]
    return text


def test_control_characters_are_spelt_out():
    assert output.visible("".join(CONTROLS)) == "".join(rf"\x{ord(mark):02x}" for mark in CONTROLS)
    assert output.visible("a\tb\nc é 第") == "a\tb\nc é 第"


def test_whatever_prints_for_people_spells_them_out(capsys: pytest.CaptureFixture[str]):
    for show in (output.say, output.note, output.wrote, output.tell):
        show(EVIL)
        assert TOLD in printed(capsys)
    output.remark([Path(EVIL)], [EVIL])
    assert printed(capsys).count(TOLD) == 2
    with output.Progress(EVIL, 1, EVIL) as progress:
        progress._last -= 2 * output.PLAIN_INTERVAL
        progress.advance(1, EVIL)
    assert TOLD in printed(capsys)


def test_a_table_spells_them_out_and_keeps_its_columns(capsys: pytest.CaptureFixture[str]):
    output.table(("name", "number\x1b"), [("a\x1b[2J", 1), ("b" * 9, 2)], title="of\x9b")
    title, _, headings, _, *rows = printed(capsys).splitlines()
    assert title.strip() == r"of\x9b" and r"number\x1b" in headings
    assert rows[0].split() == [r"a\x1b[2J", "1"] and len(rows[0]) == len(rows[1])


def test_a_line_of_a_name_is_one_line(capsys: pytest.CaptureFixture[str]):
    output.tell("input  a\nmodel  b", "next")
    output.wrote("c\nwrote d")
    assert printed(capsys).splitlines() == [r"input  a\x0amodel  b", "next", r"wrote c\x0awrote d"]


def test_json_says_what_it_said(capsys: pytest.CaptureFixture[str]):
    output.print_json({EVIL: ["é 第\n\t", EVIL]})
    text = printed(capsys)
    assert json.loads(text) == {EVIL: ["é 第\n\t", EVIL]} and "é 第" in text


def test_colours_and_bars_of_the_program_stay(monkeypatch: pytest.MonkeyPatch):
    screen = io.StringIO()
    terminal = Console(file=screen, force_terminal=True, color_system="truecolor", width=80)
    monkeypatch.setattr(output, "console", lambda stderr=False: terminal)
    with output.Progress(f"fetching {EVIL} [bold]x[/bold] [/]", 2, "MB") as progress:
        progress.advance(1, "[red]loud[/red]")
        output.say(EVIL)
    text = screen.getvalue()
    assert "\x1b[?25l" in text and "\x1b[38;" in text  # the cursor is hidden, the bar is coloured
    assert "fetching \\x1b]0;owned" in text and "\x1b]0;" not in text and "\x9b" not in text


NAMES = ["[bold]x[/bold]", "[/]", "[link=http://a.b]c", ":smile:", EVIL]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_tracks_are_no_markup(name: str, place: Path, capsys: pytest.CaptureFixture[str]):
    score = replace(tune(1), tracks=(Track(name),), title=name)
    for folder in ("music", "model"):
        Path(folder).mkdir()
    score.save("music/a.mid")
    for words in (
        ("inspect", "music/a.mid"),
        ("vary", "music/a.mid", "-n", 2),
        ("reconstruct", "music/a.mid", "--whole", "-o", "b.mid"),
        ("search", "music/a.mid", "music"),
    ):
        assert run(*words) == 0
        said = printed(capsys)
        assert name is EVIL or words[0] == "reconstruct" or name in said


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_of_files_are_text(place: Path, capsys: pytest.CaptureFixture[str]):
    name = f"[bold]{EVIL}\n"
    song, model = f"{name}.mid", f"{name}model"
    tune(1).save(song.replace("/", ""))
    save_small(Path(model))
    Path(model, "CARD.md").write_text(f"# A model\n{EVIL}\n")
    for words in (
        ("inspect", song),
        ("vary", song, "-n", 2),
        ("vary", song, "--model", model, "-o", "v.mid"),
        ("interpolate", song, "../a.mid", "-n", 2, "-o", "i.mid"),
        ("continue", song, "--bars", 1),
        ("encode", song, "-o", f"{name}.npz"),
        ("decode", f"{name}.npz"),
        ("models", "show", model),
        ("plot", song),
        ("search", song, "."),
    ):
        assert run(*words) == 0, capsys.readouterr().err
        printed(capsys)
    for code, *words in (
        (1, "inspect", f"{EVIL}none.mid"),
        (1, "vary", "../a.mid", "--model", EVIL),
        (1, "prepare", f"{EVIL}none", "-o", "ds"),
        (2, "inspect", song, song),
        (2, "vary", song, "--bars", EVIL),
        (2, "vary", song, f"--{EVIL}"),
        (2, EVIL),
        (2, "groove", EVIL),
    ):
        assert run(*words) == code
        assert r"\x1b]0;" in printed(capsys)


@pytest.mark.parametrize("debug", ["", "1"])
def test_errors_that_quote_files_are_text(debug: str, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.setenv("MVAE_DEBUG", debug)
    for error in (ReadError("a.mid", EVIL), ValueError(EVIL)):

        def fail(*given, error: Exception = error) -> None:
            raise error

        monkeypatch.setattr("musicvae_lite.music.reading.read_song", fail)
        assert run("inspect", "a.mid") in (1, 70)
        assert r"\x1b]0;owned\x07" in printed(capsys)
