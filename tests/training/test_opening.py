"""Windows for a model: from a dataset that fits it, or straight from music."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from musicvae_lite.corpora.build import build_dataset
from musicvae_lite.errors import ConfigError, DatasetError, ReadError
from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.music.score import Meter
from musicvae_lite.training.dataset import WindowDataset, copies_removed, open_windows
from tests.corpora.tunes import tune, write_tunes

MELODY = MelodyRepresentation(bars=2)


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tunes(tmp_path_factory.mktemp("music"), 8)


@pytest.fixture(scope="module")
def dataset(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("datasets") / "data"
    build_dataset([music], MELODY, folder, workers=0, split=(0.5, 0.25, 0.25))
    return folder


def test_a_split_of_a_dataset(dataset: Path):
    whole = WindowDataset(dataset)
    for split in ("train", "test"):
        opened, wanted = open_windows(dataset, MELODY, split), whole.split(split)
        rows = np.arange(len(wanted))
        assert len(opened) == len(rows) and np.array_equal(opened.gather(rows), wanted.gather(rows))
    with pytest.raises(ConfigError, match="'tset' is no split"):
        open_windows(dataset, MELODY, "tset")


def test_a_folder_and_a_file_of_music(music: Path, tmp_path: Path):
    assert len(open_windows(music, MELODY)) > len(open_windows(music / "even", MELODY)) > 0
    tune(3).save(str(tmp_path / "one.mid"))
    assert len(open_windows(tmp_path / "one.mid", MELODY)) > 0
    tune(3).save(str(tmp_path / "two.mid"))
    once = len(open_windows(tmp_path, MELODY))
    assert len(open_windows(tmp_path, MELODY, keep_duplicates=True)) == 2 * once
    with pytest.raises(ReadError):
        open_windows(tmp_path / "none.mid", MELODY)


def test_copies_that_a_dataset_lacks_are_counted(music: Path, tmp_path: Path):
    for name in ("a", "b"):
        tune(1, bars=4).save(str(tmp_path / f"{name}.mid"))
    made = build_dataset([tmp_path], MELODY, tmp_path / "set", workers=0, split=(1, 0, 0))
    assert copies_removed(tmp_path / "set") == made.windows > 0
    assert copies_removed(music) == 0


def test_a_dataset_that_does_not_fit_shows_every_difference(dataset: Path):
    other = MelodyRepresentation(bars=16, meter=Meter(3, 4), lowest=30)
    with pytest.raises(DatasetError) as error:
        open_windows(dataset, other)
    words = str(error.value)
    for line in ("bars: 16 wanted, the dataset has 2", "meter: 3/4 wanted, the dataset has 4/4",
                 "lowest: 30 wanted, the dataset has 21"):  # fmt: skip
        assert line in words
    assert "highest" not in words and "mvae prepare FOLDER -r melody --bars 16 --meter 3/4" in words


def test_what_only_chose_the_windows_may_differ(dataset: Path):
    WindowDataset(dataset).check(
        {"name": "melody", "bars": 2, "max_rest_bars": 0.5, "polyphony": "refuse"}, "x"
    )
    with pytest.raises(ConfigError, match="noise"):
        WindowDataset(dataset).check({"name": "noise"}, "x")


def test_a_digest_is_that_of_the_windows(dataset: Path, music: Path, tmp_path: Path):
    build_dataset([music], MELODY, tmp_path / "same", workers=0, split=(0.5, 0.25, 0.25))
    build_dataset([music], MELODY, tmp_path / "other", workers=0, split=(0.5, 0.25, 0.25), hop="bar")
    build_dataset([music], MELODY, tmp_path / "swapped", workers=0, split=(0.25, 0.5, 0.25))
    digests = [
        WindowDataset(f).digest for f in (dataset, *(tmp_path / n for n in ("same", "other", "swapped")))
    ]
    assert digests[0] == digests[1] and len(set(digests)) == 3
    assert len(digests[0]) == 16
