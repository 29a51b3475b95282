"""The idx format of MNIST and its kin: a magic number, sizes, then bytes; often gzipped.

http://yann.lecun.com/exdb/mnist/ describes it.
"""

from __future__ import annotations

import gzip
import hashlib
import struct
import zlib
from pathlib import Path

import numpy as np

from musicvae_lite.errors import DatasetError, ReadError
from musicvae_lite.resources import RemoteFile

LARGEST = 2**30 - 2**26  # bytes; EMNIST's largest file has 640 million
UNSIGNED_BYTE = 8  # the only type of values that MNIST and its kin use


def read_idx(path: Path) -> np.ndarray:
    """An idx file, gzipped or not, as uint8.

    Raises:
        ReadError: it cannot be read, is no idx file, or ends too early; `code` says which.
    """
    data = _unpacked(path, LARGEST)
    if len(data) < 4 or data[:2] != b"\0\0":
        raise ReadError(path, "is not an idx file: it begins with other bytes", "no idx")
    kind, dimensions = data[2], data[3]
    if kind != UNSIGNED_BYTE or not 1 <= dimensions <= 4:
        raise ReadError(
            path, f"an idx file of type {kind} with {dimensions} dimensions; bytes are read", "type"
        )
    begin = 4 + 4 * dimensions
    if len(data) < begin:
        raise ReadError(path, "ends within its first bytes: download it again", "truncated")
    shape = struct.unpack(f">{dimensions}I", data[4:begin])
    wanted, given = int(np.prod(shape, dtype=object)), len(data) - begin
    if given != wanted:
        word = "ends too early" if given < wanted else "goes on after its end"
        raise ReadError(path, f"{word}: it says {shape}, {wanted:,} bytes, and holds {given:,}", "truncated")
    return np.frombuffer(data, np.uint8, offset=begin).reshape(shape)


def find(folder: Path, name: str) -> Path | None:
    """An idx file by its usual name, gzipped or not, with a dot or a dash before "idx"."""
    stem = name.removesuffix(".gz")
    for candidate in (stem, stem.replace("-idx", ".idx")):
        for suffix in (".gz", ""):
            if (folder / (candidate + suffix)).is_file():
                return folder / (candidate + suffix)
    return None


def check(path: Path, file: RemoteFile) -> None:
    """Compares a file with the checksums that are known of it: of the packed file, or of what is in it.

    Raises:
        DatasetError: it is another file.
    """
    known = {file.sha256, file.unpacked_sha256} - {""}
    with path.open("rb") as opened:
        packed = hashlib.file_digest(opened, "sha256").hexdigest()
    if not known or packed in known or hashlib.sha256(_unpacked(path, LARGEST)).hexdigest() in known:
        return
    raise DatasetError(
        f"{path}: not the file that was expected: its SHA-256 is {packed}, not {file.sha256}. Download it "
        "again; to train on these files as they are, give their folder instead of a name"
    )


def _unpacked(path: Path, largest: int) -> bytearray:
    """The bytes of a file, gzipped or not. Raises ReadError, before there are more than `largest`."""
    try:
        with path.open("rb") as packed:
            is_packed = packed.read(2) == b"\x1f\x8b"
            packed.seek(0)
            data = bytearray()
            with gzip.GzipFile(fileobj=packed) if is_packed else packed as file:
                while part := file.read(2**20):
                    data += part
                    if len(data) > largest:
                        raise ReadError(path, f"holds more than {largest:,} bytes", "limit")
            return data
    except (OSError, EOFError, zlib.error) as error:
        raise ReadError(
            path, f"cannot be read: {getattr(error, 'strerror', None) or error}", "damaged"
        ) from None
