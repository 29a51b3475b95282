from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from musicvae_lite.errors import NothingUsableError
from musicvae_lite.images import sets
from musicvae_lite.images.folders import read
from musicvae_lite.images.found import Wanted
from tests.images.made import drawings, save, save_folder


def test_subfolders_are_labels(tmp_path: Path):
    found = read(save_folder(tmp_path / "set", 24), Wanted())
    assert found.classes == ("block", "level", "upright") and found.train.pixels.shape == (24, 1, 12, 12)
    assert (
        found.train.labels is not None
        and np.bincount(found.train.labels).tolist() == [8, 8, 8]
        and not found.notes
    )
    whole = sets.load(tmp_path / "set")
    assert len(whole.train) + len(whole.validation) + len(whole.test) == 24
    assert len(whole.validation) == 2 and whole.classes == found.classes


def test_without_subfolders_there_are_no_labels(tmp_path: Path):
    for number, picture in enumerate(drawings(6)[0]):
        save(tmp_path / f"{number}.png", picture)
    found = read(tmp_path, Wanted())
    assert found.train.labels is None and found.classes == ()


def test_folders_called_train_and_test_are_the_parts(tmp_path: Path):
    save_folder(tmp_path / "set" / "train", 12)
    save_folder(tmp_path / "set" / "test", 6)
    whole = sets.load(tmp_path / "set")
    assert len(whole.test) == 6 and len(whole.train) + len(whole.validation) == 12
    assert whole.classes == ("block", "level", "upright")


def test_mixed_sizes_are_resized_and_said(tmp_path: Path):
    for number, picture in enumerate(drawings(5)[0]):
        save(tmp_path / f"{number}.png", picture)
    save(tmp_path / "large.png", drawings(1, size=30)[0][0])
    found = read(tmp_path, Wanted())
    assert found.train.pixels.shape == (6, 1, 12, 12)
    assert found.notes == ("1 of 6 pictures have 2 sizes: resized to 12 x 12",)


def test_large_pictures_shrink_unless_a_size_is_asked_for(tmp_path: Path):
    save(tmp_path / "a.png", np.zeros((1, 300, 200), np.uint8))
    assert read(tmp_path, Wanted()).train.pixels.shape[2:] == (64, 43)
    assert read(tmp_path, Wanted(20, 10)).train.pixels.shape[2:] == (20, 10)


def test_sides_that_are_not_asked_for_become_multiples(tmp_path: Path):
    save(tmp_path / "a.png", np.zeros((1, 300, 200), np.uint8))
    for multiple, size in ((2, (64, 42)), (4, (64, 40))):
        found = read(tmp_path, Wanted(multiple=multiple))
        assert found.train.pixels.shape[2:] == size
        assert found.notes[-1].endswith(f"resized to {size[1]} x {size[0]}")
    assert read(tmp_path, Wanted(21, 11, multiple=4)).train.pixels.shape[2:] == (21, 11)


def test_colour_and_grey_together_become_colour(tmp_path: Path):
    save(tmp_path / "g.png", drawings(1)[0][0])
    save(tmp_path / "c.png", np.random.default_rng(0).integers(0, 256, (3, 12, 12), dtype=np.uint8))
    assert read(tmp_path, Wanted()).train.pixels.shape == (2, 3, 12, 12)
    grey = read(tmp_path, Wanted(channels=1))
    assert grey.train.pixels.shape == (2, 1, 12, 12)
    assert grey.notes == ("1 pictures in colour are made grey",)


def test_what_cannot_be_read_is_left_out_and_said(tmp_path: Path):
    save_folder(tmp_path, 6)
    (tmp_path / "block" / "bad.png").write_bytes(b"nothing")
    (tmp_path / "block" / "notes.txt").write_text("not a picture")
    found = read(tmp_path, Wanted())
    assert len(found.train.pixels) == 6 and "1 files cannot be read" in found.notes[0]


def test_folders_without_pictures_say_what_they_hold(tmp_path: Path):
    with pytest.raises(NothingUsableError, match="is empty"):
        read(tmp_path, Wanted())
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(NothingUsableError, match="1 files, none of them a picture"):
        read(tmp_path, Wanted())
    (tmp_path / "a.png").write_text("x")
    with pytest.raises(NothingUsableError, match="none of 1 files can be read"):
        read(tmp_path, Wanted())


def test_patches_cover_each_picture_and_stay_together_in_the_split(tmp_path: Path):
    for number in range(20):
        save(tmp_path / f"{number:02}.png", np.full((1, 20, 30), number * 10, np.uint8))
    save(tmp_path / "small.png", np.zeros((1, 5, 5), np.uint8))
    wanted = Wanted(12, 12, 1, patches=True)
    found = read(tmp_path, wanted)
    assert len(found.train.pixels) == 20 * 2 * 3 and "1 pictures are smaller" in found.notes[0]
    whole = sets.load(tmp_path, wanted=wanted)
    shades = [set(part.pixels[:, 0, 0, 0].tolist()) for part in (whole.train, whole.validation, whole.test)]
    assert all(shades) and not (shades[0] & shades[1] or shades[0] & shades[2] or shades[1] & shades[2])
    halved = read(tmp_path, Wanted(10, 10, 1, patches=True, shrink=(1, 2)))
    assert len(halved.train.pixels) == 20 * (2 * 3 + 1 * 2)
    with pytest.raises(NothingUsableError, match="no picture is as large as 50 x 50"):
        read(tmp_path, Wanted(50, 50, 1, patches=True))


def test_idx_files_of_other_names_are_told_of(tmp_path: Path):
    (tmp_path / "sprites-images-idx3-ubyte.gz").write_bytes(b"x")
    with pytest.raises(NothingUsableError, match=r"1 files, none of them.*train-images-idx3-ubyte"):
        read(tmp_path, Wanted(8, 8, 1))
