"""numpy's files, .npy and .npz, of anyone's: no pickles, and no more memory than a file says and may take."""

from __future__ import annotations

import io
import math
import tokenize
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

MAGIC = b"\x93NUMPY"
LONGEST_HEADER = 2**16
MOST_ARRAYS = 1024  # in one .npz
# What is raised at damaged files, by numpy, zipfile and Python's own reader of literals.
FAULTS = (
    OSError,
    ValueError,
    TypeError,
    EOFError,
    RuntimeError,  # nesting that is too deep among them
    MemoryError,
    OverflowError,
    SyntaxError,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


def load(path: Path, largest: int) -> np.ndarray | dict[str, np.ndarray]:
    """The array of a .npy file, or those of a .npz file by name; what the file is, its first bytes say.

    Args:
        largest: bytes of the file, and of what it unpacks to.

    Raises:
        Any of `FAULTS`: it cannot be read, is damaged, holds more, or holds what is no plain array.
    """
    if path.is_fifo():  # to open one could take for ever
        raise ValueError("it is a pipe")
    with path.open("rb") as file:
        size = file.seek(0, io.SEEK_END)
        file.seek(0)
        if size > largest:
            raise ValueError(f"it has {size:,} bytes, more than {largest:,}")
        if file.read(len(MAGIC)) == MAGIC:
            file.seek(0)
            return _array(_filled(file, size))
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
            if len(members) > MOST_ARRAYS:
                raise ValueError(f"it holds {len(members):,} arrays, more than {MOST_ARRAYS:,}")
            size = sum(member.file_size for member in members)
            if size > largest:
                raise ValueError(f"it unpacks to {size:,} bytes, more than {largest:,}")
            return {member.filename.removesuffix(".npy"): _member(archive, member) for member in members}


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ValueError(f"'{member.filename[:80]}' is compressed in a way that numpy never writes")
    with archive.open(member) as file:
        return _array(_filled(file, member.file_size))


def _filled(file: IO[bytes], size: int) -> bytearray:
    """The next bytes of a file, `size` of them. Raises ValueError when there are fewer."""
    data = bytearray(size)
    view, at = memoryview(data), 0
    while at < size:
        part = file.read(min(2**20, size - at))
        if not part:
            raise ValueError(f"it ends after {at:,} of {size:,} bytes")
        view[at : at + len(part)] = part
        at += len(part)
    return data


def _array(data: bytearray) -> np.ndarray:
    """The array of a .npy file's bytes, over them."""
    file = io.BytesIO(bytes(data[:LONGEST_HEADER]))
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError(f"version {version} of the format is not read")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    with warnings.catch_warnings():  # such as those that Python 2 wrote
        warnings.simplefilter("ignore")
        shape, is_fortran, dtype = read(file)
    if dtype.hasobject or dtype.fields is not None:
        raise ValueError(f"it holds {dtype}, not numbers or text")
    size, rest = math.prod(shape) * dtype.itemsize, len(data) - file.tell()
    if size != rest or min(shape, default=0) < 0:
        raise ValueError(f"an array {list(shape)} of {dtype} takes {size:,} bytes, {rest:,} are there")
    values = np.frombuffer(data, dtype, offset=file.tell()) if size else np.zeros(0, dtype)
    return values.reshape(shape, order="F" if is_fortran else "C")
