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
        at = len(data) - FOOTER
        for _ in range(2):  # the handle of the metaindex, which is not needed
            _, at = varint(data, at)
        offset, at = varint(data, at)
        size, _ = varint(data, at)
        entries: dict[bytes, bytes] = {}
        for _, handle in _entries(_block(data, offset, size, where)):
            offset, at = varint(handle, 0)
            size, _ = varint(handle, at)
            entries |= _entries(_block(data, offset, size, where))
        return entries
    except (IndexError, struct.error, ValueError) as error:
        raise CheckpointError(f"{where}: damaged table: {error}") from error


def _block(data: bytes, offset: int, size: int, where: object) -> bytes:
    end = offset + size
    if end + TRAILER > len(data) - FOOTER:
        raise CheckpointError(f"{where}: cut short: a block ends at byte {end}, the file has {len(data)}")
    kind, stored = struct.unpack("<BI", data[end : end + TRAILER])
    if masked(crc32c(data[offset : end + 1])) != stored:
        raise CheckpointError(f"{where}: damaged: the checksum of the block at byte {offset} fails")
    if kind == PLAIN:
        return data[offset:end]
    if kind == SNAPPY:
        return snappy.decompress(data[offset:end])
    raise CheckpointError(f"{where}: a block is compressed in a way that is not known ({kind})")


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
