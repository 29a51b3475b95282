"""Time on axes: bar lines and beats, bar numbers, chord symbols, and how a long song is cut into lines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from musicvae_lite.music.grid import Grid
from musicvae_lite.music.score import Chord, Score
from musicvae_lite.plot.pages import FAINT_INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR_LINE, BEAT_LINE = "#a9aeb8", "#e3e5ea"
LINE_QUARTERS = 32  # quarter notes a line holds before the roll goes on in the next
MOST_LINES = 12  # longer songs get longer lines
MOST_NUMBERS = 24  # in a line
CHORD_INCHES = 0.09  # a letter of a chord symbol
Span = tuple[float, float]  # begin and end in ticks


def lines(bars: np.ndarray, ticks_per_quarter: int, has_pickup: bool = False) -> list[Span]:
    """Cuts a song into lines of whole bars, about the same number in each.

    Args:
        bars: ticks of all bar lines, the closing one included: [bars + 1].
        has_pickup: the first bar is short, and stands before the bars of the first line.
    """
    full = bars[1:] if has_pickup and len(bars) > 2 else bars
    quarters = (full[-1] - full[0]) / ticks_per_quarter
    count = min(max(math.ceil(quarters / LINE_QUARTERS), 1), MOST_LINES, len(full) - 1)
    each = math.ceil((len(full) - 1) / count)
    if each > 4:
        each = -(-each // 4) * 4  # lines of 4, 8, 12 bars read best
    starts = range(0, len(full) - 1, each)
    spans = [(float(full[first]), float(full[min(first + each, len(full) - 1)])) for first in starts]
    return [(float(bars[0]), spans[0][1]), *spans[1:]]


def reaching(score: Score, end: float) -> np.ndarray:
    """Ticks of all bar lines of a score, and of further bars like its last one up to `end`."""
    grid = Grid.of(score)
    length = grid.stretches[-1].meter.quarters * score.ticks_per_quarter
    last = float(grid.bar_ticks[-1])
    return np.concatenate([grid.bar_ticks, np.arange(last + length, end + 1, length)])


def draw_bars(
    axis: Axes, score: Score, bars: np.ndarray, span: Span, right: float, first: int | None
) -> None:
    """Bar and beat lines of a span on an axis that ends at `right`; what lies behind the span is blank.

    Args:
        first: the number of the song's first bar; None leaves all numbers out.
    """
    begin, end = span
    across: dict[str, Any] = {"transform": axis.get_xaxis_transform()}
    stretches = Grid.of(score).stretches
    until = [*(stretch.tick for stretch in stretches[1:]), math.inf]
    for stretch, change in zip(stretches, until, strict=True):
        beat = stretch.meter.beat_quarters * score.ticks_per_quarter
        beats = np.arange(stretch.tick, min(change, end), beat)
        axis.vlines(beats[beats >= begin], 0, 1, colors=BEAT_LINE, linewidths=0.6, zorder=0.5, **across)
    here = np.flatnonzero((bars >= begin) & (bars <= end))
    axis.vlines(bars[here], 0, 1, colors=BAR_LINE, linewidths=1.0, zorder=0.6, **across)
    if end < right:
        axis.axvspan(end, right, color="white", linewidth=0, zorder=0.4)
    axis.set_xlim(begin, right)
    numbered = here[bars[here] < end] if first is not None else here[:0]
    shown = numbered[:: max(math.ceil(len(numbered) / MOST_NUMBERS), 1)]
    axis.set_xticks(bars[shown], [str(bar + (first or 0)) for bar in shown], ha="left")
    axis.xaxis.set_ticks_position("top")


def draw_chords(axis: Axes, score: Score, span: Span, inches: float, rise: float) -> None:
    """Chord symbols above an axis of so many inches; one that has no room beside the last is left out.

    Args:
        rise: inches from the top of the axis to the symbols.
    """
    low, high = axis.get_xlim()
    free = -math.inf
    for chord, end in zip(score.chords, _ends(score.chords), strict=True):
        at = (max(chord.tick, span[0]) - low) / (high - low) * inches
        if chord.tick >= span[1] or end <= span[0] or at < free:
            continue
        axis.annotate(
            chord.symbol, (at / inches, 1), (0, rise * 72), xycoords="axes fraction",
            textcoords="offset points", fontsize=8, color=FAINT_INK, fontweight="bold", parse_math=False,
        )  # fmt: skip
        free = at + CHORD_INCHES * (len(chord.symbol) + 1)


def _ends(chords: Sequence[Chord]) -> list[float]:
    """Where each chord gives way to the next that begins later."""
    begins = np.array([chord.tick for chord in chords], dtype=float)
    changes = np.append(np.unique(begins), math.inf)
    return changes[np.searchsorted(changes, begins, side="right")].tolist()
