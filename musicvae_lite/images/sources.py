"""Where pictures come from: known data sets, folders of idx files, numpy files, arrays of a program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from musicvae_lite import arrays, resources
from musicvae_lite.errors import DatasetError, NothingUsableError
from musicvae_lite.images import idx
from musicvae_lite.images.found import Found, Part, renumbered
from musicvae_lite.images.reading import SUFFIXES
from musicvae_lite.images.values import to_bytes
from musicvae_lite.resources import expand
from musicvae_lite.writing import is_one

DIGITS = tuple("0123456789")
CLOTHES = ("T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "sneaker", "bag", "boot")
KNOWN = {"mnist": DIGITS, "fashion-mnist": CLOTHES}
FILES = {  # the idx files of MNIST and its kin: pictures and labels
    "train": ("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"),
    "test": ("t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"),
}
LARGEST = 2**34  # bytes of a .npy file of pictures
LARGEST_ZIPPED = 2**30  # bytes that a .npz file of pictures unpacks to
IMAGES, LABELS = ("images", "x", "x_train", "arr_0"), ("labels", "y", "y_train", "arr_1")  # names in an .npz
TEST_IMAGES, TEST_LABELS = "x_test", "y_test"


def known(name: str, data: str | Path | None) -> Found:
    """A known data set, whose files are checked. Raises DatasetError."""
    corpus = resources.catalogue()[name]
    folder = resources.fetch(name) if data is None else expand(data)
    if not folder.is_dir():
        raise DatasetError(f"{folder}: no such folder; --data names the folder with the idx files of {name}")
    files = {file.name: file for file in corpus.files}
    for name_of_file in (file for pair in FILES.values() for file in pair):
        path = idx.find(folder, name_of_file)
        if path is not None:
            idx.check(path, files[name_of_file])
    return of_idx(folder, KNOWN[name])


def holds_idx(folder: Path) -> bool:
    """Whether a folder holds idx files of pictures."""
    return any(idx.find(folder, name) for name, _ in FILES.values())


def is_read(file: Path, folder: Path) -> bool:
    """Whether a file that lies anywhere below a folder is read where the folder is named as a source."""
    if not holds_idx(folder):
        return file.suffix.lower() in SUFFIXES
    found = [idx.find(folder, name) for pair in FILES.values() for name in pair]
    return any(is_one(path, file) for path in found if path is not None)


def of_idx(folder: Path, classes: tuple[str, ...] = ()) -> Found:
    """A folder of idx files. Raises DatasetError, NothingUsableError, ReadError."""
    parts: dict[str, Part] = {}
    for part, (pictures, labels) in FILES.items():
        path, beside = idx.find(folder, pictures), idx.find(folder, labels)
        if path is None:
            if part == "train":
                raise DatasetError(f"{folder}: {pictures} is missing (it may be unpacked)")
            continue
        told = None if beside is None else idx.read_idx(beside).astype(np.int64)
        pixels = idx.read_idx(path)
        if pixels.ndim != 3 or (told is not None and told.shape != (len(pixels),)):
            raise DatasetError(f"{folder}: {path.name} does not hold pictures with a label each")
        if not all(pixels.shape[1:]):
            raise NothingUsableError(f"{folder}: {path.name} holds no pictures: their height or width is 0")
        before = len(parts["train"].files) if part == "test" else 0
        parts[part] = Part(pixels[:, None], told, before + np.arange(len(pixels)))
    if "test" in parts:
        _check_sizes(parts["train"], parts["test"], str(folder))
    is_numbered = parts["train"].labels is not None and not classes
    if is_numbered:
        told_of_all = [part.labels for part in parts.values() if part.labels is not None]
        highest = max(int(labels.max(initial=-1)) for labels in told_of_all)
        classes = tuple(str(number) for number in range(highest + 1))
    return Found(parts["train"], test=parts.get("test"), classes=classes, is_numbered=is_numbered)


def of_numpy(path: Path) -> Found:
    """An .npy or .npz file. Raises DatasetError, NothingUsableError."""
    try:
        read = arrays.load(path, LARGEST_ZIPPED if path.suffix.lower() == ".npz" else LARGEST)
        held = read if isinstance(read, dict) else {"images": read}
    except arrays.FAULTS as error:
        raise DatasetError(f"{path}: damaged, or no numpy file of numbers: {error}") from error
    images = next((held[key] for key in IMAGES if key in held), None)
    if images is None:
        raise DatasetError(f"{path}: holds {', '.join(held)[:200]}; the pictures must be called 'images'")
    labels = next((held[key] for key in LABELS if key in held), None)
    found = of_arrays(images, labels, (), path.stem)
    if TEST_IMAGES not in held:
        return found
    return _with_test(found, of_arrays(held[TEST_IMAGES], held.get(TEST_LABELS), (), path.stem), path.stem)


def of_arrays(
    images: np.ndarray, labels: Sequence[int] | np.ndarray | None, classes: Sequence[str], name: str
) -> Found:
    """Pictures and labels as `sets.from_arrays` takes them."""
    pixels = _pixels(np.asarray(images), name)
    told, is_numbered = None, labels is not None and not classes
    if labels is not None:
        told = np.asarray(labels)
        if told.shape != (len(pixels),) or not np.issubdtype(told.dtype, np.integer):
            raise DatasetError(
                f"{name}: {len(pixels)} pictures need as many whole numbers as labels, not "
                f"{told.dtype} {list(told.shape)}"
            )
        told = told.astype(np.int64)
        if is_numbered:
            values, told = np.unique(told, return_inverse=True)
            classes = [str(value) for value in values]
        if len(told) and not 0 <= told.min() <= told.max() < len(classes):
            raise DatasetError(
                f"{name}: labels from {told.min()} to {told.max()}; {len(classes)} classes are named, whose "
                f"labels are 0 to {len(classes) - 1}"
            )
    part = Part(pixels, told, np.arange(len(pixels)))
    return Found(part, classes=tuple(classes), is_numbered=is_numbered)


def _with_test(found: Found, test: Found, name: str) -> Found:
    """Pictures with those of another as their test part; the labels of both are numbered alike."""
    _check_sizes(found.train, test.train, name)
    classes = tuple(sorted({*found.classes, *test.classes}, key=int))

    train, of_test = (
        replace(source.train, labels=renumbered(source.train.labels, source.classes, classes))
        for source in (found, test)
    )
    of_test = replace(of_test, files=of_test.files + len(train.files))
    return Found(train, test=of_test, classes=classes, is_numbered=found.is_numbered or test.is_numbered)


def _check_sizes(train: Part, test: Part, name: str) -> None:
    """Raises DatasetError where pictures for testing have another size than those to train on."""
    sizes = [part.pixels.shape[1:] for part in (train, test) if len(part.pixels)]
    if len(set(sizes)) > 1:
        own, other = (f"{width} x {height} with {channels} channels" for channels, height, width in sizes)
        raise DatasetError(
            f"{name}: pictures of {own} to train on, of {other} for testing: both must have one size"
        )


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
    try:
        return to_bytes(images)
    except ValueError as error:
        raise DatasetError(f"{name}: {error}") from None
