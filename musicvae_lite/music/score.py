"""A score: note arrays in ticks with maps of tempo, meter, key and chords. What every music file becomes."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from musicvae_lite.errors import ConfigError

if TYPE_CHECKING:
    import pretty_midi

DEFAULT_QPM = 120.0
Value = TypeVar("Value")


@dataclass(frozen=True, order=True)
class Meter:
    """A time signature, such as 4/4 or 6/8."""

    numerator: int = 4
    denominator: int = 4

    @classmethod
    def parse(cls, text: str) -> Meter:
        """Reads "3/4". Raises ConfigError for anything that is not a meter."""
        match = re.fullmatch(r"\s*(\d{1,2})\s*/\s*(1|2|4|8|16|32)\s*", text)
        if not match or int(match[1]) == 0:
            raise ConfigError(f"'{text}' is not a meter: write it like 4/4, 3/4 or 6/8")
        return cls(int(match[1]), int(match[2]))

    @property
    def quarters(self) -> float:
        """Length of one bar in quarter notes."""
        return self.numerator * 4 / self.denominator

    @property
    def is_compound(self) -> bool:
        """True for 6/8, 9/8, 12/8 and their like, which are felt in dotted beats."""
        return self.denominator >= 8 and self.numerator % 3 == 0

    @property
    def beat_quarters(self) -> float:
        """Length of one felt beat in quarter notes: 1 for 4/4, 1.5 for 6/8."""
        return 12 / self.denominator if self.is_compound else 4 / self.denominator

    def __str__(self) -> str:
        return f"{self.numerator}/{self.denominator}"


COMMON_TIME = Meter(4, 4)


@dataclass(frozen=True)
class ProgramChange:
    """From `tick` on, and until the next change, a track plays with this General MIDI program, 0 to 127."""

    tick: int
    program: int


@dataclass(frozen=True)
class Track:
    """One part of a score, played with one instrument or with several in turn.

    Attributes:
        name: as its file gives it.
        program: General MIDI program, 0 to 127, that it begins with; of drums, their kit.
        is_drum: whether it lies on the channel of drums.
        program_changes: the later ones, in order.
    """

    name: str = ""
    program: int = 0
    is_drum: bool = False
    program_changes: tuple[ProgramChange, ...] = ()

    @property
    def programs(self) -> tuple[int, ...]:
        """All it is played with, each once, in the order in which they come."""
        return tuple(dict.fromkeys([self.program, *(change.program for change in self.program_changes)]))

    def program_at(self, tick: int) -> int:
        """The program it is played with at a tick."""
        return [self.program, *(c.program for c in self.program_changes if c.tick <= tick)][-1]

    def scaled(self, more: float) -> Track:
        """The same track at so many times the ticks a quarter."""
        changes = (replace(change, tick=round(change.tick * more)) for change in self.program_changes)
        return replace(self, program_changes=tuple(changes))


@dataclass(frozen=True)
class MeterChange:
    """From `tick` on, and until the next change, bars have this meter. A change starts a new bar."""

    tick: int
    meter: Meter


@dataclass(frozen=True)
class TempoChange:
    tick: int
    qpm: float  # quarter notes a minute


MAJOR_KEYS = ("Cb", "Gb", "Db", "Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#")
MINOR_KEYS = ("Ab", "Eb", "Bb", "F", "C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#")
MOST_FIFTHS = 7


def spelt(fifths: int) -> int:
    """The sharps, -6 to 5, of the key that sounds like one of so many: 8 is G# major, -4 Ab major."""
    return (fifths + 6) % 12 - 6


@dataclass(frozen=True)
class KeyChange:
    """A key signature from `tick` on: `fifths` sharps, flats below 0, of a major or a minor key.

    Modes count as the key with their signature and their third: D dorian has none and is minor.
    """

    tick: int
    fifths: int  # -7 to 7
    minor: bool = False

    @property
    def name(self) -> str:
        """Such as "Bb major"."""
        names = MINOR_KEYS if self.minor else MAJOR_KEYS
        return f"{names[self.fifths + MOST_FIFTHS]} {'minor' if self.minor else 'major'}"


def lasting(changes: Iterable[tuple[int, Value]]) -> list[tuple[int, Value]]:
    """Ticks in order and what holds from each on, without those that change nothing."""
    kept: list[tuple[int, Value]] = []
    for tick, value in changes:
        if not kept or kept[-1][1] != value:
            kept.append((tick, value))
    return kept


@dataclass(frozen=True)
class Chord:
    """A chord symbol as it was written, such as "F#m7b5"; it holds until the next one."""

    tick: int
    symbol: str


@dataclass(frozen=True, eq=False)
class Score:
    """Notes as parallel arrays, sorted by (start, pitch), with what is needed to place them.

    The first entry of `meters` and of `tempos` always lies at tick 0. A pickup is a short first
    bar: a change to 1/4 at tick 0, say, and to 4/4 one quarter later. `keys` is empty where no key
    signature is written.

    Attributes:
        ticks_per_quarter: resolution.
        start, end: int32 [N], ticks, end > start.
        pitch: int32 [N], MIDI numbers 0 to 127.
        velocity: int32 [N], 1 to 127.
        track: int32 [N], index into `tracks`.
        title: name of the song, when its file gives one.
        source: where it came from, for messages: a path, with "#3" behind it for the third tune.
    """

    ticks_per_quarter: int
    start: np.ndarray
    end: np.ndarray
    pitch: np.ndarray
    velocity: np.ndarray
    track: np.ndarray
    tracks: tuple[Track, ...]
    meters: tuple[MeterChange, ...] = (MeterChange(0, Meter()),)
    tempos: tuple[TempoChange, ...] = (TempoChange(0, DEFAULT_QPM),)
    keys: tuple[KeyChange, ...] = ()
    chords: tuple[Chord, ...] = ()
    title: str = ""
    source: str = ""
    warnings: tuple[str, ...] = field(default=())

    def __len__(self) -> int:
        return len(self.start)

    @cached_property
    def end_tick(self) -> int:
        return int(self.end.max()) if len(self) else 0

    @cached_property
    def programs(self) -> np.ndarray:
        """The General MIDI program that each note is played with, int64 [N]."""
        found = np.array([part.program for part in self.tracks], dtype=np.int64)[self.track]
        for number, part in enumerate(self.tracks):
            if part.program_changes:
                mine = np.flatnonzero(self.track == number)
                ticks = [change.tick for change in part.program_changes]
                played = np.array([part.program, *(change.program for change in part.program_changes)])
                found[mine] = played[np.searchsorted(ticks, self.start[mine], side="right")]
        return found

    def select(self, keep: np.ndarray) -> Score:
        """The same score with only the notes of a boolean mask or index array [N]."""
        names = ("start", "end", "pitch", "velocity", "track")
        return replace(self, **{name: getattr(self, name)[keep] for name in names})

    def qpm_at(self, tick: int) -> float:
        """Tempo in quarter notes a minute at a tick."""
        return [t.qpm for t in self.tempos if t.tick <= max(tick, 0)][-1]

    def seconds(self, ticks: np.ndarray) -> np.ndarray:
        """Maps ticks [N] to seconds float64 [N] through the tempo map."""
        at = np.array([t.tick for t in self.tempos], dtype=np.float64)
        per_tick = np.array([60.0 / t.qpm for t in self.tempos]) / self.ticks_per_quarter
        begin = np.concatenate([[0.0], np.cumsum(np.diff(at) * per_tick[:-1])])
        index = np.searchsorted(at, ticks, side="right") - 1
        return begin[index] + (ticks - at[index]) * per_tick[index]

    def _repr_html_(self) -> str:
        """What a notebook shows: the piano-roll and a player."""
        from musicvae_lite import notebook

        return notebook.of_score(self)

    def to_pretty_midi(self) -> pretty_midi.PrettyMIDI:
        from musicvae_lite.music import midi_objects

        return midi_objects.to_pretty_midi(self)

    @classmethod
    def from_pretty_midi(cls, song: pretty_midi.PrettyMIDI) -> Score:
        from musicvae_lite.music import midi_objects

        return midi_objects.from_pretty_midi(song)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes a type 1 MIDI file, whole or not at all.

        Returns:
            The path written.

        Raises:
            ConfigError: the score holds what no music does.
            MusicVAEError: the file could not be written.
        """
        from musicvae_lite.music import midi

        return midi.write(self, path)
