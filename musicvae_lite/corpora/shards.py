"""Writing shards: .npy files of bounded length whose bytes depend on their rows alone."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import BinaryIO

import numpy as np

from musicvae_lite.corpora.manifest import Shard


class NpyWriter:
    """Writes one .npy file of a known number of rows, a few rows at a time."""

    def __init__(self, path: Path, shape: tuple[int, ...], dtype: np.dtype):
        self.path, self._file = path, path.open("wb")
        self._hash = hashlib.sha256()
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(_Tee(self._file, self._hash), header)  # type: ignore[arg-type]

    def write(self, rows: np.ndarray) -> None:
        data = np.ascontiguousarray(rows).tobytes()
        self._hash.update(data)
        self._file.write(data)

    def close(self) -> str:
        """Makes sure the file is on disk; its SHA-256."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return self._hash.hexdigest()


class _Tee:
    def __init__(self, file: BinaryIO, digest: hashlib._Hash):
        self._file, self._digest = file, digest

    def write(self, data: bytes) -> None:
        self._file.write(data)
        self._digest.update(data)


class ShardWriter:
    """Spreads a split's windows over shards of `rows` windows each.

    Args:
        folder: of the dataset.
        split: name of the split, the shards' prefix.
        total: windows that will come.
        columns: what is stored of a window, by name: shape and dtype of one.
        rows: windows a shard.
    """

    def __init__(
        self,
        folder: Path,
        split: str,
        total: int,
        columns: dict[str, tuple[tuple[int, ...], np.dtype]],
        rows: int,
    ):
        self._folder, self._split, self._left = folder, split, total
        self._columns, self._rows = columns, rows
        self._files: dict[str, NpyWriter] = {}
        self._room = 0
        self.shards: list[Shard] = []

    def write(self, **arrays: np.ndarray) -> None:
        """Adds rows [W, ...] of every column."""
        left = len(next(iter(arrays.values())))
        first = 0
        while left:
            if not self._room:
                self._open()
            part = min(self._room, left)
            for name, file in self._files.items():
                file.write(arrays[name][first : first + part])
            first, left, self._room = first + part, left - part, self._room - part
            if not self._room:
                self._close()

    def _open(self) -> None:
        self._room = min(self._rows, self._left)
        self._left -= self._room
        stem = f"{self._split}-{len(self.shards):05d}"
        self._size = self._room
        self._files = {
            name: NpyWriter(self._folder / f"{stem}.{name}.npy", (self._room, *shape), dtype)
            for name, (shape, dtype) in self._columns.items()
        }

    def _close(self) -> None:
        digests = tuple(file.close() for file in self._files.values())
        names = {name: file.path.name for name, file in self._files.items()}
        self.shards.append(Shard(windows=self._size, sha256=digests, **names))
        self._files = {}
