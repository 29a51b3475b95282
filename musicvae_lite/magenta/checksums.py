"""CRC-32C (Castagnoli), as TensorFlow's checkpoints carry it, fast enough for half a gigabyte.

The checksum is linear over GF(2): "followed by n bytes" is a matrix. A long message is laid out in rows of
`lanes` words, and each row is folded into the next by the matrix for a row's length, all lanes side by
side with numpy; the last row is then a short message with the same checksum. RFC 3720, appendix B.4.
"""

from __future__ import annotations

from functools import cache

import numpy as np

POLYNOMIAL = 0x82F63B78  # reflected
LANES = (4096, 64)  # words a row: long rows for most of a message, short ones for what is left
MASK_DELTA = 0xA282EAD8


def crc32c(data: bytes | np.ndarray) -> int:
    """The checksum of bytes, or of the bytes of an array."""
    flat = np.frombuffer(data, np.uint8) if isinstance(data, bytes | bytearray | memoryview) else _bytes(data)
    state = 0xFFFFFFFF
    for lanes in LANES:
        rows = len(flat) // (4 * lanes)
        if rows:
            state = _folded(flat[: rows * 4 * lanes].view("<u4").reshape(rows, lanes), state)
            flat = flat[rows * 4 * lanes :]
    table = _byte_table()
    for byte in flat.tolist():
        state = table[(state ^ byte) & 0xFF] ^ (state >> 8)
    return state ^ 0xFFFFFFFF


def masked(crc: int) -> int:
    """As it is stored: rotated and shifted, because a checksum of checksums is weak."""
    return (((crc >> 15) | (crc << 17)) + MASK_DELTA) & 0xFFFFFFFF


def _bytes(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def _folded(words: np.ndarray, state: int) -> int:
    """The state after words [rows, lanes], from the one before them."""
    lanes = words.shape[1]
    low, high = _row_tables(lanes)
    row, other = words[0].astype(np.uint32), np.empty(lanes, dtype=np.uint32)
    row[0] ^= np.uint32(state)
    index = np.empty(lanes, dtype=np.intp)
    for following in words[1:]:
        np.right_shift(row, 16, out=index, casting="unsafe")
        np.take(high, index, out=other, mode="clip")
        np.bitwise_and(row, 0xFFFF, out=index, casting="unsafe")
        np.take(low, index, out=row, mode="clip")
        row ^= other
        row ^= following
    row, length = _moved(row, 4), 4
    while len(row) > 1:  # neighbours are joined
        row, length = _moved(row[0::2], length) ^ row[1::2], 2 * length
    return int(row[0])


@cache
def _byte_table() -> list[int]:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(POLYNOMIAL), table >> 1)
    return table.tolist()


@cache
def _row_tables(lanes: int) -> tuple[np.ndarray, np.ndarray]:
    """What the low and the high half of a state become a row later."""
    halves = np.arange(1 << 16, dtype=np.uint32)
    return _moved(halves, 4 * lanes), _moved(halves << np.uint32(16), 4 * lanes)


@cache
def _columns(length: int) -> tuple[int, ...]:
    """The matrix of "followed by `length` zero bytes": what becomes of each bit of a state."""
    if length == 1:
        table = _byte_table()
        return tuple(table[bit & 0xFF] ^ (bit >> 8) for bit in (1 << n for n in range(32)))
    half = _columns(length // 2)
    doubled = tuple(_apply(half, column) for column in half)
    if length % 2 == 0:
        return doubled
    return tuple(_apply(_columns(1), column) for column in doubled)


def _apply(columns: tuple[int, ...], state: int) -> int:
    result = 0
    for bit, column in enumerate(columns):
        if state >> bit & 1:
            result ^= column
    return result


def _moved(states: np.ndarray, length: int) -> np.ndarray:
    """States after `length` zero bytes."""
    result = np.zeros_like(states)
    for bit, column in enumerate(_columns(length)):
        result ^= np.where(states >> np.uint32(bit) & np.uint32(1), np.uint32(column), np.uint32(0))
    return result
