"""Sorted tables of keys and values, the format of a checkpoint's index file.

LevelDB's (doc/table_format.md): blocks of entries whose keys share prefixes with the key before, each with
a type byte and a masked checksum behind it; an index block that says where the others lie; a footer with a
magic number.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

from musicvae_lite.errors import CheckpointError
from musicvae_lite.magenta import snappy
from musicvae_lite.magenta.checksums import crc32c, masked
from musicvae_lite.magenta.wire import varint

FOOTER, TRAILER = 48, 5
MAGIC = 0xDB4775248B80FB57
PLAIN, SNAPPY = 0, 1
LARGEST_BLOCK = 1 << 22  # bytes unpacked; writers cut tables into blocks of 4 to 256 KiB
LARGEST_UNPACKED = 1 << 26  # bytes of all keys and values, and of all packed blocks
MOST_ENTRIES = 1 << 16


def read_table(data: bytes, where: object) -> dict[bytes, bytes]:
    """All keys and values of a table.

    Args:
        where: the file, for messages.

    Raises:
        CheckpointError: no table, cut short, or a checksum that fails.
    """
    if len(data) < FOOTER or struct.unpack("<Q", data[-8:])[0] != MAGIC:
        raise CheckpointError(
            f"{where}: not the index of a TensorFlow checkpoint, or cut short: it does not end as one"
        )
    try:
        return _Reader(data, where).entries()
    except (IndexError, struct.error, ValueError) as error:
        raise CheckpointError(f"{where}: damaged table: {error}") from error


class _Reader:
    """Reads the blocks of one table, and counts what they unpack to."""

    def __init__(self, data: bytes, where: object):
        self.data, self.where = data, where
        self.end = len(data) - FOOTER
        self.unpacked = 0

    def entries(self) -> dict[bytes, bytes]:
        at = self.end
        for _ in range(2):  # the handle of the metaindex, which is not needed
            _, at = varint(self.data, at)
        found: dict[bytes, bytes] = {}
        last, reached = None, 0
        for _, handle in self._entries(*_place(self.data, at)):
            offset, size = _place(handle, 0)
            if offset < reached:
                raise ValueError(f"the block at byte {offset} is named twice, or overlaps the one before it")
            reached = offset + size + TRAILER
            for key, value in self._entries(offset, size):
                if last is not None and key <= last:
                    raise ValueError("its keys are not in order")
                if len(found) >= MOST_ENTRIES:
                    raise ValueError(f"it has more than {MOST_ENTRIES:,} entries")
                found[key] = value
                last = key
        return found

    def _entries(self, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
        for key, value in _entries(self._block(offset, size)):
            self._count(len(key) + len(value))
            yield key, value

    def _count(self, size: int) -> None:
        self.unpacked += size
        if self.unpacked > LARGEST_UNPACKED:
            raise ValueError(f"it unpacks to more than {LARGEST_UNPACKED:,} bytes")

    def _block(self, offset: int, size: int) -> bytes:
        end = offset + size
        if end + TRAILER > self.end:
            raise CheckpointError(
                f"{self.where}: cut short: a block ends at byte {end}, the file has {len(self.data)}"
            )
        kind, stored = struct.unpack("<BI", self.data[end : end + TRAILER])
        if masked(crc32c(self.data[offset : end + 1])) != stored:
            raise CheckpointError(f"{self.where}: damaged: the checksum of the block at byte {offset} fails")
        block = self.data[offset:end]
        if kind == PLAIN:
            return block
        if kind != SNAPPY:
            raise CheckpointError(f"{self.where}: a block is compressed in a way that is not known ({kind})")
        length = snappy.length_of(block)
        if length > LARGEST_BLOCK:
            raise ValueError(
                f"the block at byte {offset} unpacks to {length:,} bytes, more than {LARGEST_BLOCK:,}"
            )
        self._count(length)
        return snappy.decompress(block)


def _place(handle: bytes, at: int) -> tuple[int, int]:
    """Where a block lies: its first byte and its size."""
    offset, at = varint(handle, at)
    return offset, varint(handle, at)[0]


def _entries(block: bytes) -> Iterator[tuple[bytes, bytes]]:
    (restarts,) = struct.unpack("<I", block[-4:])
    end = len(block) - 4 * (restarts + 1)
    if end < 0:
        raise ValueError(f"a block of {len(block)} bytes claims {restarts} restart points")
    at, key = 0, b""
    while at < end:
        shared, at = varint(block, at)
        fresh, at = varint(block, at)
        size, at = varint(block, at)
        if shared > len(key) or at + fresh + size > end:
            raise ValueError("an entry reaches beyond its block")
        key = key[:shared] + block[at : at + fresh]
        yield key, block[at + fresh : at + fresh + size]
        at += fresh + size
