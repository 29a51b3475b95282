"""What every representation offers: windows of a score as integer arrays, and the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from musicvae_lite.music.score import Meter, Score


@dataclass(frozen=True)
class Rejection:
    """Why a stretch of a song gave no window.

    Attributes:
        bar: first bar of the stretch, counted from 1; 0 when it concerns the whole song. For a fault
            that lies in one place ("polyphony", "range") it is the bar of the fault.
        code: short stable name of the rule, for tables ("meter", "rest", "off-grid").
        detail: one sentence for the user, without file or bar; of a stretch, about its first bar.
        last: last bar of the stretch; 0 when the stretch is one bar.
    """

    bar: int
    code: str
    detail: str
    last: int = 0

    @property
    def bars(self) -> range:
        """The bars of the stretch; none when the whole song is meant."""
        return range(self.bar, max(self.bar, self.last) + 1) if self.bar else range(0)


@dataclass(frozen=True, eq=False)
class Extraction:
    """The windows of one song.

    Attributes:
        tokens: [W, T, ...] in the representation's compact integer form.
        bar: int32 [W], the bar each window starts in, counted from 1.
        step: int32 [W], the step within that bar at which it starts (0: on the bar line).
        tick: int32 [W], the tick each window starts at.
        rejections: every stretch that gave no window, in order of bars.
        choice: which tracks were taken and why, one sentence ("" when nothing could be taken).
        track: index of the (first) track taken, -1 when none.
    """

    tokens: np.ndarray
    bar: np.ndarray
    step: np.ndarray
    tick: np.ndarray
    rejections: tuple[Rejection, ...] = ()
    choice: str = ""
    track: int = -1

    def __len__(self) -> int:
        return len(self.tokens)


class Representation(Protocol):
    """One way to turn music into a fixed grid of integers.

    Laws, tested for every representation: `canonical(canonical(t)) == canonical(t)`, and for any
    t a model can emit `windows(to_score(t)).tokens[0] == canonical(t)`.
    """

    name: ClassVar[str]

    @property
    def bars(self) -> int: ...
    @property
    def meter(self) -> Meter: ...
    @property
    def steps_per_quarter(self) -> int: ...
    @property
    def steps(self) -> int:
        """T: steps a window."""
        ...

    @property
    def depth(self) -> int:
        """D: how many values a token can take."""
        ...

    def windows(self, score: Score, hop: int | None = None, track: int | None = None) -> Extraction:
        """Every window of a score, `hop` steps apart (default: one bar)."""
        ...

    def canonical(self, tokens: np.ndarray) -> np.ndarray:
        """The one spelling of tokens [..., T] that sounds the same."""
        ...

    @property
    def pitch_tokens(self) -> tuple[int, int]:
        """The lowest and the highest token that moves with transposition."""
        ...

    def random(self, count: int, generator: np.random.Generator) -> np.ndarray:
        """Made-up windows [count, T, ...] to mix into training."""
        ...

    def transpose(self, tokens: np.ndarray, semitones: np.ndarray) -> np.ndarray: ...

    def fingerprint(self, tokens: np.ndarray) -> np.ndarray:
        """A hash uint64 [W] of windows [W, T]: equal for windows that count as duplicates."""
        ...

    def to_score(self, tokens: np.ndarray, qpm: float = 120.0, program: int = 0, velocity: int = 80) -> Score:
        """Tokens [T] (or any whole number of windows joined, [n * T]) as a score."""
        ...

    def to_config(self) -> dict:
        """Plain values from which `from_config` rebuilds this representation."""
        ...
