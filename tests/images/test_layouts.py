"""What the names of folders and files say: parts, labels, order, and what is left out."""

from __future__ import annotations

import os
from pathlib import Path, PureWindowsPath

import numpy as np
import pytest

from musicvae_lite.images import folders, sets
from musicvae_lite.images.found import Wanted
from tests.images.made import drawings, save, save_folder


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [("train", "val", "test"), ("Training", "valid", "testing"), ("train", "validation", "TEST")],
)
def test_all_usual_names_of_parts(train: str, validation: str, test: str, tmp_path: Path):
    for name, count in ((train, 12), (validation, 9), (test, 6)):
        save_folder(tmp_path / "set" / name, count)
    whole = sets.load(tmp_path / "set")
    assert [len(part) for part in whole.parts] == [12, 9, 6] and whole.has_test
    assert whole.classes == ("block", "level", "upright")


def test_a_validation_part_alone_leaves_the_test_part_to_chance(tmp_path: Path):
    for name, count in (("training", 24), ("val", 6)):
        save_folder(tmp_path / "set" / name, count)
    whole = sets.load(tmp_path / "set")
    assert [len(part) for part in whole.parts] == [22, 6, 2] and not whole.has_test


def test_labels_that_some_pictures_lack_are_left_and_said(tmp_path: Path):
    save(save_folder(tmp_path / "stray", 12) / "cover.png", drawings(1)[0][0])
    found = folders.read(tmp_path / "stray", Wanted())
    assert found.train.labels is None and found.classes == ()
    assert "1 of 13 pictures lie outside" in found.notes[0] and "cover.png" in found.notes[0]
    save_folder(tmp_path / "flat" / "train", 12)
    for number, picture in enumerate(drawings(4)[0]):
        save(tmp_path / "flat" / "test" / f"{number}.png", picture)
    found = folders.read(tmp_path / "flat", Wanted())
    assert found.test is not None and len(found.test.pixels) == 4 and found.train.labels is None
    assert "4 of 16 pictures lie outside" in found.notes[0] and "for labels" in found.notes[0]
    save(tmp_path / "flat" / "cover.png", drawings(1)[0][0])
    found = folders.read(tmp_path / "flat", Wanted())
    assert found.test is None and "1 of 17 pictures" in found.notes[0] and "for parts" in found.notes[0]


def test_links_to_folders_are_followed_once(tmp_path: Path):
    real = save_folder(tmp_path / "real", 12)
    for name in ("upright", "level"):
        (tmp_path / "set").mkdir(exist_ok=True)
        (tmp_path / "set" / name).symlink_to(real / name, target_is_directory=True)
    (tmp_path / "set" / "level" / "round").symlink_to(tmp_path / "set", target_is_directory=True)
    found = folders.read(tmp_path / "set", Wanted())
    assert found.classes == ("level", "upright") and len(found.train.pixels) == 8
    assert "1 links lead to folders that are read already" in found.notes[0]


def test_a_link_beside_its_folder_leaves_it_its_name(tmp_path: Path):
    for name in ("cats", "dogs", "owls"):
        save(tmp_path / "set" / name / "a.png", drawings(1)[0][0])
    (tmp_path / "set" / "all_cats").symlink_to(tmp_path / "set" / "cats", target_is_directory=True)
    (tmp_path / "set" / "dogs" / "friends").symlink_to(tmp_path / "set" / "owls", target_is_directory=True)
    found = folders.read(tmp_path / "set", Wanted())
    assert found.classes == ("cats", "dogs", "owls") and len(found.train.pixels) == 3
    assert found.notes == ("2 links lead to folders that are read already, and are not followed",)


def test_a_part_whose_pictures_are_too_small_is_left_to_chance(tmp_path: Path):
    for part, size in (("train", 20), ("val", 8), ("test", 8)):
        for number in range(12):
            save(tmp_path / part / f"{number:02}.png", np.full((1, size, size), number, np.uint8))
    whole = sets.load(tmp_path, wanted=Wanted(12, 12, 1, patches=True))
    assert [len(part) for part in whole.parts] == [10 * 4, 4, 4] and not whole.has_test
    assert "24 pictures are smaller than 12 x 12" in whole.notes[0]


def test_names_that_are_no_unicode_become_text(tmp_path: Path):
    for name in (b"caf\xe9", b"caf\xe8"):
        place = os.path.join(os.fsencode(tmp_path), name)
        try:
            os.mkdir(place)
        except OSError:
            pytest.skip("names of files are Unicode here")
        save(Path(os.fsdecode(place)) / "a.png", drawings(1)[0][0])
    found = folders.read(tmp_path, Wanted())
    assert len(found.classes) == 2 and all(name.encode("utf-8") for name in found.classes)


def test_other_kinds_of_files_are_counted_and_jfif_is_read(tmp_path: Path):
    pixels = np.full((1, 12, 12), 90, np.uint8)
    save(tmp_path / "a.jfif", pixels, format="JPEG")
    (tmp_path / "b.heic").write_bytes(b"x")
    (tmp_path / "c.TXT").write_text("x")
    found = folders.read(tmp_path, Wanted())
    assert len(found.train.pixels) == 1
    assert found.notes == ("2 files of other kinds (.heic, .txt) are left out",)


def test_the_order_is_that_of_every_system():
    names = ["b/z.png", "C/a.png", "a.png", "b/Y.png"]
    in_order = folders.in_order(PureWindowsPath(name) for name in names)
    assert [place.as_posix() for place in in_order] == ["C/a.png", "a.png", "b/Y.png", "b/z.png"]


def test_everything_is_in_the_order_of_the_source(tmp_path: Path):
    for number in range(12):
        save(tmp_path / f"{number:02}.png", np.full((1, 8, 8), 20 * number, np.uint8))
    whole = sets.load(tmp_path)
    assert len(whole.test) == len(whole.validation) == 1
    assert whole.everything.pixels[:, 0, 0, 0].tolist() == [20 * number for number in range(12)]
