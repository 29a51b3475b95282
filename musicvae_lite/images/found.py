"""What a source of pictures holds, and how each picture is brought to what is wanted: resized, or cut up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from musicvae_lite.errors import NothingUsableError
from musicvae_lite.images.reading import fitted, in_channels, resized


@dataclass(frozen=True)
class Wanted:
    """What the pictures are brought to. 0 takes what most of them have.

    Attributes:
        height, width: in pixels.
        channels: 1 or 3.
        patches: cut pieces of that size out of each picture instead of resizing it.
        shrink: pieces are cut from the picture, and from the picture made this many times smaller.
        multiple: sides that are taken from the pictures are rounded down to multiples of it.
    """

    height: int = 0
    width: int = 0
    channels: int = 0
    patches: bool = False
    shrink: tuple[int, ...] = (1,)
    multiple: int = 1

    def side(self, length: int) -> int:
        """A side of that many pixels as a multiple of `multiple`."""
        return max(length // self.multiple, 1) * self.multiple


@dataclass(frozen=True, eq=False)
class Part:
    """Attributes:
    pixels: uint8 [N, C, H, W].
    labels: int64 [N], or None.
    files: int64 [N], number of the picture of the source that each came from.
    """

    pixels: np.ndarray
    labels: np.ndarray | None
    files: np.ndarray


@dataclass(frozen=True, eq=False)
class Found:
    """Everything a source holds.

    Attributes:
        train: all pictures that the source does not set apart.
        validation, test: those that it does; None where it says nothing of such.
        classes: names of the labels; empty where there are none.
        notes: what was resized, left out or converted, a sentence each.
        is_numbered: the source states no names of the labels, and `classes` are their numbers.
    """

    train: Part
    validation: Part | None = None
    test: Part | None = None
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_numbered: bool = False


def renumbered(labels: np.ndarray | None, names: Sequence[str], classes: Sequence[str]) -> np.ndarray | None:
    """Labels that number `names` as labels that number `classes`, which holds all names that occur."""
    if labels is None:
        return None
    places = [classes.index(name) if name in classes else -1 for name in names]
    return np.array(places, np.int64)[labels]


def brought_to(found: Found, wanted: Wanted, name: str) -> Found:
    """The same with pictures as wanted, where all of them have one size.

    Raises:
        NothingUsableError: pieces are wanted, and they are larger than the pictures.
    """
    channels, height, width = found.train.pixels.shape[1:]
    to = replace(
        wanted,
        height=wanted.height or wanted.side(height),
        width=wanted.width or wanted.side(width),
        channels=wanted.channels or channels,
    )
    is_same = (to.channels, to.height, to.width) == (channels, height, width)
    if is_same and not to.patches:
        return found

    def bring(part: Part | None) -> Part | None:
        return None if part is None else cut(list(part.pixels), part.labels, part.files, to)

    train: Part = bring(found.train)  # type: ignore[assignment]
    if not len(train.pixels):
        raise NothingUsableError(f"{name}: no picture is as large as {to.width} x {to.height}")
    note = (
        f"pictures of {width} x {height} are resized to {to.width} x {to.height}, with {to.channels} channels"
    )
    if to.patches:
        note = f"pictures of {width} x {height} are cut into pieces of {to.width} x {to.height}"
    notes = found.notes if is_same else (*found.notes, note)
    return replace(
        found, train=train, validation=bring(found.validation), test=bring(found.test), notes=notes
    )


def cut(pictures: list[np.ndarray], labels: np.ndarray | None, files: np.ndarray, wanted: Wanted) -> Part:
    """Pictures uint8 [C, H, W] as a part of the size and channels wanted; each may give several pieces."""
    return together([pieces(picture, wanted) for picture in pictures], labels, files, wanted)


def together(cuts: list[np.ndarray], labels: np.ndarray | None, files: np.ndarray, wanted: Wanted) -> Part:
    """What `pieces` made of each picture, as a part; the label of a picture is that of its pieces."""
    counts = [len(found) for found in cuts]
    empty = np.zeros((0, wanted.channels, wanted.height, wanted.width), np.uint8)
    return Part(
        np.concatenate([empty, *cuts]),
        None if labels is None else np.repeat(labels, counts),
        np.repeat(files, counts),
    )


def pieces(pixels: np.ndarray, wanted: Wanted) -> np.ndarray:
    """[N, C, H, W]: the picture [C, h, w] at the size wanted, or all pieces of that size in it."""
    pixels = in_channels(pixels, wanted.channels or len(pixels))
    if not wanted.patches:
        return fitted(pixels, wanted.height, wanted.width)[None]
    found = [np.zeros((0, len(pixels), wanted.height, wanted.width), np.uint8)]
    for factor in wanted.shrink:
        height, width = pixels.shape[1] // factor, pixels.shape[2] // factor
        if height < wanted.height or width < wanted.width:
            continue
        small = resized(pixels, height, width)
        for top in _starts(height, wanted.height):
            for left in _starts(width, wanted.width):
                found.append(small[None, :, top : top + wanted.height, left : left + wanted.width])
    return np.concatenate(found)


def _starts(length: int, size: int) -> list[int]:
    """Where pieces begin along one side: evenly spread, overlapping as little as covering it allows."""
    count = -(-length // size)
    if count == 1:
        return [0]
    return [round(place * (length - size) / (count - 1)) for place in range(count)]
