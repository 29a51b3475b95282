"""Reading snappy blocks, which some table writers make (google/snappy, format_description.txt)."""

from __future__ import annotations


def length_of(data: bytes) -> int:
    """How many bytes a block says it unpacks to. Raises ValueError when it does not say."""
    return _varint(data)[0]


def decompress(data: bytes) -> bytes:
    """The bytes of a block; no more memory is taken than `length_of` says.

    Raises:
        ValueError: the block is damaged.
    """
    length, at = _varint(data)
    out = bytearray()
    try:
        while at < len(data):
            at = _element(data, at, out)
            if len(out) > length:  # by 64 bytes at most, or by what the block itself holds
                break
    except IndexError:
        raise ValueError("a snappy block ends within an element") from None
    if len(out) != length:
        raise ValueError(f"a snappy block claims {length} bytes and holds {len(out)}")
    return bytes(out)


def _element(data: bytes, at: int, out: bytearray) -> int:
    """Appends one literal or copy; returns where the next begins."""
    tag = data[at]
    at += 1
    if tag & 3 == 0:
        size = (tag >> 2) + 1
        if size > 60:
            extra = size - 60
            size = int.from_bytes(_take(data, at, extra), "little") + 1
            at += extra
        out += _take(data, at, size)
        return at + size
    if tag & 3 == 1:
        size, offset = (tag >> 2 & 7) + 4, (tag >> 5) << 8 | data[at]
        at += 1
    else:
        width = 2 if tag & 3 == 2 else 4
        size, offset = (tag >> 2) + 1, int.from_bytes(_take(data, at, width), "little")
        at += width
    if not 0 < offset <= len(out):
        raise ValueError("a snappy block copies from before its beginning")
    start = len(out) - offset
    while size:  # a copy may overlap what it writes
        part = out[start : start + size]
        out += part
        size -= len(part)
        start += len(part)
    return at


def _take(data: bytes, at: int, size: int) -> bytes:
    if at + size > len(data):
        raise IndexError
    return data[at : at + size]


def _varint(data: bytes) -> tuple[int, int]:
    value = shift = 0
    for at, byte in enumerate(data[:5]):
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at + 1
    raise ValueError("a snappy block without a length")
