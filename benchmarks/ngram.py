"""An n-gram language model of token sequences: interpolated Kneser-Ney in numpy.

    p_k(w | h) = (max(a(h w) - D_k, 0) + D_k * types(h) * p_(k-1)(w | h')) / a(h)

where h' is h without its oldest token, a() are raw counts at the highest order and, below it, the
number of different tokens seen before an n-gram (raw counts for n-grams that start a sequence, which
nothing comes before), types(h) is how many tokens were seen after h, and D_k = n1 / (n1 + 2 n2) with
n1, n2 the number of n-grams counted once and twice. Below single tokens stands 1 / V. A history never
seen leaves the word to the shorter one. Kneser and Ney 1995; Chen and Goodman 1998, section 4.1.6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Order:
    """The counts of one order k. A key packs k tokens, the oldest first.

    Attributes:
        keys: int64 [G], sorted.
        counts: float64 [G], a(h w).
        histories: int64 [H], sorted keys of the first k - 1 tokens.
        totals, types: float64 [H], a(h) and types(h).
        discount: D_k.
    """

    keys: np.ndarray
    counts: np.ndarray
    histories: np.ndarray
    totals: np.ndarray
    types: np.ndarray
    discount: float

    @classmethod
    def of(cls, keys: np.ndarray, counts: np.ndarray, base: int) -> Order:
        histories, first = np.unique(keys // base, return_index=True)  # keys are sorted, so these are runs
        once, twice = np.count_nonzero(counts == 1), np.count_nonzero(counts == 2)
        discount = once / (once + 2 * twice) if once and twice else 0.5
        types = np.diff(np.append(first, len(keys))).astype(np.float64)
        return cls(keys, counts, histories, np.add.reduceat(counts, first), types, discount)

    def refine(self, below: np.ndarray, keys: np.ndarray, base: int) -> np.ndarray:
        """p_k of n-grams [N] from p_(k-1) `below` [N]."""
        (count,) = _look_up(self.keys, keys, self.counts)
        total, types = _look_up(self.histories, keys // base, self.totals, self.types)
        seen = total > 0
        mass = np.maximum(count - self.discount, 0) + self.discount * types * below
        return np.where(seen, mass / np.where(seen, total, 1), below)


class NGram:
    """A language model over tokens 0 to `depth` - 1; sequences begin with a token of its own."""

    def __init__(self, depth: int, orders: Sequence[Order]):
        self.depth, self.base, self.orders = depth, depth + 1, tuple(orders)

    @classmethod
    def fit(
        cls,
        tokens: np.ndarray,
        depth: int,
        order: int = 5,
        shifts: Sequence[int] = (0,),
        pitches: tuple[int, int] | None = None,
    ) -> NGram:
        """Counts the sequences [N, T].

        Args:
            order: length of the longest n-grams.
            shifts: each sequence counts once moved by each of these, in tokens.
            pitches: first and last token that moves; one that would leave this range stays.
        """
        base = depth + 1
        grams, counts = np.unique(pack(padded(tokens, depth, order), base), return_counts=True)
        if tuple(shifts) != (0,):
            first, last = pitches or (0, depth - 1)
            parts = unpack(grams, base, order)
            moved = [pack(_moved(parts, s, first, last), base) for s in shifts]
            grams, where = np.unique(np.concatenate(moved), return_inverse=True)
            counts = np.bincount(where, weights=np.tile(counts, len(shifts)))
        raw = counts.astype(np.float64)
        orders = [Order.of(grams, raw, base)]
        for k in range(order - 1, 0, -1):
            grams, where = np.unique(grams % base**k, return_inverse=True)
            types, raw = np.bincount(where).astype(np.float64), np.bincount(where, weights=raw)
            starts = grams // base ** (k - 1) == depth
            orders.append(Order.of(grams, np.where(starts, raw, types), base))
        return cls(depth, orders[::-1])

    def log_prob(self, tokens: np.ndarray) -> np.ndarray:
        """Log-probability of each token of sequences [N, T], nats [N, T]."""
        grams = padded(tokens, self.depth, len(self.orders))
        return np.log(self._prob(pack(grams, self.base))).reshape(np.shape(tokens))

    def following(self, history: np.ndarray) -> np.ndarray:
        """Probabilities [depth] of what follows a history of tokens (shorter: the sequence began)."""
        order = len(self.orders)
        context = np.concatenate([np.full(order - 1, self.depth), history])[len(history) :]
        grams = np.tile(np.append(context, 0), (self.depth, 1)).astype(np.int64)
        grams[:, -1] = np.arange(self.depth)
        return self._prob(pack(grams, self.base))

    def _prob(self, keys: np.ndarray) -> np.ndarray:
        distinct, where = np.unique(keys, return_inverse=True)
        p = np.full(len(distinct), 1 / self.depth)
        for k, order in enumerate(self.orders, 1):
            p = order.refine(p, distinct % self.base**k, self.base)
        return p[where]


def padded(tokens: np.ndarray, depth: int, order: int) -> np.ndarray:
    """All n-grams [N * T, order] of sequences [N, T], with `depth` standing for "before the start"."""
    start = np.full((len(tokens), order - 1), depth, dtype=np.int64)
    long = np.concatenate([start, tokens.astype(np.int64)], axis=1)
    return np.lib.stride_tricks.sliding_window_view(long, order, axis=1).reshape(-1, order)


def pack(grams: np.ndarray, base: int) -> np.ndarray:
    """One number int64 [N] for each n-gram [N, k], the oldest token in front."""
    return grams @ (base ** np.arange(grams.shape[1])[::-1])


def unpack(keys: np.ndarray, base: int, order: int) -> np.ndarray:
    """The tokens [N, order] of keys [N]."""
    return keys[:, None] // base ** np.arange(order)[::-1] % base


def _moved(grams: np.ndarray, shift: int, first: int, last: int) -> np.ndarray:
    to = grams + shift
    fits = (grams >= first) & (grams <= last) & (to >= first) & (to <= last)
    return np.where(fits, to, grams)


def _look_up(table: np.ndarray, keys: np.ndarray, *values: np.ndarray) -> tuple[np.ndarray, ...]:
    """The values at each key [N], 0 where the sorted table lacks it."""
    at = np.minimum(np.searchsorted(table, keys), len(table) - 1)
    found = table[at] == keys
    return tuple(np.where(found, column[at], 0.0) for column in values)
