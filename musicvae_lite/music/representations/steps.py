"""What one step of a representation is: plain descriptions by which models choose heads and embeddings.

A window is an array [T, *shape] of `dtype`. Nothing here knows notes or torch.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Categorical:
    """One of `depth` values a step: tokens [T].

    Attributes:
        depth: how many values there are.
        bits: when above 0, a value is a set of that many things, bit n of it standing for thing n, so
            that a model may read it as `bits` zeros and ones (`bits_of`) in place of `depth` one-hot inputs.
        nothing: the value at which nothing happens.
    """

    depth: int
    bits: int = 0
    nothing: int = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one step."""
        return ()

    @property
    def dtype(self) -> np.dtype:
        """Of stored windows."""
        return np.dtype(np.uint8 if self.depth <= 256 else np.uint16)

    @property
    def size(self) -> int:
        """Zeros and ones that spell one step out."""
        return self.depth


@dataclass(frozen=True)
class Product:
    """Several values a step, each out of its own range: tokens [T, P].

    Attributes:
        depths: how many values each part has.
        bits: for each part as in `Categorical`; nothing where no part is a set.
    """

    depths: tuple[int, ...]
    bits: tuple[int, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.depths),)

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(np.uint8 if max(self.depths) <= 256 else np.uint16)

    @property
    def size(self) -> int:
        return sum(self.depths)


@dataclass(frozen=True)
class Binary:
    """`size` zeros and ones a step: [T, D]."""

    size: int

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.size,)

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(np.uint8)


@dataclass(frozen=True)
class Groove:
    """Hits, velocities and offsets of `classes` drums a step: floats [T, 3 * classes], in that order.

    Hits are 0 or 1, velocities in 0..1, offsets in -1..1; the latter two are 0 where there is no hit.
    """

    classes: int

    @property
    def shape(self) -> tuple[int, ...]:
        return (3 * self.classes,)

    @property
    def dtype(self) -> np.dtype:
        return np.dtype(np.float32)

    @property
    def size(self) -> int:
        return 3 * self.classes


Step = Categorical | Product | Binary | Groove


def parts_of(step: Step) -> tuple[Categorical, ...]:
    """Each part of a step of tokens as a step by itself; none for steps of zeros, ones and other numbers."""
    if isinstance(step, Product):
        bits = step.bits or (0,) * len(step.depths)
        return tuple(Categorical(depth, count) for depth, count in zip(step.depths, bits, strict=True))
    return (step,) if isinstance(step, Categorical) else ()


def bits_of(values: np.ndarray, bits: int) -> np.ndarray:
    """Values [...] as zeros and ones uint8 [..., bits], bit n in column n."""
    return (np.asarray(values)[..., None] >> np.arange(bits) & 1).astype(np.uint8)


def value_of(flags: np.ndarray) -> np.ndarray:
    """Zeros and ones [..., bits] as values int64 [...]: the inverse of `bits_of`."""
    flags = np.asarray(flags).astype(np.int64)
    return (flags << np.arange(flags.shape[-1])).sum(-1)
