"""Folders with things in them that are no music, may not be seen, or lead elsewhere."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from musicvae_lite.corpora import workers
from musicvae_lite.corpora.build import build_dataset
from musicvae_lite.corpora.manifest import Manifest
from musicvae_lite.corpora.recipe import MOST_HOP
from musicvae_lite.errors import ConfigError, NothingUsableError, ReadError
from musicvae_lite.music.reading import find_files
from musicvae_lite.music.representations import choose
from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.music.score import Track
from musicvae_lite.training.dataset import windows_of
from tests.corpora.test_workspace import symlink
from tests.corpora.tunes import tune, write_tunes

MELODY = MelodyRepresentation(bars=2)


@pytest.fixture
def music(tmp_path: Path) -> Path:
    return write_tunes(tmp_path / "music", 4)


@pytest.fixture
def closed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Makes a folder one that may not be listed, also for root."""
    original, shut = os.scandir, []

    def scandir(path="."):
        if not isinstance(path, int) and Path(path) in shut:
            raise PermissionError(13, "Permission denied", str(path))
        return original(path)

    monkeypatch.setattr(os, "scandir", scandir)
    return shut.append


def prepare(music: Path, output: Path, **options) -> Manifest:
    return build_dataset([music], MELODY, output, workers=0, **options)


def reasons(manifest: Manifest) -> dict[str, tuple[int, str]]:
    return {reason.code: (reason.count, reason.source) for reason in manifest.rejections}


def test_a_folder_that_may_not_be_listed_costs_itself_alone(
    music: Path, tmp_path: Path, closed: Callable[[Path], None]
):
    for name in ("lost+found", "even/shut"):
        (music / name).mkdir()
        closed(music / name)
    manifest = prepare(music, tmp_path / "data")
    assert manifest.songs == 4 and reasons(manifest)["permission"] == (2, "even/shut")
    assert len(windows_of([music], MELODY).songs) == 4
    closed(music)
    with pytest.raises(ReadError, match="cannot be listed: Permission denied"):
        prepare(music, tmp_path / "other")


def test_links_to_folders_are_not_followed_and_said(music: Path, tmp_path: Path):
    write_tunes(tmp_path / "elsewhere", 3, first=10)
    symlink(music / "linked", tmp_path / "elsewhere")
    symlink(music / ".hidden", tmp_path / "elsewhere")
    manifest = prepare(music, tmp_path / "data")
    assert manifest.songs == 4 and reasons(manifest)["linked-folder"] == (1, "linked")
    assert build_dataset([music / "linked"], MELODY, tmp_path / "named", workers=0).songs == 3


def test_what_was_left_out_is_said_where_nothing_is_left(tmp_path: Path):
    write_tunes(tmp_path / "elsewhere", 1)
    (tmp_path / "music").mkdir()
    symlink(tmp_path / "music" / "linked", tmp_path / "elsewhere")
    with pytest.raises(NothingUsableError, match=r"(?s)no files of music.*1  linked-folder  linked: "):
        prepare(tmp_path / "music", tmp_path / "data")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes in folders here")
def test_a_pipe_in_a_folder_is_left_out_and_said(music: Path, tmp_path: Path):
    os.mkfifo(music / "pipe.mid")
    assert len(find_files([music])) == 4
    assert find_files([music / "pipe.mid"]) == [music / "pipe.mid"]
    manifest = prepare(music, tmp_path / "data")
    assert reasons(manifest)["no-file"] == (1, "pipe.mid")


def test_what_is_beyond_a_limit_says_how_it_can_be_lifted(music: Path, tmp_path: Path):
    with (music / "huge.mid").open("wb") as file:
        file.truncate(2**25)
    found = next(r for r in prepare(music, tmp_path / "data").rejections if r.code == "limit")
    assert found.source == "huge.mid"
    assert found.detail.endswith("more than the limit of 16,777,216; --no-limits of `mvae prepare` lifts it")


ARCHIVES = ("a.zip", "deep/b.TAR.GZ", "c.tgz", "d.7z", "e.rar", "f.tar", "g.tar.xz", "h.tar.bz2", "i.mid.gz")


def test_archives_are_left_out_and_said(music: Path, tmp_path: Path):
    (music / "deep").mkdir()
    for name in (*ARCHIVES, ".hidden.zip", "table.csv.gz", "zip"):
        (music / name).write_bytes(b"PK")
    manifest = prepare(music, tmp_path / "data")
    (left,) = manifest.rejections
    assert (left.code, left.count, left.source) == ("archive", len(ARCHIVES), "a.zip")
    assert left.detail == "an archive: unpack it first"


def test_a_folder_of_archives_alone_says_so(tmp_path: Path):
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "songs.zip").write_bytes(b"PK")
    for act in (lambda: prepare(tmp_path / "music", tmp_path / "d"), lambda: windows_of(tmp_path, MELODY)):
        with pytest.raises(
            NothingUsableError, match=r"(?s)no files of music.*1  archive .*songs\.zip: an arch"
        ):
            act()


def test_a_corpus_is_not_advised_to_name_a_track(music: Path, tmp_path: Path):
    shutil.rmtree(music / "even")
    replace(tune(0), tracks=(Track("Drum Kit"),)).save(str(music / "odd" / "kit.mid"))
    melody = next(r for r in prepare(music, tmp_path / "data").rejections if r.code == "drums")
    assert melody.detail == "only drums, which have no melody, as their names say"
    drums = build_dataset([music], choose("drums-2bar", off_grid_share=1.0), tmp_path / "drums", workers=0)
    none = next(r for r in drums.rejections if r.code == "no-drums")
    assert none.detail == "no track lies on channel 10, or is named like drums"


def test_a_link_that_leads_nowhere_is_still_a_reason(music: Path, tmp_path: Path):
    symlink(music / "gone.mid", tmp_path / "nowhere.mid")
    assert reasons(prepare(music, tmp_path / "data"))["missing"] == (1, "gone.mid")


@pytest.mark.parametrize("given", ["..", ".", "../../music"])
def test_folders_without_a_name_get_one(
    music: Path, tmp_path: Path, given: str, monkeypatch: pytest.MonkeyPatch
):
    (music / "even" / "000.mid").rename(music / "top.mid")
    monkeypatch.chdir(music if given == "." else music / "even")
    manifest = prepare(Path(given), tmp_path / "data")
    assert manifest.sources["folders"] == [str(music.resolve())]
    songs = [json.loads(line) for line in (tmp_path / "data" / "songs.jsonl").read_text().splitlines()]
    assert {song["label"] for song in songs} == {"even", "odd", ""}


@pytest.mark.parametrize("hop", [10**20, str(10**20), "9" * 5000, MOST_HOP + 1, str(MOST_HOP + 1)])
def test_a_hop_beyond_all_songs_is_refused(music: Path, tmp_path: Path, hop: str | int):
    with pytest.raises(ConfigError, match=r"hop is .*at most 1,000,000") as error:
        prepare(music, tmp_path / "data", hop=hop)
    assert len(str(error.value)) < 200
    assert not (tmp_path / "data.partial").exists()


def test_the_longest_hop_gives_a_window_a_song(music: Path, tmp_path: Path):
    manifest = prepare(music, tmp_path / "data", hop=MOST_HOP)
    assert manifest.extracted == 4 and set(reasons(manifest)) == {"short"}


def test_windows_waits_for_no_more_than_61_processes(monkeypatch: pytest.MonkeyPatch):
    asked: list[int] = []

    class Pool:
        def __init__(self, workers: int, **_):
            asked.append(workers)

        def shutdown(self, **_) -> None:
            pass

    monkeypatch.setattr(workers, "ProcessPoolExecutor", Pool)
    monkeypatch.setattr(workers, "default_workers", lambda: 96)
    for system in ("win32", "linux"):
        monkeypatch.setattr(workers.sys, "platform", system)
        for wanted in (None, 80, 3):
            assert list(workers.run_jobs([], wanted)) == []
    assert asked == [61, 61, 3, 96, 80, 3]
