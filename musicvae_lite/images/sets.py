"""Sets of pictures in three parts (train, validation, test), and where they come from.

`load` takes what a user names: a known data set, a folder of pictures, a folder of idx files, or a
numpy file; `from_arrays` and `from_dataset` take what a program holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from musicvae_lite.errors import ConfigError, DatasetError, NothingUsableError, shown
from musicvae_lite.images import folders, sources
from musicvae_lite.images.found import Found, Part, Wanted, brought_to, renumbered
from musicvae_lite.images.reading import TRANSPARENT, on_white
from musicvae_lite.resources import expand

ANY = Wanted()
VALIDATION_SHARE = 1 / 12  # 5,000 of MNIST's 60,000


@dataclass(frozen=True, eq=False)
class Pictures:
    """Attributes:
    pixels: uint8 [N, C, H, W].
    labels: int64 [N], or None.
    """

    pixels: np.ndarray
    labels: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.pixels)

    def part(self, rows: np.ndarray | slice) -> Pictures:
        return Pictures(self.pixels[rows], None if self.labels is None else self.labels[rows])

    def one_of_each(self, count: int) -> Pictures:
        """The first picture of every class in turn, `count` in all; the first ones without labels."""
        if self.labels is None:
            return self.part(slice(count))
        classes = [np.flatnonzero(self.labels == label) for label in np.unique(self.labels)]
        turns = max(len(rows) for rows in classes) if classes else 0
        rows = [rows[turn] for turn in range(turns) for rows in classes if turn < len(rows)]
        return self.part(np.array(rows[:count], dtype=np.int64))


@dataclass(frozen=True, eq=False)
class PictureSet:
    """A set in its three parts.

    Attributes:
        name: for records and titles.
        train, validation, test: the parts; one may be empty.
        classes: names of the labels; empty where there are none.
        notes: what was done to the pictures on the way, a sentence each.
        has_test: whether the source says itself what is for testing; otherwise chance chose.
        is_numbered: the source states no names of the labels, and `classes` are their numbers.
        places: int64 [N], where the pictures of the three parts, one after the other, stood in the source.
    """

    name: str
    train: Pictures
    validation: Pictures
    test: Pictures
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    has_test: bool = False
    is_numbered: bool = False
    places: np.ndarray | None = None

    @property
    def parts(self) -> tuple[Pictures, Pictures, Pictures]:
        return self.train, self.validation, self.test

    @property
    def everything(self) -> Pictures:
        """The pictures of all parts, in the order of the source."""
        labels = [part.labels for part in self.parts if len(part)]
        known = [part for part in labels if part is not None]
        whole = Pictures(
            np.concatenate([part.pixels for part in self.parts]),
            np.concatenate(known) if known and len(known) == len(labels) else None,
        )
        return whole if self.places is None else whole.part(np.argsort(self.places, kind="stable"))

    def numbered_as(self, classes: tuple[str, ...]) -> PictureSet:
        """The same with labels that number these classes, found by their names.

        Labels of a source without names are taken for numbers of these classes, unless a class is itself
        called by a number; that is noted.

        Raises:
            ConfigError: pictures have labels that are none of these.
        """
        if not self.classes or self.classes == classes:
            return self
        known, notes, words = classes, self.notes, ", ".join(classes)
        if self.is_numbered and not any(name.isdecimal() for name in classes):
            known = tuple(str(number) for number in range(len(classes)))
            words = f"0 to {len(classes) - 1}: {words}"
            notes = (*notes, f"{self.name} names no labels; they are taken for the model's, {words}")
        used = {
            int(label) for part in self.parts if part.labels is not None for label in np.unique(part.labels)
        }
        unknown = [name for number, name in enumerate(self.classes) if number in used and name not in known]
        if unknown:
            raise ConfigError(
                f"{self.name}: the model knows no {', '.join(unknown[:10])}; its labels are {words}"
            )
        train, validation, test = (
            Pictures(part.pixels, renumbered(part.labels, self.classes, known)) for part in self.parts
        )
        return replace(
            self,
            train=train,
            validation=validation,
            test=test,
            classes=classes,
            notes=notes,
            is_numbered=False,
        )

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height, width."""
        return tuple(self.train.pixels.shape[1:])  # type: ignore[return-value]

    @property
    def digest(self) -> str:
        """A hash of pictures and labels: two sets with the same one train the same model."""
        found = hashlib.sha256()
        for part in (self.train, self.validation):
            found.update(repr(part.pixels.shape).encode())
            found.update(np.ascontiguousarray(part.pixels).data)
            found.update(b"" if part.labels is None else np.ascontiguousarray(part.labels).data)
        return found.hexdigest()


class ItemSet(Protocol):
    """A torch Dataset, or a list, as far as it matters here."""

    def __getitem__(self, index: Any, /) -> Any: ...
    def __len__(self) -> int: ...


def load(
    source: str | Path, data: str | Path | None = None, wanted: Wanted = ANY, seed: int = 0
) -> PictureSet:
    """The pictures a user names.

    Args:
        source: "mnist" or "fashion-mnist"; a folder of pictures (see `folders`) or of idx files; an .npy
            file of pictures, or an .npz with `images` and, if there are labels, `labels`.
        data: where the files of a known data set lie already; None downloads them once.
        wanted: size and channels to bring the pictures to.
        seed: of the split, where the source states none.

    Raises:
        ReadError, DatasetError: a file is damaged, or not the one that was expected.
        NothingUsableError: there are no pictures.
        ConfigError: no such source.
    """
    if str(source) in sources.KNOWN:
        return _split(str(source), brought_to(sources.known(str(source), data), wanted, str(source)), seed)
    if data is not None:
        known = ", ".join(sources.KNOWN)
        raise ConfigError(f"--data says where a known data set lies ({known}), not '{source}'")
    path = expand(source)
    if path.is_dir():
        name = folders.readable(path.resolve().name)
        if not sources.holds_idx(path):
            return _split(name, folders.read(path, wanted), seed)
        return _split(name, brought_to(sources.of_idx(path), wanted, name), seed)
    if path.suffix.lower() in (".npy", ".npz") and path.is_file():
        return _split(path.stem, brought_to(sources.of_numpy(path), wanted, path.stem), seed)
    raise ConfigError(
        f"no pictures at '{source}': it can be {', '.join(sources.KNOWN)}, a folder of pictures, a folder of "
        "idx files, or an .npy or .npz file"
    )


def from_arrays(
    images: np.ndarray,
    labels: Sequence[int] | np.ndarray | None = None,
    classes: Sequence[str] = (),
    name: str = "pictures",
    seed: int = 0,
) -> PictureSet:
    """Pictures held in memory, split by the seed.

    Args:
        images: [N, H, W], [N, C, H, W] or [N, H, W, C] with 1 or 3 channels; bytes, or numbers in 0..1.
        labels: a whole number for each.
        classes: names of the labels 0, 1, 2 ...; the numbers themselves by default.

    Raises:
        DatasetError: another shape, other values, or not a label for each.
    """
    return _split(name, sources.of_arrays(images, labels, classes, name), seed)


def from_dataset(dataset: ItemSet, name: str = "dataset", seed: int = 0) -> PictureSet:
    """A torch Dataset whose items are a picture, or a picture and its label.

    A picture is a tensor or array [C, H, W] or [H, W], or a Pillow image: palettes become colours.

    Raises:
        DatasetError: pictures of different sizes, or of a shape that is none; items of other parts, or labels
            that are no whole numbers.
        NothingUsableError: it is empty.
    """
    images, labels = [], []
    for index in range(len(dataset)):
        item = dataset[index]
        parts = item if isinstance(item, tuple | list) else (item,)
        if len(parts) not in (1, 2):
            raise DatasetError(f"{name}: items of {len(parts)} parts, not of a picture and a label")
        images.append(np.asarray(_in_colours(parts[0])))
        labels += parts[1:]
    if not images:
        raise NothingUsableError(f"{name}: holds no pictures")
    if len({image.shape for image in images}) > 1:
        raise DatasetError(f"{name}: pictures of several sizes: resize them in the dataset's transform")
    is_labelled = len(labels) == len(images) and all(label is not None for label in labels)
    known = np.array([_number(label, name) for label in labels]) if is_labelled else None
    return from_arrays(np.stack(images), known, name=name, seed=seed)


def _number(label: Any, name: str) -> int:
    """A label as a whole number. Raises DatasetError."""
    try:
        if int(label) == float(label):
            return int(label)
    except (TypeError, ValueError, RuntimeError, OverflowError):
        pass
    raise DatasetError(f"{name}: a label is {shown(label)}; labels are whole numbers, one for each class")


def _in_colours(image: Any) -> Any:
    """A Pillow image of a palette, or with an opacity, in red, green and blue; anything else as it is."""
    is_converted = getattr(image, "mode", None) in ("P", *TRANSPARENT)
    return on_white(image)[0] if is_converted else image


def _split(name: str, found: Found, seed: int) -> PictureSet:
    """Takes a validation and a test part, where there are none, out of the rest; pieces stay together."""
    rest = found.train
    validation, test = _held(found.validation), _held(found.test)
    if not len(rest.pixels):
        raise NothingUsableError(f"{name}: holds no pictures")
    names = np.unique(rest.files)
    order = np.random.default_rng(seed).permutation(len(names))
    held = max(1, round(len(names) * VALIDATION_SHARE)) if len(names) > 2 else 0
    is_validation, is_test = np.zeros((2, len(rest.files)), dtype=bool)
    if validation is None:
        is_validation = np.isin(rest.files, names[order[:held]])
    if test is None:
        is_test = np.isin(rest.files, names[order[held : 2 * held]])
    parts = [_rows(rest, ~(is_validation | is_test))]
    parts.append(_rows(rest, is_validation) if validation is None else validation)
    parts.append(_rows(rest, is_test) if test is None else test)
    places = np.concatenate([part.files for part in parts])
    return PictureSet(
        name,
        *(Pictures(part.pixels, part.labels) for part in parts),
        classes=found.classes,
        notes=found.notes,
        has_test=test is not None,
        is_numbered=found.is_numbered,
        places=places,
    )


def _held(part: Part | None) -> Part | None:
    """A part that a source sets apart; None where it does not, or where all its pictures were too small."""
    return None if part is None or not len(part.pixels) else part


def _rows(part: Part, chosen: np.ndarray) -> Part:
    labels = None if part.labels is None else part.labels[chosen]
    return Part(part.pixels[chosen], labels, part.files[chosen])
