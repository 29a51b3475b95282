"""Folders of pictures. Where every picture lies in a subfolder, the subfolders' names are the labels.

Subfolders called train, val (or valid, validation) and test (or training, testing) hold those parts; each
may have labels in turn. One picture at a time is held at its full size.
"""

from __future__ import annotations

import os
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

import numpy as np

from musicvae_lite.errors import NothingUsableError, ReadError
from musicvae_lite.images.found import Found, Part, Wanted, pieces, together
from musicvae_lite.images.reading import SUFFIXES, read_picture, read_size

LARGEST = 96  # pixels a side; larger pictures shrink to SHRUNK unless a size is asked for
SHRUNK = 64
TRAIN, VALIDATION, TEST = "train", "validation", "test"
PARTS = {  # what subfolders may be called, in any case
    "train": TRAIN, "training": TRAIN,
    "val": VALIDATION, "valid": VALIDATION, "validation": VALIDATION,
    "test": TEST, "testing": TEST,
}  # fmt: skip


def read(folder: Path, wanted: Wanted) -> Found:
    """Reads all pictures of a folder and its subfolders, in the order of their names.

    A file that cannot be read is left out, and said.

    Raises:
        NothingUsableError: there is no picture; the message says what there is instead.
    """
    files, notes = _files(folder)
    named = [path for path in files if path.suffix.lower() in SUFFIXES]
    if not named:
        what = f"{len(files)} files, none of them a picture ({', '.join(SUFFIXES)})" if files else "is empty"
        if any("idx" in path.name for path in files):
            what += "; idx files must be named train-images-idx3-ubyte and train-labels-idx1-ubyte (or .gz)"
        raise NothingUsableError(f"{folder}: {what}")
    faults: list[ReadError] = []
    sizes: dict[Path, tuple[int, int]] = {}
    for path in named:
        try:
            sizes[path] = read_size(path)
        except ReadError as error:
            faults.append(error)
    height, width = _common_size(sizes, wanted)
    wanted = replace(wanted, height=height, width=width)
    shapes, cuts, places, animated, transparent, coloured = [], [], [], 0, 0, 0
    for path in sizes:
        try:
            picture = read_picture(path)
        except ReadError as error:
            faults.append(error)
            continue
        shapes.append(picture.size)
        cuts.append(pieces(picture.pixels, wanted))
        places.append(path.relative_to(folder).parts)
        animated += picture.frames > 1
        transparent += picture.was_transparent
        coloured += len(picture.pixels) > wanted.channels > 0
    if not places:
        raise NothingUsableError(
            f"{folder}: none of {len(named)} files can be read as a picture: {faults[0]}"
        )
    if faults:
        notes.insert(0, f"{len(faults)} files cannot be read and are left out, such as {faults[0]}")
    if animated:
        notes.append(f"{animated} animations: the first picture of each is taken")
    if transparent:
        notes.append(f"transparent parts of {transparent} pictures are made white")
    if coloured:
        notes.append(f"{coloured} pictures in colour are made grey")
    layout = _layout(places)
    notes += [*layout.notes, *_notes_on_sizes(shapes, cuts, wanted)]
    if not sum(len(found) for found in cuts):
        raise NothingUsableError(f"{folder}: no picture is as large as {width} x {height}")
    channels = wanted.channels or max(found.shape[1] for found in cuts)
    cuts = [np.broadcast_to(found, (len(found), channels, height, width)) for found in cuts]
    wanted = replace(wanted, channels=channels)
    classes = tuple(sorted(set(layout.labels)))
    numbers = np.array([classes.index(label) for label in layout.labels], np.int64)
    parts: dict[str, Part] = {}
    for name in (TRAIN, VALIDATION, TEST):
        rows = np.array([row for row, part in enumerate(layout.parts) if part == name], np.int64)
        if len(rows) or name == TRAIN:
            labels = numbers[rows] if classes else None
            parts[name] = together([cuts[row] for row in rows], labels, rows, wanted)
    return Found(parts[TRAIN], parts.get(VALIDATION), parts.get(TEST), classes, tuple(notes))


def in_order(places: Iterable[PurePath]) -> list[PurePath]:
    """Paths in the order of their names, the same on every system: Windows would leave case aside."""
    return sorted(places, key=lambda place: place.parts)


def readable(name: str) -> str:
    """A name as text: what is no Unicode in it, as names of files may be, is written with backslashes."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def _files(folder: Path) -> tuple[list[Path], list[str]]:
    """All files below a folder that are not hidden, in order, and what was left out.

    Links to folders are followed, but no folder is read twice: each by its own name, where it has one here.
    """
    found, repeated, visited = [], 0, set()
    waiting = deque([str(folder)])
    while waiting:  # links wait until all the folders beside them are read
        for place, inner, names in os.walk(waiting.popleft()):
            real = os.path.realpath(place)
            if real in visited:
                repeated += 1
                inner.clear()
                continue
            visited.add(real)
            inner[:] = sorted(name for name in inner if not _is_hidden(name))
            waiting += filter(os.path.islink, (os.path.join(place, name) for name in inner))
            found += [Path(place, name) for name in names if not _is_hidden(name)]
    files = [folder / place for place in in_order(path.relative_to(folder) for path in found)]
    files = [path for path in files if path.is_file()]
    notes = []
    if repeated:
        notes.append(f"{repeated} links lead to folders that are read already, and are not followed")
    others = Counter(path.suffix.lower() for path in files if path.suffix.lower() not in SUFFIXES)
    if others:
        kinds = ", ".join(sorted(readable(kind) or "no ending" for kind in others)[:10])
        notes.append(f"{others.total()} files of other kinds ({kinds}) are left out")
    return files, notes


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "__MACOSX"))


@dataclass(frozen=True)
class _Layout:
    """Which part each picture belongs to, the labels of all (none where there are none), and notes."""

    parts: list[str]
    labels: list[str]
    notes: list[str]


def _layout(places: list[tuple[str, ...]]) -> _Layout:
    """What the names of subfolders say of pictures at these places."""
    tops = {place[0].lower() for place in places if len(place) > 1}
    outside = [place for place in places if len(place) == 1]
    names_parts = tops <= set(PARTS) and TRAIN in {PARTS[top] for top in tops}
    if names_parts and outside:
        return _Layout([TRAIN] * len(places), [], [_outside(outside, places, "parts")])
    parts, inner = [TRAIN] * len(places), places
    if names_parts:
        parts, inner = [PARTS[place[0].lower()] for place in places], [place[1:] for place in places]
    labels = [readable(place[0]) for place in inner if len(place) > 1]
    if len(set(labels)) < 2:
        return _Layout(parts, [], [])
    outside = [place for place, within in zip(places, inner, strict=True) if len(within) == 1]
    if outside:
        return _Layout(parts, [], [_outside(outside, places, "labels")])
    return _Layout(parts, labels, [])


def _outside(outside: list[tuple[str, ...]], places: list[tuple[str, ...]], lost: str) -> str:
    return (
        f"{len(outside)} of {len(places)} pictures lie outside the subfolders, such as "
        f"{readable('/'.join(outside[0]))}: so the names of subfolders are not taken for {lost}"
    )


def _common_size(sizes: dict[Path, tuple[int, int]], wanted: Wanted) -> tuple[int, int]:
    """Height and width: those wanted, or those that most pictures have, made smaller where they are large."""
    if not sizes:
        return wanted.height, wanted.width
    height, width = Counter(sizes.values()).most_common(1)[0][0]
    if not wanted.height and max(height, width) > LARGEST:
        scale = SHRUNK / max(height, width)
        height, width = max(1, round(height * scale)), max(1, round(width * scale))
    return wanted.height or wanted.side(height), wanted.width or wanted.side(width)


def _notes_on_sizes(shapes: list[tuple[int, int]], cuts: list[np.ndarray], wanted: Wanted) -> list[str]:
    """What was done to pictures of other sizes than the one wanted."""
    size = f"{wanted.width} x {wanted.height}"
    if wanted.patches:
        small = sum(not len(found) for found in cuts)
        return [f"{small} pictures are smaller than {size} and are left out"] if small else []
    others = sum(shape != (wanted.height, wanted.width) for shape in shapes)
    sizes = f"{len(set(shapes))} sizes" if len(set(shapes)) > 1 else "another size"
    return [f"{others} of {len(shapes)} pictures have {sizes}: resized to {size}"] if others else []
