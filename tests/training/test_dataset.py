"""Prepared datasets read back: windows by index, orders that resume, damage that is named."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musicvae_lite.corpora.build import build_dataset
from musicvae_lite.errors import ConfigError, DatasetError, NothingUsableError, ReadError
from musicvae_lite.music.reading import read_song
from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.music.score import Meter
from musicvae_lite.training.dataset import WindowDataset, WindowSplit, open_windows, windows_of
from musicvae_lite.training.order import over_epochs, shuffled
from tests.corpora.tunes import tune, write_tunes

MELODY = MelodyRepresentation(bars=2)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tunes(tmp_path_factory.mktemp("music"), 12)


@pytest.fixture
def folder(music: Path, tmp_path: Path) -> Path:
    build_dataset([music], MELODY, tmp_path / "data", workers=0, split=(0.6, 0.2, 0.2))
    return tmp_path / "data"


def test_windows_are_those_of_their_songs(music: Path, folder: Path):
    dataset = WindowDataset(folder)
    assert dataset.representation == MELODY.to_config()
    dataset.verify()
    total = 0
    for name in ("train", "validation", "test"):
        split = dataset.split(name)
        tokens = split.gather(np.arange(len(split)))
        assert tokens.shape == (len(split), MELODY.steps) and tokens.dtype == np.uint8
        assert split.origins.shape == (len(split), 3)
        for song in split.songs:
            assert song.split == name
            expected = MELODY.windows(read_song(music / song.source), 4)
            mine = split.origins[:, 0] == song.id
            assert mine.sum() == song.windows
            for row, (_, bar, step) in zip(tokens[mine], split.origins[mine], strict=True):
                at = np.flatnonzero((expected.bar == bar) & (expected.step == step))
                assert np.array_equal(row, expected.tokens[at[0]])
        total += len(split)
    assert total == dataset.manifest.windows


def test_gather_over_shards_keeps_the_order_asked_for():
    rows = np.arange(10, dtype=np.uint8)[:, None].repeat(4, 1)
    split = WindowSplit([rows[:3], rows[3:4], rows[4:]], [np.zeros((n, 3), np.int32) for n in (3, 1, 6)])
    wanted = np.array([9, 0, 3, 2, 3, 4])
    assert split.gather(wanted)[:, 0].tolist() == wanted.tolist()
    assert split.origins.shape == (10, 3)
    for outside in ([10], [-1]):
        with pytest.raises(IndexError):
            split.gather(np.array(outside))


@given(count=st.integers(1, 3000), seed=st.integers(0, 2**40), epoch=st.integers(0, 5))
def test_an_order_holds_everything_once(count: int, seed: int, epoch: int):
    order = shuffled(np.arange(count), count, seed, epoch)
    assert np.array_equal(np.sort(order), np.arange(count))


def test_an_order_stays_what_it_was():
    """Runs that were begun long ago resume in it, and so do those whose seed is large."""
    assert shuffled(np.arange(16), 16, 7, 2).tolist() == [
        13,
        12,
        7,
        5,
        11,
        10,
        15,
        2,
        6,
        9,
        3,
        14,
        8,
        0,
        4,
        1,
    ]
    assert shuffled(np.arange(5), 10**6, 2**64 - 1, 0).tolist() == [132029, 61023, 356964, 260036, 122809]


def test_orders_differ_and_look_shuffled():
    count = 20_000
    one, two = (shuffled(np.arange(count), count, 1, epoch) for epoch in (0, 1))
    for order in (one, two):
        assert abs(np.corrcoef(np.arange(count), order)[0, 1]) < 0.03
        assert (np.abs(np.diff(order)) < 10).mean() < 0.005  # chance: 0.001
    assert (one == two).mean() < 0.005
    assert not np.array_equal(one, shuffled(np.arange(count), count, 2, 0))


def test_an_order_is_this_one_for_ever():
    """Resumed runs rely on it: a change here breaks them."""
    assert shuffled(np.arange(8), 8, seed=0, epoch=0).tolist() == [5, 2, 1, 0, 4, 6, 3, 7]


def test_epoch_after_epoch_has_every_item_once():
    rows = over_epochs(np.arange(3 * 103), 103, seed=4)
    epochs = rows.reshape(3, 103)
    assert all(sorted(epoch) == list(range(103)) for epoch in epochs.tolist())
    assert len({tuple(epoch) for epoch in epochs.tolist()}) == 3
    np.testing.assert_array_equal(rows[95:120], over_epochs(np.arange(95, 120), 103, seed=4))
    assert len(over_epochs(np.arange(0), 103, seed=4)) == 0


def test_music_without_preparing(music: Path, folder: Path):
    windows = windows_of([music], MELODY, hop="beat")
    assert len(windows) == WindowDataset(folder).manifest.windows  # duplicates are gone here too
    assert len(windows_of([music], MELODY, hop="beat", keep_duplicates=True)) == 12 * 25
    assert len(windows.songs) == 12 and windows.songs[3].label == "even"
    one = windows_of([music / "even" / "000.mid"], MELODY)
    assert np.array_equal(one.gather(np.arange(len(one))), MELODY.windows(tune(0)).tokens)


def test_music_that_gives_nothing(tmp_path: Path):
    tune(0, meter=Meter(3, 4)).save(str(tmp_path / "waltz.mid"))
    with pytest.raises(NothingUsableError, match=r"(?s)2 bars for melody.*waltz\.mid, bar 1"):
        windows_of([tmp_path], MELODY)
    with pytest.raises(ReadError, match="nowhere"):
        windows_of([tmp_path / "nowhere"], MELODY)
    (tmp_path / "empty").mkdir()
    with pytest.raises(NothingUsableError, match=r"empty: there are no files of music .* here$"):
        windows_of([tmp_path / "empty"], MELODY)


def _edit(folder: Path, **changes):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_no_dataset(tmp_path: Path):
    with pytest.raises(DatasetError, match="no such dataset"):
        WindowDataset(tmp_path / "nowhere")
    with pytest.raises(DatasetError, match=r"no manifest\.json"):
        WindowDataset(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", '{"format": "other"}', "\x00\xff"])
def test_a_manifest_that_is_none(folder: Path, text: str):
    (folder / "manifest.json").write_text(text, encoding="latin-1")
    with pytest.raises(DatasetError, match=r"manifest\.json"):
        WindowDataset(folder)


def test_another_version_says_both(folder: Path):
    _edit(folder, version=7)
    with pytest.raises(DatasetError, match="version 7, this program reads 1; prepare it again"):
        WindowDataset(folder)


@pytest.mark.parametrize(
    "changes",
    [
        {"splits": {}},
        {"splits": None},
        {"window_shape": []},
        {"window_shape": [-1]},
        {"dtype": "object"},
        {"dtype": "nonsense"},
        {"rejections": [1]},
        {"surprise": 1},
    ],
)
def test_a_damaged_manifest_is_refused(folder: Path, changes: dict):
    _edit(folder, **changes)
    with pytest.raises(DatasetError, match="prepare the dataset again"):
        WindowDataset(folder)


def test_a_manifest_cannot_name_files_elsewhere(folder: Path):
    splits = json.loads((folder / "manifest.json").read_text())["splits"]
    splits["train"]["shards"][0]["tokens"] = "../train-00000.tokens.npy"
    _edit(folder, splits=splits)
    with pytest.raises(DatasetError, match="no name of a shard"):
        WindowDataset(folder)


def test_a_missing_shard(folder: Path):
    (folder / "train-00000.tokens.npy").unlink()
    with pytest.raises(DatasetError, match=r"train-00000\.tokens\.npy.*missing"):
        WindowDataset(folder)


@pytest.mark.parametrize("keep", [0, 60, 200])
def test_a_short_shard_says_both_sizes(folder: Path, keep: int):
    path = folder / "train-00000.tokens.npy"
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DatasetError, match=rf"cut short.*has {keep} bytes"):
        WindowDataset(folder)


def test_a_shard_of_another_shape(folder: Path):
    np.save(folder / "train-00000.tokens.npy", np.zeros((3, 7), np.uint8))
    with pytest.raises(DatasetError, match=r"uint8 \[3, 7\], the manifest says"):
        WindowDataset(folder)


def test_verify_finds_a_changed_bit(folder: Path):
    path = folder / "train-00000.tokens.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(DatasetError, match=r"train-00000\.tokens\.npy.*changed"):
        WindowDataset(folder).verify()
    WindowDataset(folder).verify("validation", "test")
    with pytest.raises(DatasetError, match=r"train-00000\.tokens\.npy.*changed"):
        open_windows(folder, MELODY, "train")
    assert len(open_windows(folder, MELODY, "test"))


def test_a_split_is_compared_with_the_manifest_when_it_is_first_taken(folder: Path):
    path = folder / "train-00000.tokens.npy"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    dataset = WindowDataset(folder)
    assert len(dataset.split("validation"))
    for _ in range(2):
        with pytest.raises(DatasetError, match=r"train-00000\.tokens\.npy.*changed"):
            dataset.split("train")


def without_songs_sha256(folder: Path) -> None:
    """Makes the dataset one that was prepared before manifests told of its songs."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["songs_sha256"]
    path.write_text(json.dumps(manifest))


def test_songs_that_have_changed_are_told_with_the_first_split(folder: Path):
    songs = folder / "songs.jsonl"
    text = songs.read_text()
    songs.write_text(text.replace('"label": "even"', '"label": "odd"'))
    assert songs.read_text() != text
    with pytest.raises(DatasetError, match=r"songs\.jsonl: its content has changed"):
        WindowDataset(folder).split("test")
    without_songs_sha256(folder)
    assert len(WindowDataset(folder).split("test").songs)


def test_labels_count_where_they_are_used(folder: Path, music: Path, tmp_path: Path):
    renamed = shutil.copytree(music, tmp_path / "music")
    (renamed / "even").rename(renamed / "ever")
    build_dataset([renamed], MELODY, tmp_path / "renamed", workers=0, split=(0.6, 0.2, 0.2))
    dataset, other = WindowDataset(folder), WindowDataset(tmp_path / "renamed")
    assert dataset.digest == other.digest and dataset.labelled_digest != other.labelled_digest
    without_songs_sha256(folder)
    old = WindowDataset(folder)
    assert old.digest == old.labelled_digest == other.digest


def test_songs_that_do_not_fit(folder: Path):
    songs = folder / "songs.jsonl"
    songs.write_text("".join(songs.read_text().splitlines(keepends=True)[:-1]))
    with pytest.raises(DatasetError, match=r"11 songs, the manifest says 12"):
        _ = WindowDataset(folder).songs
    with pytest.raises(ConfigError, match="train, validation, test"):
        WindowDataset(folder).split("dev")
