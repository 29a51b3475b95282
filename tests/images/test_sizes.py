"""Pictures brought to a size, or cut into pieces, with no more memory than that takes."""

from __future__ import annotations

import weakref
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from musicvae_lite.errors import NothingUsableError
from musicvae_lite.images import folders, reading, sets
from musicvae_lite.images.found import Wanted
from tests.images.made import save, save_idx_folder


@pytest.mark.parametrize("wanted", [Wanted(), Wanted(20, 20, 3), Wanted(40, 40, 0, patches=True)])
def test_one_picture_at_a_time_is_held_whole(wanted: Wanted, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for number in range(6):
        save(tmp_path / f"{number}.png", np.full((1, 120, 120), number, np.uint8))
    held: list[weakref.ref] = []
    most = 0

    def read(path: Path) -> reading.Picture:
        nonlocal most
        most = max(most, sum(ref() is not None for ref in held))
        picture = reading.read_picture(path)
        held.append(weakref.ref(picture.pixels))
        return picture

    monkeypatch.setattr(folders, "read_picture", read)
    found = folders.read(tmp_path, wanted)
    assert len(held) == 6 and most <= 1 and set(found.train.files) == set(range(6))


@pytest.mark.parametrize("suffix", [".jpg", ".tif", ".png", ".webp"])
def test_sizes_are_those_of_turned_photographs(suffix: str, tmp_path: Path):
    exif, path = Image.Exif(), tmp_path / f"a{suffix}"
    exif[reading.ORIENTATION] = 6
    Image.new("RGB", (30, 20), "red").save(path, exif=exif)
    assert reading.read_size(path) == reading.read_picture(path).size == (30, 20)
    found = folders.read(tmp_path, Wanted())
    assert found.train.pixels.shape == (1, 3, 30, 20) and not found.notes


def test_damage_behind_the_head_of_a_file_is_left_out_and_not_counted(tmp_path: Path):
    noise = np.random.default_rng(0).integers(0, 256, (3, 40, 50), dtype=np.uint8)
    for number in range(3):
        save(tmp_path / f"{number}.png", noise[:, :12, :12])
    whole = save(tmp_path / "cut.png", noise).read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    found = folders.read(tmp_path, Wanted())
    assert found.train.pixels.shape == (3, 3, 12, 12)
    assert len(found.notes) == 1 and "1 files cannot be read" in found.notes[0]


def test_a_line_of_a_million_pixels_becomes_small():
    line = np.full((1, 1, 1_000_000), 200, np.uint8)
    line[:, :, 500_000:] = 40
    found = reading.fitted(line, 28, 28)
    assert found.shape == (1, 28, 28)
    assert found[0, 13, 0] == 200 and found[0, 13, -1] == 40 and len(np.unique(found[0, 20])) == 1


def test_arrays_are_cut_like_pictures_of_a_folder(tmp_path: Path):
    images = np.random.default_rng(0).integers(0, 256, (20, 24, 30), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", images=images, labels=np.arange(20) % 2)
    for number, picture in enumerate(images):
        save(tmp_path / "a" / f"{number:02}.png", picture[None])
    wanted = Wanted(12, 12, 1, patches=True, shrink=(1, 2))
    of_array, of_folder = (
        sets.load(tmp_path / "a.npz", wanted=wanted),
        sets.load(tmp_path / "a", wanted=wanted),
    )
    for one, other in zip(of_array.parts, of_folder.parts, strict=True):
        assert np.array_equal(one.pixels, other.pixels)
    assert of_array.train.labels is not None and len(of_array.train.labels) == len(of_array.train)
    assert "cut into pieces of 12 x 12" in of_array.notes[0]
    with pytest.raises(NothingUsableError, match="no picture is as large as 50 x 50"):
        sets.load(tmp_path / "a.npz", wanted=Wanted(50, 50, 1, patches=True))


def test_idx_files_are_cut_too(tmp_path: Path):
    found = sets.load(save_idx_folder(tmp_path, 60, 12), wanted=Wanted(6, 6, 1, patches=True))
    assert found.test.pixels.shape == (12 * 4, 1, 6, 6) and found.test.labels is not None
    assert len(found.test.labels) == 48 and len(found.train) == 55 * 4


def test_keras_files_have_a_test_part_of_their_own(tmp_path: Path):
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8), dtype=np.uint8)
    labels = np.arange(60) % 3 + 4
    np.savez(
        tmp_path / "k.npz", x_train=images[:50], y_train=labels[:50], x_test=images[50:], y_test=labels[50:]
    )
    found = sets.load(tmp_path / "k.npz")
    assert np.array_equal(found.test.pixels[:, 0], images[50:]) and found.has_test
    assert len(found.train) + len(found.validation) == 50 and found.classes == ("4", "5", "6")
    assert found.test.labels is not None and found.test.labels.tolist() == (labels[50:] - 4).tolist()
    assert np.array_equal(found.everything.pixels[:, 0], images)
