"""A shuffled order that is a function of (seed, epoch) and needs no memory.

The place of every window in an epoch's order is computed, not stored: a run resumes in the middle
of an epoch, and several processes share one, without a permutation of the whole dataset in memory,
and numpy's own shuffles may change between its versions while this one stays.
"""

from __future__ import annotations

import numpy as np

ROUNDS = 6


def shuffled(positions: np.ndarray, count: int, seed: int, epoch: int) -> np.ndarray:
    """Which item of `count` stands at each position of an epoch's order.

    A Feistel network over the smallest square of a power of two that holds `count`, walked until it
    lands below `count` (Black and Rogaway: Ciphers with arbitrary finite domains, 2002).

    Args:
        positions: int [B], each 0 to count - 1.
        count: number of items.
        seed, epoch: choose the order.

    Returns:
        int64 [B]. Over all positions, every item comes once.
    """
    half = max(1, -(-(max(count - 1, 1)).bit_length() // 2))  # bits of each half
    keys = np.random.SeedSequence([seed % 2**64, epoch]).generate_state(ROUNDS, np.uint64)
    values = _permute(positions.astype(np.uint64), keys, half)
    while (outside := values >= count).any():
        values[outside] = _permute(values[outside], keys, half)
    return values.astype(np.int64)


def _permute(values: np.ndarray, keys: np.ndarray, half: int) -> np.ndarray:
    """One to one on uint64 [B] below 4**half."""
    shift, mask = np.uint64(half), np.uint64((1 << half) - 1)
    left, right = values >> shift, values & mask
    for key in keys:
        hashed = (right + key) * np.uint64(0x9E3779B97F4A7C15)
        hashed = (hashed ^ (hashed >> np.uint64(32))) * np.uint64(0xBF58476D1CE4E5B9)
        left, right = right, left ^ ((hashed >> np.uint64(32)) & mask)
    return (left << shift) | right


def over_epochs(positions: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Which item of `count` stands at each position, int [B], of epoch after epoch in an order of its own."""
    if not len(positions):
        return positions
    epochs, within = np.divmod(positions, count)
    parts = [shuffled(within[epochs == epoch], count, seed, int(epoch)) for epoch in np.unique(epochs)]
    return np.concatenate(parts)
