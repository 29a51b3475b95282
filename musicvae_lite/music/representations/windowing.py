"""Where windows of whole bars may lie in a song, and how those that fail a rule are told.

Shared by every representation on a fixed grid: it knows bars and steps, and nothing of tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from musicvae_lite.errors import ConfigError, counted
from musicvae_lite.music.grid import Grid, Stretch, accepts
from musicvae_lite.music.representations.base import Extraction, Rejection, Representation
from musicvae_lite.music.representations.steps import Binary, Categorical, Product, Step
from musicvae_lite.music.score import Meter

LONGEST_SONG = 1 << 20  # steps; some eighteen hours of 16ths at 240 quarters a minute


@dataclass(frozen=True, eq=False)
class Placement:
    """Where windows may begin.

    Attributes:
        starts: song-wide steps int64 [W], ascending.
        stretch: int64 [W], index of the stretch each window lies in.
        rejections: stretches where none can begin, and bars left over behind the last window.
    """

    starts: np.ndarray
    stretch: np.ndarray
    rejections: tuple[Rejection, ...]


def place(grid: Grid, meter: Meter, steps: int, hop: int, spare: int) -> Placement:
    """Every place for a window of whole bars that crosses no meter change.

    Args:
        grid: the song's grid.
        meter: the meter the windows are in.
        steps: T, steps a window.
        hop: steps from one window to the next, counted from the first full bar of a stretch.
        spare: silent steps that may be added behind the song to fill a last stretch shorter than T.
    """
    starts, owners, rejections = [], [], []
    for index, stretch in enumerate(grid.stretches):
        length = stretch.steps
        if index == len(grid.stretches) - 1 and length < steps <= length + spare:
            length = steps
        fault = _fault(grid, index, meter, steps, length)
        if fault:
            rejections.append(fault)
            continue
        here = np.arange(0, length - steps + 1, hop)
        starts.append(here + stretch.step)
        owners.append(index)
        left = length - int(here[-1]) - steps  # steps behind the last window
        if left >= stretch.bar_steps:
            bars = int(left / stretch.bar_steps)
            last = stretch.bar + stretch.bars - 1
            detail = f"{counted(bars, 'bar')} left over behind the last window: fewer than the model takes"
            rejections.append(Rejection(last - bars + 1, "short", detail, last))
    if not starts:
        none = np.zeros(0, dtype=np.int64)
        return Placement(none, none, tuple(rejections))
    if len(starts) == 1:
        return Placement(starts[0], np.full(len(starts[0]), owners[0]), tuple(rejections))
    counts = [len(s) for s in starts]
    return Placement(np.concatenate(starts), np.repeat(owners, counts), tuple(rejections))


def _fault(grid: Grid, index: int, meter: Meter, steps: int, length: int) -> Rejection | None:
    """Why no window can begin in a stretch, or None."""
    stretch: Stretch = grid.stretches[index]
    last = stretch.bar + stretch.bars + stretch.cut - 1
    if index == 0 and grid.has_pickup:
        return Rejection(1, "pickup", "a pickup: windows begin at the first full bar")
    if not accepts(meter, stretch.meter):
        detail = f"bars of {stretch.meter} do not fill the {meter} bars of this model"
        return Rejection(stretch.bar, "meter", detail, last)
    if length < steps:
        here, need = f"{counted(stretch.bars, 'bar')} of {stretch.meter} here", steps / stretch.bar_steps
        detail = f"{here}, and the model takes {need:g} at a time"
        return Rejection(stretch.bar, "short", detail, last)
    return None


@dataclass(frozen=True, eq=False)
class Rule:
    """A rule and the windows that break it.

    Attributes:
        code: short stable name.
        broken: bool [W].
        detail: what to say, given the index of the window, or of the fault when there are `faults`.
        faults: steps of the faults, ascending, when the rule is broken in definite places. The bar
            told is then the fault's own, otherwise the bar the window begins in.
    """

    code: str
    broken: np.ndarray
    detail: Callable[[int], str]
    faults: np.ndarray | None = None

    @classmethod
    def at(
        cls,
        code: str,
        faults: np.ndarray,
        starts: np.ndarray,
        beyond: np.ndarray,
        detail: Callable[[int], str],
    ) -> Rule:
        """A rule broken at definite steps: by every window [start, beyond) that holds one of them."""
        broken = np.searchsorted(faults, beyond) > np.searchsorted(faults, starts)
        return cls(code, broken, detail, faults)


def judge(
    grid: Grid, placement: Placement, steps: int, rules: Sequence[Rule]
) -> tuple[np.ndarray, list[Rejection]]:
    """Which windows stand, and one Rejection for every run of neighbours that break the same rule.

    A window that breaks several rules is told for the first of them.

    Returns:
        bool [W] and the rejections.
    """
    codes = np.zeros(len(placement.starts), dtype=np.int64)
    for number in range(len(rules), 0, -1):
        codes[rules[number - 1].broken] = number
    if not codes.any():
        return codes == 0, []
    bars, _ = grid.bar_of_step(placement.starts)
    key = codes + (len(rules) + 1) * placement.stretch
    edges = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1], [True]])).tolist()
    found = []
    for first, beyond in pairwise(edges):
        if codes[first] == 0:
            continue
        rule = rules[codes[first] - 1]
        if rule.faults is None:
            bar, last, subject = int(bars[first]), int(bars[beyond - 1]), first
        else:
            reach = placement.starts[[first, beyond - 1]] + [0, steps]
            subject, end = np.searchsorted(rule.faults, reach).tolist()
            bar, last = grid.bar_of_step(rule.faults[[subject, end - 1]])[0].tolist()
        found.append(Rejection(bar, rule.code, rule.detail(subject), last))
    return codes == 0, found


def off_grid_rule(rep: Any, step: np.ndarray, late: np.ndarray, starts: np.ndarray) -> Rule:
    """Too many onsets beyond the tolerance, of a representation with `tolerance` and `off_grid_share`.

    Args:
        step, late: onsets [N] in order of steps, and how far each lies from its step.
        starts: of the windows [W].
    """
    order = np.argsort(step, kind="stable")
    step, off = step[order], np.abs(late[order]) > rep.tolerance
    total = np.concatenate([[0], np.cumsum(off)])
    first, last = np.searchsorted(step, starts), np.searchsorted(step, starts + rep.steps)
    count, among = total[last] - total[first], last - first
    grid = f"begin off the grid of {rep.steps_per_quarter} steps a quarter"
    return Rule(
        "off-grid",
        count > rep.off_grid_share * among,
        lambda i: f"{count[i]} of {among[i]} notes {grid}",
    )


def rest_rule(rep: Any, sounding: np.ndarray, starts: np.ndarray, what: str = "silence") -> Rule:
    """A silence longer than the `longest_rest` of a representation.

    Args:
        sounding: bool [L] over the steps of the song and a window behind it.
        starts: of the windows [W].
        what: is silent, for the message.
    """
    rest = int(rep.longest_rest * rep.bar_steps)
    if rest >= rep.steps:
        return Rule("rest", np.zeros(len(starts), dtype=bool), lambda i: "")
    total = np.concatenate([[0], np.cumsum(sounding)])
    silent = total[rest + 1 :] == total[: -rest - 1]  # so are the `rest` steps after
    runs = np.concatenate([[0], np.cumsum(silent)])
    length = f"{rep.longest_rest:g} bar{'s' if rep.longest_rest > 1 else ''}"
    broken = runs[starts + rep.steps - rest] > runs[starts]
    return Rule("rest", broken, lambda i: f"{what} for more than {length}")


def few_notes_rule(rep: Any, onsets: np.ndarray, starts: np.ndarray, what: str = "note") -> Rule:
    """Fewer onsets than the `min_notes` of a representation.

    Args:
        onsets: how many begin on each step of the song and of a window behind it [L].
        starts: of the windows [W].
        what: they are called, for the message.
    """
    total = np.concatenate([[0], np.cumsum(onsets, dtype=np.int64)])
    count = total[starts + rep.steps] - total[starts]
    least = f"in a window, and {rep.min_notes} are the least"
    few = count < rep.min_notes
    return Rule("few-notes", few, lambda i: f"{counted(int(count[i]), what)} {least}")


def extract(
    rep: Representation,
    grid: Grid,
    placement: Placement,
    rules: Sequence[Rule],
    cut: Callable[[np.ndarray], np.ndarray],
    **found: Any,
) -> Extraction:
    """The windows that stand.

    Args:
        rules: the first to be told first.
        cut: given steps of the song [W, T], the windows there.
        found: further fields of the Extraction.
    """
    keep, rejections = judge(grid, placement, rep.steps, rules)
    starts = placement.starts[keep]
    bar, step = grid.bar_of_step(starts)
    told = sorted([*placement.rejections, *rejections], key=lambda r: r.bar)
    tokens = cut(starts[:, None] + np.arange(rep.steps))
    where = (bar.astype(np.int32), step.astype(np.int32), grid.tick_of_step(starts))
    return Extraction(tokens, *where, tuple(told), **found)


def joined_windows(rep: Representation, tokens: np.ndarray) -> np.ndarray:
    """Windows [T, ...], [n, T, ...] or [n * T, ...] as [n, T, ...], checked.

    Raises:
        ConfigError: they are no whole number of windows, or a value is none of the representation's.
    """
    tokens = np.asarray(tokens)
    shape = (rep.steps, *rep.step.shape)
    size = int(np.prod(shape))
    if tokens.size % size or tokens.shape[tokens.ndim - len(rep.step.shape) :] != rep.step.shape:
        wanted = " x ".join(map(str, shape))
        raise ConfigError(f"an array of shape {list(tokens.shape)} is no whole number of windows of {wanted}")
    check_values(rep.step, tokens, rep.name)
    return tokens.reshape(-1, *shape)


def check_values(step: Step, values: np.ndarray, whose: str) -> None:
    """Raises ConfigError where one of values [..., *step.shape] can not stand in such a step."""
    highest = _highest(step)
    if highest is None or not values.size:
        return
    fits = (values >= 0) & (values <= highest)
    if values.dtype.kind == "f":
        fits &= values == np.floor(values)
    if not fits.all():
        worst, most = values[~fits].flat[0], np.max(highest)
        raise ConfigError(
            f"{worst} is none of the values of {whose}: they are whole numbers from 0 to {most}"
        )


def _highest(step: Step) -> int | np.ndarray | None:
    match step:
        case Categorical(depth=depth):
            return depth - 1
        case Product(depths=depths):
            return np.array(depths) - 1
        case Binary():
            return 1
    return None


def nothing(rep: Representation, code: str, detail: str, advice: str = "") -> Extraction:
    """An extraction without windows, for a song that cannot be taken at all."""
    none = np.zeros(0, dtype=np.int32)
    tokens = np.zeros((0, rep.steps, *rep.step.shape), dtype=rep.step.dtype)
    return Extraction(tokens, none, none, none, (Rejection(0, code, detail, advice=advice),))
