"""What a song holds and what each representation would take of it, as plain data.

Knows nothing of terminals or pages: they show what is gathered here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from musicvae_lite.music.grid import Grid
from musicvae_lite.music.representations.base import Extraction, Rejection, Representation
from musicvae_lite.music.score import Score
from musicvae_lite.music.voices import TrackTable


@dataclass(frozen=True)
class TrackReport:
    """One track of a song.

    Attributes:
        number: counted from 1.
        name: as the file gives it.
        program, program_name: General MIDI program, 0 to 127, that it begins with, and its name ("drums" for
            drums).
        is_drum: whether it holds drums.
        notes: how many there are.
        lowest, highest: MIDI numbers; None without notes.
        polyphony: share of notes that begin while another one of the track sounds on.
        off_grid: share of notes that begin off the grid.
        programs, program_names: all it is played with, each once, in the order in which they come, and their
            names ("drums" alone for drums).
    """

    number: int
    name: str
    program: int
    program_name: str
    is_drum: bool
    notes: int
    lowest: int | None
    highest: int | None
    polyphony: float
    off_grid: float
    programs: tuple[int, ...]
    program_names: tuple[str, ...]


@dataclass(frozen=True)
class PlaceReport:
    """Something that holds from a bar on: a tempo in quarter notes a minute, or a meter."""

    bar: int
    value: float | str


@dataclass(frozen=True)
class RuleReport:
    """Stretches that gave no window because of one rule.

    Attributes:
        code: short stable name of the rule.
        bars: where, such as "3-6, 9"; "" when the whole song is meant.
        detail: what to say about the first of them.
    """

    code: str
    bars: str
    detail: str


@dataclass(frozen=True)
class TakeReport:
    """What one representation would take.

    Attributes:
        label: what the caller calls the representation, such as "melody-2bar".
        bars, meter: size of a window.
        track: number of the track it takes, counted from 1; 0 when there is none.
        choice: which track and why, one sentence.
        windows: how many windows, one bar apart.
        bars_covered: bars in which they begin, such as "1-14".
        rejections: why there are not more, by rule.
        representation: what it is called by itself, such as "melody".
        warnings: what is odd about what it takes.
    """

    label: str
    bars: int
    meter: str
    track: int
    choice: str
    windows: int
    bars_covered: str
    rejections: tuple[RuleReport, ...]
    representation: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Inspection:
    """One song. See `inspect_score`.

    Attributes:
        source, title: where it came from and what it is called.
        seconds, bars, notes: its length.
        tracks, tempos, meters, keys: what it holds; tempos, meters and keys from which bar on.
        chords: the different chord symbols, in order of first use.
        warnings: what the reader found odd.
        takes: what each representation would take.
    """

    source: str
    title: str
    seconds: float
    bars: int
    notes: int
    tracks: tuple[TrackReport, ...]
    tempos: tuple[PlaceReport, ...]
    meters: tuple[PlaceReport, ...]
    keys: tuple[PlaceReport, ...]
    chords: tuple[str, ...]
    warnings: tuple[str, ...]
    takes: tuple[TakeReport, ...]

    @property
    def usable(self) -> bool:
        """Whether any representation finds a window."""
        return any(take.windows for take in self.takes)

    def to_json(self) -> dict[str, Any]:
        """Plain values for `json.dumps`."""
        return {**asdict(self), "usable": self.usable}


def inspect_score(
    score: Score,
    representations: Mapping[str, Representation],
    steps_per_quarter: int = 4,
    tolerance: float = 0.3,
) -> Inspection:
    """Looks through a score and tries every representation on it.

    Args:
        score: the song.
        representations: by the name they are to be told under, such as "melody-2bar".
        steps_per_quarter: grid against which the tracks' onsets are measured.
        tolerance: how far an onset may lie from its step, as a fraction of a step.
    """
    grid = Grid.of(score, steps_per_quarter)
    end = max(score.end_tick, 1)
    meters = [PlaceReport(s.bar, str(s.meter)) for s in grid.stretches]

    def placed(changes: Iterable[Any], value: Callable[[Any], Any]) -> tuple[PlaceReport, ...]:
        """From which bar on each of the changes within the song holds."""
        within = [change for change in changes if change.tick < end]
        bars = grid.bar_of_tick(np.array([change.tick for change in within], dtype=np.int64)).tolist()
        return tuple(PlaceReport(bar, value(change)) for bar, change in zip(bars, within, strict=True))

    return Inspection(
        source=score.source,
        title=score.title,
        seconds=round(float(score.seconds(np.array([score.end_tick]))[0]), 3),
        bars=grid.bars if len(score) else 0,
        notes=len(score),
        tracks=_tracks(score, grid, tolerance),
        tempos=placed(score.tempos, lambda tempo: round(tempo.qpm, 2)),
        meters=tuple(meters),
        keys=placed(score.keys, lambda key: key.name),
        chords=tuple(dict.fromkeys(chord.symbol for chord in score.chords)),
        warnings=score.warnings,
        takes=tuple(_take(label, rep, rep.windows(score)) for label, rep in representations.items()),
    )


def compress(bars: Iterable[int]) -> str:
    """Runs of numbers in short: [3, 4, 5, 6, 9] is "3-6, 9"."""
    numbers = np.unique(np.fromiter(bars, dtype=np.int64))
    if not len(numbers):
        return ""
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    return ", ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)


def _tracks(score: Score, grid: Grid, tolerance: float) -> tuple[TrackReport, ...]:
    from pretty_midi import program_to_instrument_name as named  # slow to import

    table = TrackTable.of(score, grid.step_ticks)
    away = np.abs(grid.quantise(score.start)[1]) > tolerance
    reports = []
    for index, track in enumerate(score.tracks):
        mine = score.track == index
        pitch = score.pitch[mine]
        names = ("drums",) if track.is_drum else tuple(map(named, track.programs))
        reports.append(
            TrackReport(
                number=index + 1,
                name=track.name,
                program=track.program,
                program_name=names[0],
                is_drum=track.is_drum,
                notes=len(pitch),
                lowest=int(pitch.min()) if len(pitch) else None,
                highest=int(pitch.max()) if len(pitch) else None,
                polyphony=round(float(table.polyphony[index]), 4),
                off_grid=round(float(away[mine].mean()), 4) if len(pitch) else 0.0,
                programs=track.programs,
                program_names=names,
            )
        )
    return tuple(reports)


def _take(label: str, rep: Representation, found: Extraction) -> TakeReport:
    by_rule: dict[str, list[Rejection]] = {}
    for rejection in found.rejections:
        by_rule.setdefault(rejection.code, []).append(rejection)
    rules = [
        RuleReport(code, compress(bar for r in group for bar in r.bars), group[0].detail)
        for code, group in by_rule.items()
    ]
    return TakeReport(
        label=label,
        bars=rep.bars,
        meter=str(rep.meter),
        track=found.track + 1,
        choice=found.choice,
        windows=len(found),
        bars_covered=compress(found.bar.tolist()),
        rejections=tuple(rules),
        representation=rep.name,
        warnings=found.warnings,
    )
