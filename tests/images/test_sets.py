from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from musicvae_lite import resources
from musicvae_lite.errors import ConfigError, DatasetError, NothingUsableError, ReadError
from musicvae_lite.images import sets, sources
from musicvae_lite.images.found import Wanted
from tests.images.made import drawings, save_idx, save_idx_folder


@pytest.mark.parametrize("shape", [(20, 8, 6), (20, 1, 8, 6), (20, 8, 6, 1), (20, 3, 8, 6), (20, 8, 6, 3)])
def test_arrays_of_every_usual_shape(shape: tuple[int, ...]):
    found = sets.from_arrays(np.zeros(shape, np.uint8))
    assert found.shape == (3 if 3 in shape else 1, 8, 6) and len(found.train) == 16 and len(found.test) == 2


def test_numbers_in_0_to_1_become_bytes_and_labels_get_names():
    images = np.linspace(0, 1, 12 * 4, dtype=np.float32).reshape(12, 2, 2)
    found = sets.from_arrays(images, np.arange(12) % 2 + 5)
    assert found.train.pixels.dtype == np.uint8 and found.classes == ("5", "6")
    assert found.train.labels is not None and set(found.train.labels.tolist()) == {0, 1}


@pytest.mark.parametrize(
    ("images", "labels", "words"),
    [
        (np.zeros((4, 2)), None, "holds no pictures"),
        (np.zeros((4, 5, 8, 8)), None, "holds no pictures"),
        (np.full((4, 2, 2), 300.0), None, "must lie in 0..1"),
        (np.full((4, 2, 2), np.nan), None, "must lie in 0..1"),
        (np.zeros((4, 2, 2), np.int64), None, "values of type int64"),
        (np.zeros((4, 2, 2), np.uint8), [0, 1], "4 pictures need as many"),
        (np.zeros((4, 2, 2), np.uint8), [0.5] * 4, "whole numbers"),
    ],
)
def test_arrays_that_are_no_pictures(images: np.ndarray, labels: list | None, words: str):
    with pytest.raises(DatasetError, match=words):
        sets.from_arrays(images, labels)


@pytest.mark.parametrize(
    ("labels", "words"), [([-1, 0, 1, 2], "from -1 to 2"), ([0, 1, 2, 3], "from 0 to 3")]
)
def test_labels_beyond_the_classes_are_told_at_both_ends(labels: list[int], words: str):
    with pytest.raises(DatasetError, match=f"labels {words}; 3 classes are named, whose labels are 0 to 2"):
        sets.from_arrays(np.zeros((4, 2, 2), np.uint8), labels, ("a", "b", "c"))


def test_no_pictures_at_all():
    with pytest.raises(NothingUsableError):
        sets.from_arrays(np.zeros((0, 2, 2), np.uint8))
    with pytest.raises(NothingUsableError):
        sets.from_dataset(torch.utils.data.TensorDataset(torch.zeros(0, 2, 2)))


def test_a_torch_dataset_of_tensors_or_pillow_images():
    pixels, labels = drawings(12)
    tensors = torch.utils.data.TensorDataset(torch.from_numpy(pixels / 255).float(), torch.from_numpy(labels))
    found = sets.from_dataset(tensors)
    direct = sets.from_arrays(pixels, labels)
    assert np.array_equal(found.train.pixels, direct.train.pixels) and found.classes == ("0", "1", "2")
    images = [
        (Image.fromarray(picture[0]), int(label)) for picture, label in zip(pixels, labels, strict=True)
    ]
    assert np.array_equal(sets.from_dataset(images).train.pixels, direct.train.pixels)
    with pytest.raises(DatasetError, match="several sizes"):
        sets.from_dataset([np.zeros((2, 2)), np.zeros((3, 3))])


def test_items_of_a_dataset_are_pictures_with_or_without_a_label():
    pixels, labels = drawings(12)
    alone = torch.utils.data.TensorDataset(torch.from_numpy(pixels))
    found = sets.from_dataset(alone)
    assert np.array_equal(found.train.pixels, sets.from_arrays(pixels).train.pixels) and not found.classes
    for label in ("cat", 0.5, [0, 1], float("inf")):
        with pytest.raises(DatasetError, match="labels are whole numbers"):
            sets.from_dataset([(picture, label) for picture in pixels])
    for items, count in ((list(zip(pixels, labels, labels, strict=True)), 3), ([()], 0)):
        with pytest.raises(DatasetError, match=f"items of {count} parts"):
            sets.from_dataset(items)


def test_numpy_files(tmp_path: Path):
    pixels, labels = drawings(12)
    np.save(tmp_path / "a.npy", pixels)
    np.savez(tmp_path / "b.npz", images=pixels, labels=labels)
    assert sets.load(tmp_path / "a.npy").classes == ()
    assert sets.load(tmp_path / "b.npz").classes == ("0", "1", "2")
    np.savez(tmp_path / "c.npz", nothing=labels)
    with pytest.raises(DatasetError, match="must be called 'images'"):
        sets.load(tmp_path / "c.npz")
    (tmp_path / "d.npy").write_bytes(b"nothing")
    with pytest.raises(DatasetError, match="damaged"):
        sets.load(tmp_path / "d.npy")
    (tmp_path / "e.npz").write_bytes(b"PK")
    with pytest.raises(DatasetError, match="damaged"):
        sets.load(tmp_path / "e.npz")


def test_a_folder_of_idx_files(tmp_path: Path):
    found = sets.load(save_idx_folder(tmp_path, 60, 12))
    assert (len(found.train), len(found.validation), len(found.test)) == (55, 5, 12)
    assert found.shape == (1, 12, 12) and found.classes == ("0", "1", "2")


def test_a_known_set_is_checked_and_downloaded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = save_idx_folder(tmp_path / "files")
    real = resources.catalogue()["mnist"]
    files = tuple(
        dataclasses.replace(
            file, sha256=hashlib.sha256((folder / file.name).read_bytes()).hexdigest(), unpacked_sha256=""
        )
        for file in real.files
    )
    monkeypatch.setattr(resources, "catalogue", lambda: {"mnist": dataclasses.replace(real, files=files)})
    found = sets.load("mnist", folder)
    assert found.name == "mnist" and found.classes == sources.DIGITS

    asked = []

    def fetch(name: str) -> Path:
        asked.append(name)
        return folder

    monkeypatch.setattr(resources, "fetch", fetch)
    assert sets.load("mnist").digest == found.digest and asked == ["mnist"]
    save_idx(folder / "train-labels-idx1-ubyte.gz", np.zeros(60))
    with pytest.raises(DatasetError, match=r"train-labels-idx1-ubyte\.gz: not the file that was expected"):
        sets.load("mnist", folder)
    by_folder = sets.load(folder).train.labels  # then the files are taken as they are
    assert by_folder is not None and by_folder.max() == 0


def test_files_that_are_missing_or_do_not_fit_each_other(tmp_path: Path):
    with pytest.raises(DatasetError, match="no such folder"):
        sets.load("mnist", tmp_path / "none")
    with pytest.raises(DatasetError, match=r"train-images-idx3-ubyte\.gz is missing"):
        sets.load("mnist", tmp_path)
    folder = save_idx_folder(tmp_path)
    save_idx(folder / "train-labels-idx1-ubyte.gz", np.zeros(59))
    with pytest.raises(DatasetError, match="a label each"):
        sets.load(folder)
    (folder / "train-images-idx3-ubyte.gz").write_bytes(b"nothing")
    with pytest.raises(ReadError, match="not an idx file"):
        sets.load(folder)


def test_a_test_part_of_another_size_is_told(tmp_path: Path):
    folder = save_idx_folder(tmp_path / "idx")
    save_idx(folder / "t10k-images-idx3-ubyte.gz", np.zeros((12, 12, 9)))
    words = (
        "12 x 12 with 1 channels to train on, of 9 x 12 with 1 channels for testing: both must have one size"
    )
    with pytest.raises(DatasetError, match=words):
        sets.load(folder)
    pixels = np.zeros((6, 12, 12), np.uint8)
    np.savez(tmp_path / "k.npz", x_train=pixels, x_test=pixels[:, :, :9])
    with pytest.raises(DatasetError, match=words):
        sets.load(tmp_path / "k.npz")
    save_idx(folder / "t10k-images-idx3-ubyte.gz", np.zeros((0, 12, 9)))
    save_idx(folder / "t10k-labels-idx1-ubyte.gz", np.zeros(0))
    assert not sets.load(folder).has_test  # there is nothing to have a size


@pytest.mark.parametrize("name", ["train", "t10k"])
def test_idx_files_of_pictures_without_a_side_hold_none(name: str, tmp_path: Path):
    folder = save_idx_folder(tmp_path)
    save_idx(folder / f"{name}-images-idx3-ubyte.gz", np.zeros((60 if name == "train" else 12, 0, 12)))
    with pytest.raises(NothingUsableError, match=f"{name}-images-idx3-ubyte.gz holds no pictures"):
        sets.load(folder)


def test_pictures_are_brought_to_multiples(tmp_path: Path):
    pixels = np.zeros((6, 27, 41), np.uint8)
    np.save(tmp_path / "p.npy", pixels)
    found = sets.load(tmp_path / "p.npy", wanted=Wanted(multiple=4))
    assert found.shape == (1, 24, 40) and "41 x 27 are resized to 40 x 24" in found.notes[-1]


def test_what_is_no_source(tmp_path: Path):
    with pytest.raises(ConfigError, match="no pictures at"):
        sets.load(tmp_path / "none")
    with pytest.raises(ConfigError, match="--data says where"):
        sets.load(tmp_path, data=tmp_path)


def test_pictures_are_brought_to_the_size_wanted_and_it_is_said(tmp_path: Path):
    found = sets.load(save_idx_folder(tmp_path), wanted=Wanted(8, 8, 3))
    assert found.shape == (3, 8, 8) and found.test.pixels.shape == (12, 3, 8, 8)
    assert "resized to 8 x 8" in found.notes[-1]


def test_the_split_follows_the_seed_and_the_digest_the_pictures():
    pixels, labels = drawings(60)
    one, same, other = (sets.from_arrays(pixels, labels, seed=seed) for seed in (1, 1, 2))
    assert one.digest == same.digest != other.digest
    changed = pixels.copy()
    changed[:, 0, 0, 0] ^= 1
    assert sets.from_arrays(changed, labels, seed=1).digest != one.digest


def test_one_of_each_class_comes_first():
    pixels, labels = drawings(12)
    whole = sets.Pictures(pixels, labels[::-1].copy())
    shown = whole.one_of_each(5)
    assert shown.labels is not None and shown.labels.tolist() == [0, 1, 2, 0, 1]
    assert np.array_equal(shown.pixels[0], pixels[whole.labels == 0][0])
    assert np.array_equal(sets.Pictures(pixels).one_of_each(5).pixels, pixels[:5])
    assert len(whole.one_of_each(50)) == 12
