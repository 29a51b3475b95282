"""Spill files: the windows of one chunk of files, between the two phases of preparing.

A spill file is a sequence of blocks. Each block is an 8-byte little-endian length, a JSON header of
that length, and the arrays the header lists, one behind the other. The header holds their CRC-32.
The last block has no arrays and carries the chunk's summary.
"""

from __future__ import annotations

import json
import uuid
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from musicvae_lite.errors import DatasetError

MAX_HEADER = 1 << 28  # bytes; anything longer is no header


@dataclass(frozen=True, eq=False)
class Block:
    """Windows of some songs of one chunk.

    Attributes:
        songs: [file in the chunk, key, tune in the file from 1, title, number of windows] of each song.
        tokens: [W, T, ...].
        fingerprint: uint64 [W], equal for windows that count as duplicates.
        bar, step: int32 [W], where each window starts.
        control: what conditions each window, [W, T, ...]; None when nothing does.
        control_fingerprint: uint64 [W], with `fingerprint` equal for windows that are duplicates under what
            conditions them; None when nothing does.
    """

    songs: list[tuple[int, int, int, str, int]]
    tokens: np.ndarray
    fingerprint: np.ndarray
    bar: np.ndarray
    step: np.ndarray
    control: np.ndarray | None = None
    control_fingerprint: np.ndarray | None = None

    @property
    def counts(self) -> np.ndarray:
        """int64 [S], windows a song."""
        return np.array([song[4] for song in self.songs], dtype=np.int64)

    @property
    def keys(self) -> np.ndarray:
        """uint64 [S], what decides each song's split."""
        return np.array([song[1] for song in self.songs], dtype=np.uint64)


class SpillWriter:
    """Writes a spill file; it appears under its name only once `close` has succeeded.

    Args:
        path: of the file.
        fingerprint: hashes uint64 [W] of windows [W, T, ...].
        control_fingerprint: hashes uint64 [W] of windows and what conditions them, where anything does.
    """

    def __init__(
        self,
        path: Path,
        fingerprint: Callable[[np.ndarray], np.ndarray],
        control_fingerprint: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
    ):
        self._path, self._fingerprint = path, fingerprint
        self._control_fingerprint = control_fingerprint
        # a worker that was given up for lost may still be writing the same chunk
        self._partial = path.with_name(f"{path.name}.{uuid.uuid4().hex[:12]}.part")
        self._file = self._partial.open("wb")
        self._songs: list[tuple[int, int, int, str, int]] = []
        self._parts: list[tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray | None]] = []
        self.pending = 0  # bytes of windows not yet written

    def __enter__(self) -> SpillWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._partial.unlink(missing_ok=True)

    def add(
        self,
        file: int,
        key: int,
        tune: int,
        title: str,
        tokens: np.ndarray,
        bar: np.ndarray,
        step: np.ndarray,
        control: np.ndarray | None = None,
    ) -> None:
        """Adds a song's windows [W, T, ...] with their bars and steps [W], and what conditions them, if
        anything does: the same for every song."""
        self._songs.append((file, key, tune, title, len(tokens)))
        self._parts.append((tokens, bar, step, control))
        self.pending += tokens.nbytes

    def flush(self) -> None:
        """Writes what is pending as one block."""
        if not self._songs:
            return
        tokens, bar, step = (
            np.concatenate(column) for column in zip(*(p[:3] for p in self._parts), strict=True)
        )
        arrays = [tokens, self._fingerprint(tokens).astype("<u8"), bar.astype("<i4"), step.astype("<i4")]
        controls = [part[3] for part in self._parts if part[3] is not None]
        if controls:
            control = np.concatenate(controls)
            arrays.append(control)
            if self._control_fingerprint is not None:
                arrays.append(self._control_fingerprint(tokens, control).astype("<u8"))
        self._write({"songs": self._songs}, arrays)
        self._songs, self._parts, self.pending = [], [], 0

    def close(self, summary: dict[str, Any]) -> int:
        """Writes the rest and the summary, puts the file in its place and returns its size in bytes."""
        self.flush()
        self._write({"summary": summary}, [])
        size = self._file.tell()
        self._file.close()
        self._partial.replace(self._path)
        return size

    def _write(self, header: dict[str, Any], arrays: list[np.ndarray]) -> None:
        payload = [array.tobytes() for array in arrays]
        crc = 0
        for data in payload:
            crc = zlib.crc32(data, crc)
        header = header | {"arrays": [[a.dtype.str, a.shape] for a in arrays], "crc": crc}
        text = json.dumps(header).encode()
        self._file.write(len(text).to_bytes(8, "little") + text)
        self._file.writelines(payload)


def read_spill(path: Path) -> Iterator[Block | dict[str, Any]]:
    """The blocks of a spill file, one at a time, and at the end its summary.

    Raises:
        DatasetError: the file is cut short or damaged.
    """
    damaged = DatasetError(
        f"{path}: this file of the unfinished run is damaged: delete it, and the same call makes it again"
    )
    try:
        with path.open("rb") as file:
            while True:
                length = int.from_bytes(file.read(8), "little")
                if not 0 < length <= MAX_HEADER:
                    raise damaged
                header = json.loads(file.read(length))
                if "summary" in header:
                    yield header["summary"]
                    return
                arrays, crc = [], 0
                for dtype, shape in header["arrays"]:
                    count = int(np.prod(shape))
                    data = file.read(count * np.dtype(dtype).itemsize)
                    crc = zlib.crc32(data, crc)
                    arrays.append(np.frombuffer(data, dtype, count).reshape(shape))
                if crc != header["crc"]:
                    raise damaged
                yield Block([tuple(song) for song in header["songs"]], *arrays)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged from error
