"""Sets of pictures in three parts (train, validation, test), and where they come from.

`load` takes what a user names: a known data set, a folder of pictures, a folder of idx files, or a
numpy file; `from_arrays` and `from_dataset` take what a program holds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from musicvae_lite import arrays, resources
from musicvae_lite.errors import ConfigError, DatasetError, NothingUsableError
from musicvae_lite.images import folders, idx
from musicvae_lite.images.folders import Wanted
from musicvae_lite.resources import expand

DIGITS = tuple("0123456789")
CLOTHES = ("T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot")
KNOWN = {"mnist": DIGITS, "fashion-mnist": CLOTHES}
FILES = {  # the idx files of MNIST and its kin: pictures and labels
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}
LARGEST = 2**34  # bytes of a .npy file of pictures
LARGEST_ZIPPED = 2**30  # bytes that a .npz file of pictures unpacks to
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
    """Attributes:
    name: for records and titles.
    train, validation, test: the three parts; one may be empty.
    classes: names of the labels; empty where there are none.
    notes: what was done to the pictures on the way, a sentence each.
    """

    name: str
    train: Pictures
    validation: Pictures
    test: Pictures
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = field(default=())

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
    if str(source) in KNOWN:
        found = _known(str(source), data, seed)
    elif data is not None:
        raise ConfigError(f"--data says where a known data set lies ({', '.join(KNOWN)}), not '{source}'")
    else:
        path = expand(source)
        if path.is_dir():
            is_idx = any(idx.find(path, name) for name, _ in FILES.values())
            found = _from_idx(path.name, path, seed) if is_idx else _from_folder(path, wanted, seed)
        elif path.suffix.lower() in (".npy", ".npz") and path.is_file():
            found = _from_numpy(path, seed)
        else:
            raise ConfigError(
                f"no pictures at '{source}': it can be {', '.join(KNOWN)}, a folder of pictures, a folder of "
                "idx files, or an .npy or .npz file"
            )
    return _brought_to(found, wanted)


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
    pixels = _pixels(np.asarray(images), name)
    known = None
    if labels is not None:
        known = np.asarray(labels)
        if known.shape != (len(pixels),) or not np.issubdtype(known.dtype, np.integer):
            raise DatasetError(
                f"{name}: {len(pixels)} pictures need as many whole numbers as labels, not "
                f"{known.dtype} {list(known.shape)}"
            )
        known = known.astype(np.int64)
        if not classes:
            values, known = np.unique(known, return_inverse=True)
            classes = [str(value) for value in values]
        if len(known) and not 0 <= known.min() <= known.max() < len(classes):
            raise DatasetError(f"{name}: labels go to {known.max()}, but {len(classes)} classes are named")
    return _split(name, Pictures(pixels, known), None, tuple(classes), seed)


def from_dataset(dataset: ItemSet, name: str = "dataset", seed: int = 0) -> PictureSet:
    """A torch Dataset whose items are a picture, or a picture and its label.

    A picture is a tensor or array [C, H, W] or [H, W], or a Pillow image.

    Raises:
        DatasetError: pictures of different sizes, or of a shape that is none.
        NothingUsableError: it is empty.
    """
    images, labels = [], []
    for index in range(len(dataset)):
        item = dataset[index]
        image, label = item if isinstance(item, tuple | list) else (item, None)
        images.append(np.asarray(image))
        labels.append(label)
    if not images:
        raise NothingUsableError(f"{name}: holds no pictures")
    if len({image.shape for image in images}) > 1:
        raise DatasetError(f"{name}: pictures of several sizes: resize them in the dataset's transform")
    known = None if any(label is None for label in labels) else np.array([int(label) for label in labels])
    return from_arrays(np.stack(images), known, name=name, seed=seed)


def _known(name: str, data: str | Path | None, seed: int) -> PictureSet:
    corpus = resources.catalogue()[name]
    folder = resources.fetch(name) if data is None else expand(data)
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder; --data names the folder with the idx files of {name}")
    files = {file.name: file for file in corpus.files}
    for name_of_file in (file for pair in FILES.values() for file in pair):
        path = idx.find(folder, name_of_file)
        if path is not None:
            idx.check(path, files[name_of_file])
    return _from_idx(name, folder, seed, KNOWN[name])


def _from_idx(name: str, folder: Path, seed: int, classes: tuple[str, ...] = ()) -> PictureSet:
    parts: dict[str, Pictures] = {}
    for part, (pictures, labels) in FILES.items():
        path, beside = idx.find(folder, pictures), idx.find(folder, labels)
        if path is None:
            if part == "train":
                raise DatasetError(f"{folder}: {pictures} is missing (it may be unpacked)")
            continue
        known = None if beside is None else idx.read_idx(beside).astype(np.int64)
        pixels = idx.read_idx(path)
        if pixels.ndim != 3 or (known is not None and known.shape != (len(pixels),)):
            raise DatasetError(f"{folder}: {path.name} does not hold pictures with a label each")
        parts[part] = Pictures(pixels[:, None], known)
    if parts["train"].labels is not None and not classes:
        told = [part.labels for part in parts.values() if part.labels is not None]
        highest = max(int(labels.max(initial=-1)) for labels in told)
        classes = tuple(str(number) for number in range(highest + 1))
    return _split(name, parts["train"], parts.get("test"), classes, seed)


def _from_folder(path: Path, wanted: Wanted, seed: int) -> PictureSet:
    found = folders.read(path, wanted)
    train, test = (Pictures(part.pixels, part.labels) for part in (found.train, found.test))
    groups = found.train.files if wanted.patches else None
    return _split(
        path.resolve().name, train, test if len(test) else None, found.classes, seed, found.notes, groups
    )


def _from_numpy(path: Path, seed: int) -> PictureSet:
    try:
        found = arrays.load(path, LARGEST_ZIPPED if path.suffix.lower() == ".npz" else LARGEST)
        held = found if isinstance(found, dict) else {"images": found}
    except arrays.FAULTS as error:
        raise DatasetError(f"{path}: damaged, or no numpy file of numbers: {error}") from error
    images = next((held[key] for key in ("images", "x", "x_train", "arr_0") if key in held), None)
    if images is None:
        raise DatasetError(f"{path}: holds {', '.join(held)[:200]}; the pictures must be called 'images'")
    labels = next((held[key] for key in ("labels", "y", "y_train", "arr_1") if key in held), None)
    return from_arrays(images, labels, name=path.stem, seed=seed)


def _pixels(images: np.ndarray, name: str) -> np.ndarray:
    """Bytes [N, C, H, W] of any array of pictures."""
    if images.ndim == 3:
        images = images[:, None]
    elif images.ndim == 4 and images.shape[1] not in (1, 3) and images.shape[3] in (1, 3):
        images = images.transpose(0, 3, 1, 2)
    if images.ndim != 4 or images.shape[1] not in (1, 3):
        raise DatasetError(
            f"{name}: an array {list(images.shape)} holds no pictures; they are [N, H, W], [N, C, H, W] or "
            "[N, H, W, C] with 1 or 3 channels"
        )
    if not images.size:
        raise NothingUsableError(f"{name}: holds no pictures")
    if images.dtype == np.uint8:
        return np.ascontiguousarray(images)
    if not (np.issubdtype(images.dtype, np.floating) or images.dtype == bool):
        raise DatasetError(f"{name}: values of type {images.dtype}; bytes, or numbers in 0..1, are read")
    low, high = float(images.min()), float(images.max())
    if not (low >= 0 and high <= 1):
        raise DatasetError(f"{name}: values from {low:g} to {high:g}; numbers must lie in 0..1")
    return np.round(images * 255).astype(np.uint8)


def _split(
    name: str,
    train: Pictures,
    test: Pictures | None,
    classes: tuple[str, ...],
    seed: int,
    notes: Iterable[str] = (),
    groups: np.ndarray | None = None,
) -> PictureSet:
    """Takes a validation part, and a test part where there is none, out of the rest; whole groups of them."""
    if not len(train):
        raise NothingUsableError(f"{name}: holds no pictures")
    groups = np.arange(len(train)) if groups is None else groups
    names = np.unique(groups)
    order = np.random.default_rng(seed).permutation(len(names))
    held = max(1, round(len(names) * VALIDATION_SHARE)) if len(names) > 2 else 0
    validation_rows = np.isin(groups, names[order[:held]])
    test_rows = (
        np.zeros(len(train), dtype=bool)
        if test is not None
        else np.isin(groups, names[order[held : 2 * held]])
    )
    rest = ~(validation_rows | test_rows)
    return PictureSet(
        name,
        train.part(rest),
        train.part(validation_rows),
        train.part(test_rows) if test is None else test,
        classes,
        tuple(notes),
    )


def _brought_to(pictures: PictureSet, wanted: Wanted) -> PictureSet:
    """Pictures of files that hold them all in one size, at the size and channels wanted."""
    channels, height, width = pictures.shape
    to = (wanted.channels or channels, wanted.height or height, wanted.width or width)
    if to == (channels, height, width):
        return pictures
    from musicvae_lite.images.reading import in_channels, resized

    def bring(part: Pictures) -> Pictures:
        changed = [in_channels(resized(pixels, to[1], to[2]), to[0]) for pixels in part.pixels]
        return Pictures(np.stack(changed) if changed else np.zeros((0, *to), np.uint8), part.labels)

    note = f"pictures of {width} x {height} are resized to {to[2]} x {to[1]}, with {to[0]} channels"
    return PictureSet(
        pictures.name,
        bring(pictures.train),
        bring(pictures.validation),
        bring(pictures.test),
        pictures.classes,
        (*pictures.notes, note),
    )
