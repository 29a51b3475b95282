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
        shape, dtype: of one window's tokens.
        rows: windows a shard.
    """

    def __init__(
        self, folder: Path, split: str, total: int, shape: tuple[int, ...], dtype: np.dtype, rows: int
    ):
        self._folder, self._split, self._left = folder, split, total
        self._shape, self._dtype, self._rows = shape, dtype, rows
        self._tokens: NpyWriter | None = None
        self._origin: NpyWriter | None = None
        self._room = 0
        self.shards: list[Shard] = []

    def write(self, tokens: np.ndarray, origin: np.ndarray) -> None:
        """Adds tokens [W, T, ...] and origin int32 [W, 3]."""
        while len(tokens):
            if not self._room:
                self._open()
            assert self._tokens and self._origin
            part = min(self._room, len(tokens))
            self._tokens.write(tokens[:part])
            self._origin.write(origin[:part])
            tokens, origin, self._room = tokens[part:], origin[part:], self._room - part
            if not self._room:
                self._close()

    def _open(self) -> None:
        self._room = min(self._rows, self._left)
        self._left -= self._room
        stem = f"{self._split}-{len(self.shards):05d}"
        self._size = self._room
        self._tokens = NpyWriter(self._folder / f"{stem}.tokens.npy", (self._room, *self._shape), self._dtype)
        self._origin = NpyWriter(self._folder / f"{stem}.origin.npy", (self._room, 3), np.dtype("<i4"))

    def _close(self) -> None:
        assert self._tokens and self._origin
        digests = (self._tokens.close(), self._origin.close())
        self.shards.append(Shard(self._tokens.path.name, self._origin.path.name, self._size, digests))
        self._tokens = self._origin = None
