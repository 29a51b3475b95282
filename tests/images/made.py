"""Made-up pictures: bars and blocks, drawn for the tests."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
from PIL import Image

from musicvae_lite.images.sets import PictureSet, from_arrays


def drawings(count: int, size: int = 12, seed: int = 0, channels: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """uint8 [N, C, size, size] and labels: 0 an upright bar, 1 a level one, 2 a block."""
    chance = np.random.default_rng(seed)
    pixels = np.zeros((count, channels, size, size), np.uint8)
    labels = np.arange(count) % 3
    for picture, label in zip(pixels, labels, strict=True):
        place, bright = int(chance.integers(2, size - 3)), int(chance.integers(150, 256))
        if label == 0:
            picture[:, 1:-1, place : place + 2] = bright
        elif label == 1:
            picture[:, place : place + 2, 1:-1] = bright
        else:
            picture[:, place - 1 : place + 3, place - 1 : place + 3] = bright
    return pixels, labels.astype(np.int64)


def drawing_set(count: int = 96, size: int = 12, channels: int = 1, seed: int = 0) -> PictureSet:
    pixels, labels = drawings(count, size, seed, channels)
    return from_arrays(pixels, labels, ("upright", "level", "block"), name="drawings")


def save(path: Path, pixels: np.ndarray, **options: object) -> Path:
    """Writes [C, H, W]."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(
        pixels[0] if len(pixels) == 1 else np.ascontiguousarray(pixels.transpose(1, 2, 0))
    )
    image.save(path, **options)  # type: ignore[arg-type]
    return path


def save_folder(folder: Path, count: int = 24, size: int = 12, channels: int = 1) -> Path:
    """A folder with a subfolder for each label."""
    pixels, labels = drawings(count, size, channels=channels)
    for number, (picture, label) in enumerate(zip(pixels, labels, strict=True)):
        save(folder / ("upright", "level", "block")[label] / f"{number:03}.png", picture)
    return folder


def save_idx(path: Path, values: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    head = struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape)
    data = head + values.astype(np.uint8).tobytes()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    return path


def save_idx_folder(folder: Path, train: int = 60, test: int = 12) -> Path:
    """The four files of MNIST, with drawings in them."""
    for name, count, seed in (("train", train, 0), ("t10k", test, 1)):
        pixels, labels = drawings(count, seed=seed)
        save_idx(folder / f"{name}-images-idx3-ubyte.gz", pixels[:, 0])
        save_idx(folder / f"{name}-labels-idx1-ubyte.gz", labels)
    return folder
