"""Windows in other processes: what lies on the disk is opened there, not sent."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from musicvae_lite.corpora.build import build_dataset
from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.training.dataset import WindowDataset, WindowSplit, windows_of
from tests.corpora.tunes import write_tunes

MELODY = MelodyRepresentation(bars=2)


class Rows(Dataset):
    """A split as PyTorch's loaders take it."""

    def __init__(self, split: WindowSplit):
        self.split = split

    def __len__(self) -> int:
        return len(self.split)

    def __getitem__(self, index: int) -> torch.Tensor:
        return torch.from_numpy(self.split.gather(np.array([index]))[0])


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tunes(tmp_path_factory.mktemp("music"), 12)


@pytest.fixture(scope="module")
def folder(music: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("prepared") / "data"
    build_dataset([music], MELODY, target, workers=0, split=(0.6, 0.2, 0.2))
    return target


def test_a_dataset_is_opened_again_where_it_is_sent(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(folder.parent)
    dataset = WindowDataset(folder.name)
    split = dataset.split("validation")
    sent = pickle.dumps((dataset, split))
    songs = split.songs
    assert songs and len(sent) < 1000
    monkeypatch.chdir("/")
    again, part = pickle.loads(sent)
    assert again.digest == dataset.digest and part.name == f"{again.folder} (validation)"
    everything = np.arange(len(split))
    assert len(split) and np.array_equal(part.gather(everything), split.gather(everything))
    assert np.array_equal(part.origins, split.origins) and part.songs == songs


def test_windows_in_memory_are_sent_whole(music: Path):
    split = windows_of(music, MELODY)
    part = pickle.loads(pickle.dumps(split))
    everything = np.arange(len(split))
    assert np.array_equal(part.gather(everything), split.gather(everything))
    assert part.name == split.name and part.songs == split.songs


def test_workers_that_are_spawned_load_windows(folder: Path):
    split = WindowDataset(folder).split("test")
    loader = DataLoader(Rows(split), batch_size=4, num_workers=1, multiprocessing_context="spawn")
    loaded = torch.cat(list(loader)).numpy()
    assert np.array_equal(loaded, split.gather(np.arange(len(split))))
