"""The grid: bar lines and steps of a score, counted in ticks and never in seconds.

Steps run through the whole song and begin anew on every meter change, so that a pickup of an odd
length, or a change in mid-bar, does not push what follows off the grid. All bar arithmetic is done
in whole numbers: nothing drifts, whatever the meter and the resolution.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from weakref import WeakKeyDictionary

import numpy as np

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.score import Meter, MeterChange, Score

_KNOWN: WeakKeyDictionary[Score, dict[int, Grid]] = WeakKeyDictionary()  # of scores at hand, by resolution
AGREEMENT = 0.7  # length of the mean of the onsets' places on a circle: 0 for chance, 1 for all alike


def accepts(model: Meter, song: Meter) -> bool:
    """Whether bars of a song's meter can fill the bars of a model's meter.

    The same length, or shorter bars of which a whole number makes one (2/4 into 4/4, 3/8 into 6/8);
    simple and compound meters never mix (3/4 is not 6/8).
    """
    if model.is_compound != song.is_compound:
        return False
    return (model.numerator * song.denominator) % (song.numerator * model.denominator) == 0


def steps_per_bar(meter: Meter, steps_per_quarter: int) -> int:
    """Steps in a bar. Raises ConfigError when the grid does not divide the bar."""
    steps, rest = divmod(4 * meter.numerator * steps_per_quarter, meter.denominator)
    if rest:
        raise ConfigError(
            f"{steps_per_quarter} steps a quarter do not divide a bar of {meter}: "
            f"use a multiple of {meter.denominator // 4}"
        )
    return steps


@dataclass(frozen=True)
class Stretch:
    """Bars of one meter, from one meter change to the next.

    Attributes:
        meter: their meter.
        bar: number of the first bar, counted from 1.
        bars: how many full bars there are.
        cut: whether one more bar follows that the next meter change cuts short.
        tick: where the first bar begins, in ticks.
        step: the same in steps of the whole song.
        steps: steps of the full bars.
        bar_steps: steps of one bar; not a whole number where the grid is too coarse for the meter.
    """

    meter: Meter
    bar: int
    bars: int
    cut: bool
    tick: int
    step: int
    steps: int
    bar_steps: float


@dataclass(frozen=True)
class Grid:
    """Bar lines and steps of one score.

    Attributes:
        ticks_per_quarter, steps_per_quarter: resolution of the score and of the grid.
        stretches: the song, meter by meter; at least one, and the last one ends with a full bar.
        steps: steps of the whole song.
    """

    ticks_per_quarter: int
    steps_per_quarter: int
    stretches: tuple[Stretch, ...]
    steps: int

    @classmethod
    def of(cls, score: Score, steps_per_quarter: int = 4) -> Grid:
        """The grid of a score. Raises ConfigError when `steps_per_quarter` is not positive."""
        if steps_per_quarter < 1:
            raise ConfigError(f"steps_per_quarter must be at least 1, not {steps_per_quarter}")
        known = _KNOWN.setdefault(score, {})
        if steps_per_quarter not in known:
            known[steps_per_quarter] = cls._made(score, steps_per_quarter)
        return known[steps_per_quarter]

    @classmethod
    def _made(cls, score: Score, steps_per_quarter: int) -> Grid:
        tpq, spq = score.ticks_per_quarter, steps_per_quarter
        changes = _changes(score, tpq)
        stretches: list[Stretch] = []
        bar, step = 1, 0
        for index, change in enumerate(changes):
            meter, tick = change.meter, change.tick
            quarters = 4 * meter.numerator  # of a bar, times the denominator
            if index + 1 < len(changes):
                span = changes[index + 1].tick - tick
                bars, rest = divmod(span * meter.denominator, quarters * tpq)
                length = -(-span * spq // tpq)
            else:
                rest, length = 0, _last_steps(score, tick, spq)
                bars = max(1, -(-length * meter.denominator // (quarters * spq)))
                length = -(-bars * quarters * spq // meter.denominator)
            steps = bars * quarters * spq // meter.denominator
            stretches.append(
                Stretch(meter, bar, bars, rest > 0, tick, step, steps, quarters * spq / meter.denominator)
            )
            bar, step = bar + bars + (rest > 0), step + length
        return cls(tpq, spq, tuple(stretches), step)

    @property
    def step_ticks(self) -> float:
        """Length of one step in ticks."""
        return self.ticks_per_quarter / self.steps_per_quarter

    @property
    def bars(self) -> int:
        """How many bars the song has, those cut short included."""
        last = self.stretches[-1]
        return last.bar + last.bars - 1

    @property
    def has_pickup(self) -> bool:
        """Whether the song begins with one bar that is shorter than the bars after it."""
        if len(self.stretches) < 2:
            return False
        first, second = self.stretches[:2]
        shorter = second.tick < second.meter.quarters * self.ticks_per_quarter
        return shorter and first.bars + first.cut == 1

    @cached_property
    def bar_ticks(self) -> np.ndarray:
        """Where all bar lines lie, the closing one included: ticks, float64 [bars + 1]."""
        lines: list[float] = []
        for stretch in self.stretches:
            length = stretch.meter.quarters * self.ticks_per_quarter
            lines += [stretch.tick + length * bar for bar in range(stretch.bars + stretch.cut)]
        last = self.stretches[-1]
        return np.array([*lines, last.tick + last.meter.quarters * self.ticks_per_quarter * last.bars])

    @cached_property
    def _tables(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Tick, step, bar and steps a bar of every stretch, as arrays [S]."""
        rows = self.stretches
        return (
            np.array([s.tick for s in rows]),
            np.array([s.step for s in rows]),
            np.array([s.bar for s in rows]),
            np.array([s.bar_steps for s in rows]),
        )

    def quantise(self, ticks: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The nearest step of each tick.

        Args:
            ticks: integers [N].

        Returns:
            Steps int64 [N], halves rounded up, and how far each tick lies behind its step, as a
            fraction of a step float64 [N], from -0.5 up to but not including 0.5.
        """
        scale = self.steps_per_quarter / self.ticks_per_quarter
        if len(self.stretches) == 1:
            place = ticks * scale
            near = np.floor(place + 0.5)
            return near.astype(np.int64), place - near
        at, steps, _, _ = self._tables
        index = np.searchsorted(at, ticks, side="right") - 1
        place = (ticks - at[index]) * scale
        near = np.floor(place + 0.5)
        return near.astype(np.int64) + steps[index], place - near

    def bar_of_step(self, steps: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Bar numbers counted from 1, int64 [N], and the step within its bar, int64 [N]."""
        steps = np.asarray(steps)
        if len(self.stretches) == 1:
            size = self.stretches[0].bar_steps
            bar = (steps / size).astype(np.int64)
            return bar + 1, (steps - bar * size).astype(np.int64)
        _, at, bars, sizes = self._tables
        index = np.searchsorted(at, steps, side="right") - 1
        local, size = steps - at[index], sizes[index]
        bar = (local / size).astype(np.int64)
        return bars[index] + bar, (local - bar * size).astype(np.int64)

    def step_of_bar(self, bars: np.ndarray) -> np.ndarray:
        """The first step of bars counted from 1, int64 [N]."""
        _, at, first, sizes = self._tables
        index = np.searchsorted(first, bars, side="right") - 1
        return np.rint(at[index] + (bars - first[index]) * sizes[index]).astype(np.int64)

    def tick_of_step(self, steps: np.ndarray) -> np.ndarray:
        """The tick nearest to each step, int32 [N]."""
        at, first, _, _ = self._tables
        index = np.searchsorted(first, steps, side="right") - 1
        return np.rint(at[index] + (steps - first[index]) * self.step_ticks).astype(np.int32)

    def bar_of_tick(self, ticks: np.ndarray) -> np.ndarray:
        """Bar numbers counted from 1, int64 [N], of ticks that need not lie on the grid."""
        at, _, bars, sizes = self._tables
        index = np.searchsorted(at, ticks, side="right") - 1
        local = (np.asarray(ticks) - at[index]) / (sizes[index] * self.step_ticks)
        return bars[index] + local.astype(np.int64)


def common_shift(offset: np.ndarray) -> float:
    """How far all onsets lie behind the grid together, as a fraction of a step; 0 when they disagree.

    Recorded and transcribed songs often keep strict time that misses the bar lines by a constant.

    Args:
        offset: distance of each onset from its step [N], as `Grid.quantise` gives it.
    """
    mean = np.exp(2j * np.pi * offset).mean()  # offsets of -0.5 and 0.5 are the same place
    return float(np.angle(mean)) / (2 * np.pi) if abs(mean) >= AGREEMENT else 0.0


def _changes(score: Score, ticks_per_quarter: int) -> list[MeterChange]:
    """Meter changes within the song; one that only repeats the meter on a bar line is no change."""
    kept: list[MeterChange] = []
    end = score.end_tick
    for change in score.meters:
        if kept and change.tick >= end:
            break
        if kept and change.tick == kept[-1].tick:
            kept.pop()
        if kept and change.meter == kept[-1].meter:
            span = (change.tick - kept[-1].tick) * change.meter.denominator
            if span % (4 * change.meter.numerator * ticks_per_quarter) == 0:
                continue
        kept.append(change)
    return kept


def _last_steps(score: Score, tick: int, steps_per_quarter: int) -> int:
    """Steps from the last meter change to the end: no note is shorter than one step."""
    if not len(score):
        return 0
    double = 2 * score.ticks_per_quarter  # rounding halves up, in whole numbers
    end = (2 * (score.end_tick - tick) * steps_per_quarter + score.ticks_per_quarter) // double
    last = (2 * (int(score.start[-1]) - tick) * steps_per_quarter + score.ticks_per_quarter) // double
    return max(end, last + 1)
