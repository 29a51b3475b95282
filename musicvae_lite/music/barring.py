"""From written bars to a score: repeats played out, ties joined, bar lines where the music has them.

Shared by the readers of written music (ABC, MusicXML). They fill `Bar`s; `play` does the rest.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from musicvae_lite.errors import ReadError
from musicvae_lite.music.files import Limits
from musicvae_lite.music.score import (
    DEFAULT_QPM,
    Chord,
    KeyChange,
    Meter,
    MeterChange,
    Score,
    TempoChange,
    Track,
    lasting,
)
from musicvae_lite.music.texts import printable

TICKS = 480  # of a quarter in the score
FINE = 84 * TICKS  # units of a quarter while reading: whole for 512ths and for tuplets of 3, 5, 7 and 9
VELOCITY = 80


class Note(NamedTuple):
    at: int  # fine units from the bar's start
    length: int
    pitch: int
    tied: bool = False  # to the next note of its pitch
    part: int = 0
    goes_on: bool = True  # from a note that is tied to it


@dataclass
class Bar:
    """One written bar. `meter` None: free, as long as its notes."""

    meter: Meter | None = None
    signature: tuple[int, bool] | None = None  # sharps of its key, and whether that is minor
    length: int = 0  # fine units
    notes: list[Note] = field(default_factory=list)
    chords: list[tuple[int, str]] = field(default_factory=list)  # (at, symbol)
    tempos: list[tuple[int, float]] = field(default_factory=list)  # (at, quarters a minute)
    repeat_from: bool = False
    repeat_to: int = 0  # how often the stretch that ends here sounds in all; 0: no repeat sign
    section: bool = False  # begins behind a double bar line
    endings: tuple[int, ...] = ()  # the passes this bar sounds in; empty: all


def play_order(bars: list[Bar], most: int = 100_000) -> tuple[list[int], bool]:
    """Indices of the bars as they sound, and whether repeats made sense.

    A repeat without a beginning goes back to the last double bar, repeat or the start. If the signs
    would play more than `most` bars, the written order comes back, and False.
    """
    order: list[int] = []
    passes = _passes(bars)
    at = begin = 0
    turn = 1
    signed = False  # whether a sign, not a mere double bar, says where the repeat begins
    while at < len(bars):
        bar = bars[at]
        if at != begin and (bar.repeat_from or (bar.section and turn == 1 and not signed)):
            begin, turn = at, 1
        signed = signed or bar.repeat_from
        if bar.endings and turn not in bar.endings and turn in passes[at]:
            at += 1
            continue
        order.append(at)
        if len(order) > most:
            return list(range(len(bars))), False
        if bar.repeat_to:
            more = turn + 1 in passes[at] if bar.endings else turn < bar.repeat_to
            if more:
                at, turn = begin, turn + 1
                continue
            begin, turn, signed = at + 1, 1, False
        elif turn > 1 and bar.endings and not (at + 1 < len(bars) and bars[at + 1].endings):
            begin, turn, signed = at + 1, 1, False
        at += 1
    return order, True


def _passes(bars: list[Bar]) -> list[set[int]]:
    """For each bar, the passes that the run of endings around it has; no run, no passes."""
    found: list[set[int]] = []
    run: set[int] = set()
    for bar in bars:
        if not bar.endings:
            run = set()
        run.update(bar.endings)  # the set of all bars of the run
        found.append(run)
    return found


def close_endings(bars: list[Bar]) -> None:
    """Lets the last ending of a group end where its first one did, when no sign says where.

    What follows is then an ordinary part, with repeats of its own.
    """
    at = 0
    while at < len(bars):
        runs: list[list[Bar]] = []
        while at < len(bars) and bars[at].endings:
            if not runs or bars[at].endings != runs[-1][0].endings:
                runs.append([])
            runs[-1].append(bars[at])
            at += 1
        if len(runs) > 1:
            for bar in runs[-1][len(runs[0]) :]:
                bar.endings = ()
        at += 1


def bar_lengths(bars: list[Bar]) -> list[tuple[int, Meter]]:
    """Length and meter of the bars as the listener counts them, in order.

    Short bars that together fill their meter (the last of a part and the upbeat of the next) are
    one; a short first bar is an upbeat; any other odd bar has a meter of its own.
    """
    result: list[tuple[int, Meter]] = []
    at = 0
    while at < len(bars):
        bar = bars[at]
        meter = bar.meter
        full = whole(meter) if meter else 0
        if not meter or bar.length == full:
            result.append((bar.length, meter or meter_of(bar.length)))
        elif at == len(bars) - 1 and bar.length < full:
            result.append((full, meter))
        else:
            joined = _joined(bars, at, full) if at else 0
            if joined:
                at += joined
                result.append((full, meter))
            else:
                result.append((bar.length, meter_of(bar.length)))
        at += 1
    return result


def _joined(bars: list[Bar], at: int, full: int) -> int:
    """How many bars behind a short one fill it up; 0 when none do."""
    total = bars[at].length
    for more in range(1, min(4, len(bars) - at)):
        total += bars[at + more].length
        if bars[at + more].meter != bars[at].meter or total > full:
            return 0
        if total == full:
            return more
    return 0


def whole(meter: Meter) -> int:
    """Fine units of a full bar."""
    return FINE * 4 * meter.numerator // meter.denominator


def meter_of(length: int) -> Meter:
    """The meter of an odd bar, rounded up to what a meter can say."""
    quarters = Fraction(length, FINE)
    for denominator in (4, 8, 16, 32):
        count = quarters * denominator / 4
        if count.denominator == 1 and count < 256:
            return Meter(max(int(count), 1), denominator)
    for denominator in (32, 16, 8, 4):
        count = -int(-quarters * denominator / 4 // 1)
        if count < 256:  # what a MIDI file can say
            return Meter(count, denominator)
    return Meter(255, 4)


def play(
    bars: list[Bar],
    tracks: list[Track],
    title: str,
    source: str,
    limits: Limits,
    warnings: list[str],
    arranged: list[int] | None = None,
) -> Score:
    """The score of written bars, in the order written unless `arranged` has indices of them in another.

    Raises ReadError where it exceeds the limits.
    """
    free = Counter(bar.length for bar in bars if not bar.meter).most_common(1)
    for bar in bars:
        if not bar.meter and bar.length == free[0][0]:
            bar.meter = meter_of(bar.length)
    limits.check("written bars", len(bars), limits.max_quarters, source)
    arranged = list(range(len(bars))) if arranged is None else arranged
    ordered = [bars[i] for i in arranged]
    close_endings(ordered)
    order, sound = play_order(ordered)
    order = [arranged[i] for i in order]
    if not sound:
        warnings.append("the repeats make no sense; bars are played in the order written")
    played = [bars[i] for i in order]

    starts = np.cumsum([0] + [bar.length for bar in played]).tolist()
    limits.check("quarter notes long", starts[-1] / FINE, limits.max_quarters, source)
    if starts[-1] * TICKS >= FINE * 2**31:
        raise ReadError(source, "longer than 2^31 ticks", "limit")
    limits.check("notes", sum(len(bar.notes) for bar in played), limits.max_notes, source)
    limits.check("tempo changes", sum(len(bar.tempos) for bar in played), limits.max_changes, source)
    limits.check("chord symbols", sum(len(bar.chords) for bar in played), limits.max_notes, source)
    rows = _joined_ties(played, starts)
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4)
    columns = columns[np.lexsort((columns[:, 2], columns[:, 0]))]
    start, end = ((columns[:, i] * 2 + 84) // 168 for i in (0, 1))
    sounding = int((end - start).sum()) / TICKS
    limits.check("quarter notes in all its notes", sounding, limits.max_sounding, source)
    tempos = {0: DEFAULT_QPM}
    chords: list[tuple[int, str]] = []
    keys: list[tuple[int, tuple[int, bool]]] = []
    entering, before = _entering(bars), -1
    for index, bar, begin in zip(order, played, starts, strict=False):
        if index != before + 1:  # a jump: tempo and key are those of the place
            qpm, signature = entering[index]
            tempos[_tick(begin)] = qpm
            if signature is not None:
                keys.append((_tick(begin), signature))
        before = index
        for at, qpm in bar.tempos:
            tempos[_tick(begin + at)] = qpm
        chords += [(_tick(begin + at), symbol) for at, symbol in bar.chords]
        if bar.signature is not None:
            keys.append((_tick(begin), bar.signature))
    chords.sort(key=lambda chord: chord[0])  # some lie behind their bar's end
    changes = lasting(sorted(tempos.items()))
    limits.check("tempo changes", len(changes), limits.max_changes, source)
    return Score(
        ticks_per_quarter=TICKS,
        start=start.astype(np.int32),
        end=np.maximum(end, start + 1).astype(np.int32),
        pitch=columns[:, 2].astype(np.int32),
        velocity=np.full(len(columns), VELOCITY, np.int32),
        track=columns[:, 3].astype(np.int32),
        tracks=tuple(tracks),
        meters=_meter_changes(played),
        tempos=tuple(TempoChange(*change) for change in changes),
        keys=tuple(KeyChange(tick, *key) for tick, key in lasting(keys)),
        chords=tuple(Chord(*change) for change in lasting(chords)),
        title=printable(title),
        source=source,
        warnings=tuple(warnings),
    )


def _entering(bars: list[Bar]) -> list[tuple[float, tuple[int, bool] | None]]:
    """Tempo and key that each bar is reached with, in the order written."""
    qpm, signature, found = DEFAULT_QPM, None, []
    for bar in bars:
        found.append((qpm, signature))
        for _, tempo in sorted(bar.tempos):
            qpm = tempo
        signature = bar.signature or signature
    return found


def _tick(fine: int) -> int:
    return (fine * 2 + 84) // 168


def _joined_ties(played: list[Bar], starts: list[int]) -> list[list[int]]:
    """Rows [start, end, pitch, part] in fine units, tied notes as one."""
    rows: list[list[int]] = []
    open_ties: dict[tuple[int, int, int], list[list[int]]] = {}  # by part, pitch and where they end
    for bar, begin in zip(played, starts, strict=False):
        for at, length, pitch, tied, part, goes_on in sorted(bar.notes):
            start = begin + at
            held = open_ties.get((part, pitch, start)) if goes_on else None
            if held:
                row = held.pop()
                row[1] = start + length
            else:
                row = [start, start + length, pitch, part]
                rows.append(row)
            if tied:
                open_ties.setdefault((part, pitch, row[1]), []).append(row)
    return rows


def _meter_changes(played: list[Bar]) -> tuple[MeterChange, ...]:
    """Changes of meter; also one where a bar ends early, which starts the count of bars anew."""
    changes: list[MeterChange] = []
    at = expected = 0
    for length, meter in bar_lengths(played):
        if not changes or meter != changes[-1].meter or expected != at:
            changes.append(MeterChange(_tick(at), meter))
        expected = at + whole(meter)
        at += length
    return tuple(changes) or (MeterChange(0, Meter()),)
