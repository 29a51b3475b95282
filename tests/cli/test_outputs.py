"""Where `-o` puts what a command makes: a file, or the usual name in a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mvae.usage import place as file_of
from tests.cli.running import run
from tests.models.small import save_small


@pytest.mark.parametrize(
    ("output", "file"),
    [
        ("tune.mid", "tune.mid"),
        ("new/tune.mid", "new/tune.mid"),
        ("there", "there/usual.mid"),
        ("there.d", "there.d/usual.mid"),
        ("new", "new/usual.mid"),
        ("new/", "new/usual.mid"),
        ("new/v1.2/", "new/v1.2/usual.mid"),
        ("new/v1.2", "new/v1.2"),
        (".mid", ".mid"),
        (".", "usual.mid"),
        ("", "usual.mid"),
    ],
)
def test_an_output_is_a_file_or_a_folder(output: str, file: str, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for folder in ("there", "there.d"):
        Path(folder).mkdir()
    assert file_of(output, "usual.mid") == Path(file)


def test_folders_are_made(place: Path, capsys: pytest.CaptureFixture[str]):
    for output in ("new", f"other{os.sep}v1.2{os.sep}"):
        assert run("interpolate", "../a.mid", "../b.mid", "-n", 2, "--split", "-o", output) == 0
        file = Path(output, "a-to-b-02.mid")
        assert file.is_file() and f"wrote {file}\n" in capsys.readouterr().out


def test_codes_and_tables_of_attributes_go_into_folders_too(place: Path, capsys: pytest.CaptureFixture[str]):
    assert run("encode", "../a.mid", "-o", "codes") == 0
    assert run("encode", "../a.mid", "-o", f"v1.2{os.sep}") == 0
    assert run("encode", "../a.mid", "-o", "x.txt") == 2
    folder = save_small(place / "own")
    assert run("attributes", "fit", folder, "../a.mid", "--answers", "40") == 0
    words = ("attributes", "table", folder, "-n", "8", "--way", "plain", "-o")
    assert run(*words, "tables") == 0 and run(*words, "tables") == 0
    assert "attributes.png (and 1 more) was there already" in " ".join(capsys.readouterr().err.split())
    assert run(*words, "x.txt") == 2
    for file in ("codes/codes.npz", "v1.2/codes.npz", "tables/attributes.png", "tables/attributes.json"):
        assert Path(file).is_file()


def test_a_file_in_the_way_of_a_folder(place: Path, capsys: pytest.CaptureFixture[str]):
    Path("taken").write_text("x")
    assert run("sample", "-n", 1, "-o", "taken") == 1
    assert "taken is a file, not a folder" in capsys.readouterr().err


@pytest.mark.parametrize("sound", [(), ("--wav",), ("--plot",), ("--json",)])
def test_takes_without_a_note_are_not_written(place: Path, sound: tuple[str, ...], capsys, monkeypatch):
    monkeypatch.setattr("musicvae_lite.music.takes.Takes.joined", lambda takes: takes[0].select([]))
    assert run("reconstruct", "../a.mid", "-o", "quiet.mid", *sound) == 1
    told = capsys.readouterr()
    assert "quiet.mid: is not written: no take has a note" in told.err and told.out == ""
    assert list(place.iterdir()) == []
