"""TensorFlow checkpoints: an index of variables, and shards that hold their numbers.

`model.ckpt.index` is a table from variable names to where they lie; `model.ckpt.data-00000-of-00001` and
its siblings are the plain numbers. Every size is checked against the files before anything is allocated.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from musicvae_lite.errors import CheckpointError
from musicvae_lite.magenta.checksums import crc32c, masked
from musicvae_lite.magenta.table import read_table
from musicvae_lite.magenta.wire import fields

LARGEST_INDEX = 1 << 26  # bytes
MOST_SHARDS = 4096
MOST_DIMENSIONS = 8
KINDS = {1: "<f4", 2: "<f8", 3: "<i4", 9: "<i8", 14: "bfloat16", 19: "<f2"}  # TensorFlow's DataType


@dataclass(frozen=True)
class Variable:
    """Where a variable lies.

    Attributes:
        kind: TensorFlow's number of the type.
        shape: its sizes.
        shard, offset, size: which file, from which byte on, how many bytes.
        checksum: masked CRC-32C of the bytes.
    """

    kind: int
    shape: tuple[int, ...]
    shard: int
    offset: int
    size: int
    checksum: int
    is_sliced: bool = False

    @property
    def itemsize(self) -> int:
        return 2 if self.kind == 14 else np.dtype(KINDS[self.kind]).itemsize


class Bundle:
    """A checkpoint on disk. Opening it reads the index alone.

    Attributes:
        prefix: the path before ".index".
        variables: by name.

    Raises:
        CheckpointError: the index is missing or damaged, a shard is missing or short.
    """

    def __init__(self, prefix: Path):
        self.prefix = prefix
        index = prefix.with_name(f"{prefix.name}.index")
        self.index = index
        if not index.is_file():
            raise CheckpointError(f"{index}: missing; a checkpoint is this file and its .data files")
        if index.stat().st_size > LARGEST_INDEX:
            raise CheckpointError(f"{index}: {index.stat().st_size:,} bytes are too many for an index")
        try:
            data = index.read_bytes()
        except OSError as error:
            raise CheckpointError(f"{index}: cannot be read: {error.strerror}") from error
        table = read_table(data, index)
        try:
            self.shards = _shards(table.pop(b"", b""))
            self.variables = {key.decode(): _variable(value) for key, value in sorted(table.items())}
        except (ValueError, OverflowError) as error:
            raise CheckpointError(f"{index}: damaged: {error}") from error
        self._check()

    def shard(self, number: int) -> Path:
        return self.prefix.with_name(f"{self.prefix.name}.data-{number:05}-of-{self.shards:05}")

    def read(self, name: str) -> np.ndarray:
        """A variable as float32 or int64. Raises CheckpointError when its checksum fails."""
        variable = self.variables[name]
        if variable.kind not in KINDS:
            raise CheckpointError(f"{self.index}: '{name}' is of a kind that is not read here")
        path = self.shard(variable.shard)
        try:
            with path.open("rb") as file:
                data = np.fromfile(file, np.uint8, variable.size, offset=variable.offset)
        except OSError as error:
            raise CheckpointError(f"{path}: cannot be read: {error.strerror}") from error
        if len(data) != variable.size or masked(crc32c(data)) != variable.checksum:
            raise CheckpointError(
                f"{path}: damaged: the checksum of '{name}' fails (bytes {variable.offset} to "
                f"{variable.offset + variable.size}); copy it again"
            )
        if variable.kind == 14:
            values = (data.view("<u2").astype(np.uint32) << 16).view(np.float32)
        else:
            values = data.view(KINDS[variable.kind])
        wanted = np.float32 if values.dtype.kind == "f" else np.int64
        return values.astype(wanted, copy=False).reshape(variable.shape)

    def _check(self) -> None:
        """That every variable is of a known kind, whole, and inside its shard."""
        if not self.variables:
            raise CheckpointError(f"{self.index}: holds no variables")
        sizes: dict[int, int] = {}
        for number in sorted({v.shard for v in self.variables.values()}):
            path = self.shard(number)
            if not 0 <= number < self.shards:
                raise CheckpointError(f"{self.index}: speaks of shard {number} of {self.shards}")
            if not path.is_file():
                raise CheckpointError(f"{path}: missing; the index speaks of {self.shards} .data file(s)")
            sizes[number] = path.stat().st_size
        claimed = 0
        for name, v in self.variables.items():
            if v.is_sliced:
                raise CheckpointError(f"{self.index}: '{name}' is stored in slices, which is not read here")
            if v.kind not in KINDS:
                continue  # a string or the like: an error only if it is asked for
            if math.prod(v.shape) * v.itemsize != v.size:
                raise CheckpointError(
                    f"{self.index}: damaged: '{name}' {list(v.shape)} should take "
                    f"{math.prod(v.shape) * v.itemsize:,} bytes, the index says {v.size:,}"
                )
            if v.offset + v.size > sizes[v.shard]:
                raise CheckpointError(
                    f"{self.shard(v.shard)}: cut short: '{name}' ends at byte {v.offset + v.size:,}, "
                    f"the file has {sizes[v.shard]:,}"
                )
            claimed += v.size
        if claimed > sum(sizes.values()):
            raise CheckpointError(
                f"{self.index}: damaged: its variables take {claimed:,} bytes, the .data files have "
                f"{sum(sizes.values()):,}"
            )


def _shards(header: bytes) -> int:
    """Of a BundleHeaderProto: how many files there are."""
    found = dict(fields(header))
    if found.get(2, 0) != 0:
        raise ValueError("written on a big-endian machine, which is not read here")
    shards = found.get(1, 0)
    if not isinstance(shards, int) or not 1 <= shards <= MOST_SHARDS:
        raise ValueError(f"it claims {shards} shards")
    return shards


def _variable(entry: bytes) -> Variable:
    """Of a BundleEntryProto."""
    numbers = {1: 0, 3: 0, 4: 0, 5: 0, 6: 0}
    shape: tuple[int, ...] = ()
    is_sliced = False
    for number, value in fields(entry):
        if number == 2 and isinstance(value, bytes):
            shape = tuple(_dimensions(value))
        elif number == 7:
            is_sliced = True
        elif number in numbers and isinstance(value, int):
            numbers[number] = value
    return Variable(numbers[1], shape, numbers[3], numbers[4], numbers[5], numbers[6], is_sliced)


def _dimensions(shape: bytes):
    sizes = [value for number, value in fields(shape) if number == 2 and isinstance(value, bytes)]
    if len(sizes) > MOST_DIMENSIONS:
        raise ValueError(f"a variable has {len(sizes)} dimensions")
    for value in sizes:
        size = dict(fields(value)).get(1, 0)
        if not isinstance(size, int) or size >= 1 << 40:
            raise ValueError("a variable has an impossible shape")
        yield size
