from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path

import numpy as np
import pytest

from musicvae_lite import read_song
from musicvae_lite.errors import ConfigError, MusicVAEError, NothingUsableError
from musicvae_lite.music.representations import MelodyRepresentation
from musicvae_lite.music.takes import Style, Takes
from musicvae_lite.results import Destination, save
from musicvae_lite.writing import check_folder
from tests.corpora.tunes import tune

R = MelodyRepresentation(bars=2)


def takes(count: int = 3, record: dict | None = None) -> Takes:
    tokens = R.windows(tune(1)).tokens[:count]
    return Takes(tokens, R, Style(100.0, 73, 90), record=record or {"command": "test"})


def below(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*"))


def test_one_joined_file_with_its_record(tmp_path: Path):
    files = save(takes(), tmp_path / "new" / "out.mid")
    assert below(tmp_path) == ["new", "new/out.json", "new/out.mid"]
    assert files == [tmp_path / "new" / "out.mid", tmp_path / "new" / "out.json"]
    song = read_song(files[0])
    assert song.tracks[0].program == 73
    assert (R.windows(song, hop=R.steps).tokens == takes().tokens).all()
    record = json.loads(files[1].read_text("utf-8"))
    assert record == {"command": "test", "takes": 3, "files": ["out.mid", "out.json"]}


def test_split_with_sound_and_picture(tmp_path: Path):
    to = Destination(tmp_path / "out.mid", split=True, audio=(".wav", ".ogg"), plot=True, record=False)
    written = save(takes(2), to, before=[("input", tune(2, bars=2))])
    stems = [f"out-0{n}" for n in (1, 2)]
    names = [f"{stem}{suffix}" for stem in stems for suffix in (".mid", ".wav", ".ogg")]
    assert below(tmp_path) == sorted([*names, "out.png"])
    assert sorted(p.name for p in written) == below(tmp_path)
    assert (R.windows(read_song(tmp_path / "out-02.mid")).tokens[0] == takes().tokens[1]).all()


def test_a_silent_take_keeps_its_place(tmp_path: Path):
    tokens = takes(2).tokens.copy()
    tokens[1] = 0
    to = Destination(tmp_path / "out.mid", split=True, audio=(".wav",))
    save(Takes(tokens, R), to)
    assert (tmp_path / "out-02.wav").stat().st_size > 44


@pytest.mark.parametrize("more", [{}, {"split": True}, {"audio": (".wav",)}, {"plot": True}])
def test_takes_without_a_note_are_not_written(tmp_path: Path, more: dict):
    with pytest.raises(NothingUsableError, match=r"b\.mid: is not written: no take has a note"):
        save(Takes(np.zeros((2, R.steps), np.uint8), R), Destination(tmp_path / "b.mid", **more))
    assert not list(tmp_path.iterdir())


def test_the_same_takes_give_the_same_bytes(tmp_path: Path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        save(takes(), Destination(tmp_path / name / "out.mid", audio=(".flac",)))
    for file in ("out.mid", "out.flac", "out.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_full_disk_leaves_everything_as_it_was(tmp_path: Path, monkeypatch, failing: int):
    (tmp_path / "out.mid").write_bytes(b"old")
    calls = []

    def full(handle: int) -> None:
        if stat.S_ISREG(os.fstat(handle).st_mode):
            calls.append(handle)
        if len(calls) == failing:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(MusicVAEError) as caught:
        save(takes(), Destination(tmp_path / "out.mid", audio=(".wav",)))
    name = ["out.mid", "out.wav", "out.json"][failing - 1]
    assert str(caught.value) == f"{tmp_path / name}: cannot be written: No space left on device"
    assert below(tmp_path) == ["out.mid"]
    assert (tmp_path / "out.mid").read_bytes() == b"old"


def test_a_new_folder_is_not_made_in_vain(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("musicvae_lite.plot.strip", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        save(takes(), Destination(tmp_path / "new" / "out.mid", plot=True))
    assert below(tmp_path) == []


def test_what_is_found_out_before_the_work(tmp_path: Path):
    for name in ("file", "a.mid"):
        (tmp_path / name).write_text("x")
    for name in ("out.json", "x"):
        (tmp_path / name).mkdir()
    with pytest.raises(MusicVAEError, match=r"out\.json.*is a folder"):
        Destination(tmp_path / "out.mid").check(1)
    with pytest.raises(MusicVAEError, match="is a file, not a folder"):
        Destination(tmp_path / "file" / "out.mid").check(1)
    with pytest.raises(ConfigError, match="is an input"):
        Destination(tmp_path / "a.mid").check(1, [tmp_path / "b.mid", f"{tmp_path}/x/../a.mid"])
    with pytest.raises(ConfigError, match="is an input"):
        Destination(tmp_path / "a.mid").check(1, [f"{tmp_path}/a.mid#2"])
    with pytest.raises(ConfigError, match="at most 100000"):
        Destination(tmp_path / "o.mid", split=True).check(10**21)
    with pytest.raises(ConfigError, match="at most 64"):
        Destination(tmp_path / "a.mid", plot=True).check(65)
    with pytest.raises(ConfigError, match=r"must end in \.mid"):
        Destination(tmp_path / "a.wav")
    with pytest.raises(ConfigError, match=r"\.mp3"):
        Destination(tmp_path / "a.mid", audio=(".mp3",))


def test_an_input_by_another_name(tmp_path: Path):
    song, alias = tmp_path / "song.mid", tmp_path / "alias.mid"
    tune(1).save(str(song))
    os.link(song, alias)
    with pytest.raises(ConfigError, match="is an input"):
        Destination(alias).check(1, [song])
    with pytest.raises(ConfigError, match="is an input"):
        Destination(alias).check(1, [tmp_path / "none.mid", f"{song}#2"])
    Destination(tmp_path / "new.mid").check(1, [song])


def test_music_of_a_folder_is_an_input_with_it(tmp_path: Path):
    folder, link = tmp_path / "folder", tmp_path / "link"
    folder.mkdir()
    tune(1).save(str(folder / "song.mid"))
    link.symlink_to(folder, target_is_directory=True)
    with pytest.raises(ConfigError, match="is an input"):
        Destination(link / "song.mid").check(1, [tmp_path])
    Destination(link / "new.mid").check(1, [tmp_path])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_permission(tmp_path: Path):
    (tmp_path / "locked").mkdir(mode=0o500)
    with pytest.raises(MusicVAEError, match="no permission"):
        Destination(tmp_path / "locked" / "new" / "a.mid").check(1)


def test_permission_is_asked_for_up_front(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(MusicVAEError, match="no permission"):
        check_folder(tmp_path / "new")


def test_labels_and_styles_count(tmp_path: Path):
    with pytest.raises(ConfigError, match="1 labels"):
        Takes(np.zeros((2, 32), np.uint8), R, labels=["a"])
