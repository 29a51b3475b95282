"""CRC-32C (Castagnoli), as TensorFlow's checkpoints carry it, fast enough for half a gigabyte.

A message is cut into lanes whose checksums are computed side by side with numpy and joined afterwards:
the checksum is linear over GF(2), so that "followed by n bytes" is a matrix. RFC 3720, appendix B.4.
"""

from __future__ import annotations

from functools import cache

import numpy as np

POLYNOMIAL = 0x82F63B78  # reflected
LANE_WORDS = 1024  # 32-bit words a lane
BLOCK_LANES = 4096  # lanes computed side by side
MASK_DELTA = 0xA282EAD8


def crc32c(data: bytes | np.ndarray) -> int:
    """The checksum of bytes, or of the bytes of an array."""
    flat = np.frombuffer(data, np.uint8) if isinstance(data, bytes | bytearray | memoryview) else _bytes(data)
    state = 0xFFFFFFFF
    lane = 4 * LANE_WORDS
    for begin in range(0, len(flat) // lane * lane, lane * BLOCK_LANES):
        words = flat[begin : begin + lane * BLOCK_LANES]
        words = words[: len(words) // lane * lane].view("<u4").reshape(-1, LANE_WORDS)
        state = _shift(state, words.nbytes) ^ _lanes(words)
    table = _byte_table()
    for byte in flat[len(flat) // lane * lane :].tolist():
        state = table[(state ^ byte) & 0xFF] ^ (state >> 8)
    return state ^ 0xFFFFFFFF


def masked(crc: int) -> int:
    """As it is stored: rotated and shifted, because a checksum of checksums is weak."""
    return (((crc >> 15) | (crc << 17)) + MASK_DELTA) & 0xFFFFFFFF


def _bytes(array: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8)


def _lanes(words: np.ndarray) -> int:
    """The checksum, begun at zero, of words [lanes, LANE_WORDS] read row by row."""
    low, high = _word_tables()
    state, other = np.zeros(len(words), dtype=np.uint32), np.empty(len(words), dtype=np.uint32)
    index = np.empty(len(words), dtype=np.intp)
    for column in np.ascontiguousarray(words.T):
        state ^= column
        np.right_shift(state, 16, out=index, casting="unsafe")
        np.take(high, index, out=other, mode="clip")
        np.bitwise_and(state, 0xFFFF, out=index, casting="unsafe")
        np.take(low, index, out=state, mode="clip")
        state ^= other
    length = 4 * LANE_WORDS
    while len(state) > 1:  # neighbours are joined; a lane of zeros before the first changes nothing
        if len(state) % 2:
            state = np.concatenate([np.zeros(1, np.uint32), state])
        state = _moved(state[0::2], length) ^ state[1::2]
        length *= 2
    return int(state[0])


@cache
def _byte_table() -> list[int]:
    table = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        table = np.where(table & 1, (table >> 1) ^ np.uint32(POLYNOMIAL), table >> 1)
    return table.tolist()


@cache
def _word_tables() -> tuple[np.ndarray, np.ndarray]:
    """What the low and the high half of a state become four bytes later."""
    table = np.array(_byte_table(), dtype=np.uint32)

    def later(state: np.ndarray) -> np.ndarray:
        for _ in range(4):
            state = table[state & 0xFF] ^ (state >> 8)
        return state

    halves = np.arange(1 << 16, dtype=np.uint32)
    return later(halves), later(halves << np.uint32(16))


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


def _shift(state: int, length: int) -> int:
    return _apply(_columns(length), state)


def _moved(states: np.ndarray, length: int) -> np.ndarray:
    """`_shift` of many states."""
    result = np.zeros_like(states)
    for bit, column in enumerate(_columns(length)):
        result ^= np.where(states >> np.uint32(bit) & np.uint32(1), np.uint32(column), np.uint32(0))
    return result
