"""Hashes of windows, by which duplicates are found."""

from __future__ import annotations

import numpy as np


def hash_rows(rows: np.ndarray) -> np.ndarray:
    """A hash uint64 [W] of the bytes of rows uint8 [W, N]."""
    rows = np.ascontiguousarray(rows, dtype=np.uint8)
    if rows.shape[1] % 8:
        rows = np.pad(rows, ((0, 0), (0, -rows.shape[1] % 8)))
    words = rows.view("<u8").astype(np.uint64, copy=False)  # [W, ceil(N / 8)]
    keys = mix(np.arange(1, words.shape[1] + 1, dtype=np.uint64))
    return mix(mix(words ^ keys).sum(axis=1, dtype=np.uint64))


def as_bytes(tokens: np.ndarray) -> np.ndarray:
    """Whole-number windows [W, T, ...] as rows uint8 [W, N] of their bytes, the same on every machine."""
    tokens = np.ascontiguousarray(tokens)
    little = tokens.astype(tokens.dtype.newbyteorder("<"), copy=False)
    return little.reshape(len(tokens), -1).view(np.uint8)


def mix(words: np.ndarray) -> np.ndarray:
    """Spreads uint64 of any shape over all 64 bits, one to one.

    The finaliser of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
    """
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
