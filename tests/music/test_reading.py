"""Files of music by name: one song, all songs, folders."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from musicvae_lite.errors import ReadError
from musicvae_lite.music import midi
from musicvae_lite.music.files import Limits
from musicvae_lite.music.reading import MUSIC_SUFFIXES, find_files, read_song, read_songs
from musicvae_lite.music.score import Score, Track

BOOK = "X:1\nT:One\nK:C\nC\n\nX:2\nT:Two\nK:C\nD\n\nX:3\nT:Three\nK:C\nE\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    full = np.array([60], np.int32)
    song = Score(480, full * 0, full, full, full, full * 0, (Track(),))
    (tmp_path / "deep" / "er").mkdir(parents=True)
    midi.write(song, tmp_path / "deep" / "er" / "b.MID")
    midi.write(song, tmp_path / "a.mid")
    (tmp_path / "book.abc").write_text(BOOK)
    (tmp_path / "notes.txt").write_text("words")
    (tmp_path / ".hidden").mkdir()
    midi.write(song, tmp_path / ".hidden" / "c.mid")
    midi.write(song, tmp_path / ".d.mid")
    return tmp_path


def test_first_tune_of_a_book_is_taken_and_said(folder: Path):
    song = read_song(folder / "book.abc")
    assert song.title == "One"
    assert "book.abc#2" in song.warnings[-1]


def test_a_tune_is_picked_by_its_number(folder: Path):
    song = read_song(f"{folder}/book.abc#3")
    assert song.title == "Three"
    assert song.source.endswith("book.abc#3")
    assert song.warnings == ()


@pytest.mark.parametrize("number", [0, 4])
def test_no_such_tune(folder: Path, number: int):
    with pytest.raises(ReadError, match=f"no tune {number}: the file holds 3"):
        read_song(f"{folder}/book.abc#{number}")


def test_number_sign_may_be_part_of_a_name(folder: Path):
    (folder / "a.mid").rename(folder / "op#1")
    assert len(read_song(folder / "op#1")) == 1


def test_what_a_file_is_tells_before_its_name(folder: Path):
    (folder / "a.mid").rename(folder / "a.abc")
    assert len(read_song(folder / "a.abc")) == 1


@pytest.mark.parametrize(
    ("name", "code"),
    [("no.mid", "missing"), ("no.abc#3", "missing"), ("deep", "folder"), ("notes.txt", "unknown-kind")],
)
def test_failures_name_the_file(folder: Path, name: str, code: str):
    with pytest.raises(ReadError, match=name.split("#")[0]) as caught:
        read_song(folder / name)
    assert caught.value.code == code
    (error,) = read_songs(str(folder / name).split("#")[0])
    assert isinstance(error, ReadError)


@pytest.mark.parametrize("name", ["songs.zip", "songs.TAR.gz", "song.mid.gz"])
def test_an_archive_says_what_to_do_whatever_its_size(tmp_path: Path, name: str):
    (tmp_path / name).write_bytes(b"PK\x03\x04")
    with pytest.raises(ReadError, match=r": an archive: unpack it first$") as caught:
        read_song(tmp_path / name)
    assert caught.value.code == "archive"
    (error,) = read_songs(tmp_path / name, Limits(max_bytes=1))
    assert isinstance(error, ReadError) and error.code == "archive"
    with pytest.raises(ReadError, match="no such file"):
        read_song(tmp_path / f"other-{name}")


@pytest.mark.parametrize("suffix", MUSIC_SUFFIXES)
@pytest.mark.parametrize("data", [b"", b"just words", b"\x00\xff" * 40, b"PK\x03\x04", b"MThd", b"<"])
def test_malformed_files_of_every_kind(tmp_path: Path, suffix: str, data: bytes):
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(data)
    (error,) = read_songs(path)
    assert isinstance(error, ReadError)
    assert error.path == str(path)
    with pytest.raises(ReadError):
        read_song(path)


def test_limits_reach_every_reader(folder: Path):
    for name in ("a.mid", "book.abc"):
        (error,) = read_songs(folder / name, Limits(max_bytes=5))
        assert isinstance(error, ReadError)
        assert error.code == "limit"


def test_all_songs_of_a_book(folder: Path):
    assert [song.title for song in read_songs(folder / "book.abc") if isinstance(song, Score)] == [
        "One",
        "Two",
        "Three",
    ]


def test_found_files_are_sorted_each_once_and_not_hidden(folder: Path):
    found = find_files([folder, folder / "a.mid"])
    assert [path.relative_to(folder).as_posix() for path in found] == ["a.mid", "book.abc", "deep/er/b.MID"]
    assert find_files([folder / "notes.txt"]) == [folder / "notes.txt"]
    assert find_files([]) == []


def test_missing_folder_is_an_error(folder: Path):
    with pytest.raises(ReadError, match="nowhere"):
        find_files([folder, folder / "nowhere"])


def test_home_is_expanded(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    assert len(find_files([os.path.join("~", "deep")])) == 1
    assert len(read_song("~/a.mid")) == 1
    assert read_song("~/book.abc#2").title == "Two"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_pipes_and_devices_are_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "p.mid")
    for path in (tmp_path / "p.mid", Path(os.devnull), tmp_path / "link.mid"):
        if path.name == "link.mid":
            path.symlink_to(tmp_path / "p.mid")
        with pytest.raises(ReadError, match=r": a pipe or device, no file$") as error:
            read_song(path)
        assert error.value.code == "no-file"


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="no names of open files here")
def test_a_pipe_that_a_shell_hands_over_is_read(examples: Path):
    read, write = os.pipe()
    with os.fdopen(read), os.fdopen(write, "wb") as file:
        file.write((examples / "twinkle.mid").read_bytes())
        file.close()
        assert len(read_song(f"/dev/fd/{read}")) == len(read_song(examples / "twinkle.mid"))
