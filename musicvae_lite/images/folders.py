"""Folders of pictures. Where every picture lies in a subfolder, the subfolders' names are the labels.

Subfolders called train and test hold those parts; each may have labels in turn.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from musicvae_lite.errors import NothingUsableError, ReadError
from musicvae_lite.images.reading import SUFFIXES, Picture, fitted, in_channels, read_picture, resized

LARGEST = 96  # pixels a side; larger pictures shrink to SHRUNK unless a size is asked for
SHRUNK = 64


@dataclass(frozen=True)
class Wanted:
    """What the pictures are brought to. 0 takes what most of them have.

    Attributes:
        height, width: in pixels.
        channels: 1 or 3.
        patches: cut pieces of that size out of each picture instead of resizing it.
        shrink: pieces are cut from the picture, and from the picture made this many times smaller.
    """

    height: int = 0
    width: int = 0
    channels: int = 0
    patches: bool = False
    shrink: tuple[int, ...] = (1,)


@dataclass(frozen=True, eq=False)
class Part:
    """Attributes:
    pixels: uint8 [N, C, H, W].
    labels: int64 [N], or None.
    files: int64 [N], number of the file each came from.
    """

    pixels: np.ndarray
    labels: np.ndarray | None
    files: np.ndarray


@dataclass(frozen=True, eq=False)
class Found:
    """Everything a folder holds. `notes` say what was resized, left out or converted."""

    train: Part
    test: Part
    classes: tuple[str, ...]
    notes: tuple[str, ...]


def read(folder: Path, wanted: Wanted) -> Found:
    """Reads all pictures of a folder and its subfolders, in the order of their names.

    A file that cannot be read is left out, and said.

    Raises:
        NothingUsableError: there is no picture; the message says what there is instead.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not _is_hidden(path, folder))
    named = [path for path in files if path.suffix.lower() in SUFFIXES]
    if not named:
        what = f"{len(files)} files, none of them a picture ({', '.join(SUFFIXES)})" if files else "is empty"
        if any("idx" in path.name for path in files):
            what += "; idx files must be named train-images-idx3-ubyte and train-labels-idx1-ubyte (or .gz)"
        raise NothingUsableError(f"{folder}: {what}")
    pictures, places, faults = [], [], []
    for path in named:
        try:
            pictures.append(read_picture(path))
            places.append(path.relative_to(folder).parts)
        except ReadError as error:
            faults.append(error)
    if not pictures:
        raise NothingUsableError(
            f"{folder}: none of {len(named)} files can be read as a picture: {faults[0]}"
        )
    notes = [f"{len(faults)} files cannot be read and are left out, such as {faults[0]}"] if faults else []
    animated = sum(bool(picture.notes) for picture in pictures)
    if animated:
        notes.append(f"{animated} animations: the first picture of each is taken")
    channels = wanted.channels or max(picture.pixels.shape[0] for picture in pictures)
    is_test, labels = _parts(places)
    classes = tuple(sorted(set(labels))) if labels else ()
    height, width = _common_size(pictures, wanted, notes)
    wanted = replace(wanted, height=height, width=width, channels=channels)
    cut = [_pieces(picture.pixels, wanted) for picture in pictures]
    if wanted.patches:
        small = sum(not len(pieces) for pieces in cut)
        if small:
            notes.append(f"{small} pictures are smaller than {width} x {height} and are left out")
        if small == len(cut):
            raise NothingUsableError(f"{folder}: no picture is as large as {width} x {height}")
    parts = []
    for wants_test in (False, True):
        rows = [row for row in range(len(cut)) if is_test[row] is wants_test]
        files_of = np.repeat(rows, [len(cut[row]) for row in rows]).astype(np.int64)
        empty = np.zeros((0, channels, height, width), dtype=np.uint8)
        pixels = np.concatenate([empty, *(cut[row] for row in rows)])
        numbers = np.array([classes.index(labels[row]) for row in files_of], np.int64) if labels else None
        parts.append(Part(pixels, numbers, files_of))
    return Found(parts[0], parts[1], classes, tuple(notes))


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in path.relative_to(folder).parts)


def _parts(places: list[tuple[str, ...]]) -> tuple[list[bool], list[str]]:
    """Which pictures are for testing, and the labels of all; no labels where there are none."""
    tops = {place[0].lower() for place in places if len(place) > 1}
    has_parts = "train" in tops and tops <= {"train", "test"} and all(len(place) > 1 for place in places)
    if not has_parts:
        inner, is_test = places, [False] * len(places)
    else:
        inner, is_test = [p[1:] for p in places], [p[0].lower() == "test" for p in places]
    labels = [place[0] for place in inner if len(place) > 1]
    return is_test, labels if len(labels) == len(places) and len(set(labels)) > 1 else []


def _common_size(pictures: list[Picture], wanted: Wanted, notes: list[str]) -> tuple[int, int]:
    counts = Counter(picture.size for picture in pictures)
    height, width = counts.most_common(1)[0][0]
    if not wanted.height and max(height, width) > LARGEST:
        scale = SHRUNK / max(height, width)
        height, width = max(1, round(height * scale)), max(1, round(width * scale))
    height, width = wanted.height or height, wanted.width or width
    others = len(pictures) - counts.get((height, width), 0)
    if others and not wanted.patches:
        sizes = f"{len(counts)} sizes" if len(counts) > 1 else "another size"
        notes.append(f"{others} of {len(pictures)} pictures have {sizes}: resized to {width} x {height}")
    return height, width


def _pieces(pixels: np.ndarray, wanted: Wanted) -> np.ndarray:
    """[N, C, H, W]: the picture at the size wanted, or all pieces of that size in it."""
    pixels = in_channels(pixels, wanted.channels)
    if not wanted.patches:
        return fitted(pixels, wanted.height, wanted.width)[None]
    found = []
    for factor in wanted.shrink:
        height, width = pixels.shape[1] // factor, pixels.shape[2] // factor
        if height < wanted.height or width < wanted.width:
            continue
        small = resized(pixels, height, width)
        for top in _starts(height, wanted.height):
            for left in _starts(width, wanted.width):
                found.append(small[:, top : top + wanted.height, left : left + wanted.width])
    return np.stack(found) if found else np.zeros((0, wanted.channels, wanted.height, wanted.width), np.uint8)


def _starts(length: int, size: int) -> list[int]:
    """Where pieces begin along one side: evenly spread, overlapping as little as covering it allows."""
    count = -(-length // size)
    if count == 1:
        return [0]
    return [round(place * (length - size) / (count - 1)) for place in range(count)]
