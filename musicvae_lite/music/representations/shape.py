"""Shape: whether a melody goes down, stays or goes up, and nothing of its pitches. magenta-js's MelodyShape.

Each onset is compared with the one before it, and what is found fills the steps behind the earlier onset, up
to and with the later one. The first interval also fills all steps before it, the last one all behind it.
Written as notes, a window is a walk: a note a step, a semitone up or down each time, from the middle of the
range, and never out of it (@magenta/music, core/melodies.ts, MelodyShape, and core/data.ts).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.representations import configuring
from musicvae_lite.music.representations.base import Extraction
from musicvae_lite.music.representations.comparing import f1, step_figures
from musicvae_lite.music.representations.fingerprints import hash_rows
from musicvae_lite.music.representations.gridded import Gridded
from musicvae_lite.music.representations.line import FIRST_NOTE
from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.music.representations.steps import Categorical
from musicvae_lite.music.representations.transposition import Transposition
from musicvae_lite.music.representations.windowing import joined_windows
from musicvae_lite.music.score import COMMON_TIME, Meter, MeterChange, Score, TempoChange, Track

DOWN, SAME, UP = 0, 1, 2
NARROWEST = 5  # pitches: two steps either way, so that no walk is cut off where it starts


@dataclass(frozen=True)
class ShapeRepresentation(Gridded):
    """Windows of a melody's shape as tokens uint8 [T]: 0 down, 1 the same, 2 up.

    Attributes:
        bars: bars a window.
        meter: meter of the windows; songs in other meters are rejected (see `grid.accepts`).
        steps_per_quarter: 4 for a grid of 16ths.
        tolerance, off_grid_share, min_notes, max_rest_bars: which windows of the melody are taken, as in
            `MelodyRepresentation`.
        lowest, highest: MIDI numbers, of what is read and of what is written.
        chords: None, or how the chords that condition windows are encoded: "triads" or "pitches".
    """

    bars: int = 2
    meter: Meter = COMMON_TIME
    steps_per_quarter: int = 4
    tolerance: float = 0.3
    off_grid_share: float = 0.25
    min_notes: int = 2
    max_rest_bars: float | None = None
    lowest: int = 21
    highest: int = 108
    chords: str | None = None

    name: ClassVar[str] = "shape"
    usual_hop: ClassVar[str] = "beat"
    silence: ClassVar[int] = -1  # every step sounds

    def __post_init__(self) -> None:
        self.check_grid()
        _ = self._melody  # checks what is its own
        if self.highest - self.lowest + 1 < NARROWEST:
            raise ConfigError(
                f"pitches {self.lowest} to {self.highest} are too few for a shape: it needs {NARROWEST}"
            )

    @property
    def _melody(self) -> MelodyRepresentation:
        """Finds the melody and cuts its windows."""
        return MelodyRepresentation(
            self.bars,
            self.meter,
            self.steps_per_quarter,
            tolerance=self.tolerance,
            off_grid_share=self.off_grid_share,
            min_notes=self.min_notes,
            max_rest_bars=self.max_rest_bars,
            lowest=self.lowest,
            highest=self.highest,
            chords=self.chords,
        )

    @property
    def step(self) -> Categorical:
        """Down, same or up."""
        return Categorical(3)

    @property
    def meaning(self) -> dict[str, Any]:
        """What decides the tokens' meaning (see `Representation.meaning`)."""
        return configuring.meaning(self, "lowest", "highest", "chords")

    @property
    def transposition(self) -> Transposition:
        """A shape has no pitch that could move."""
        return Transposition()

    def lenient(self) -> ShapeRepresentation:
        """The same windows without rules: reads all that a model writes."""
        return replace(self, min_notes=0, max_rest_bars=float(self.bars), off_grid_share=1.0)

    def windows(self, score: Score, hop: int | None = None, track: int | None = None) -> Extraction:
        """Every window of a score's melody, as `MelodyRepresentation.windows` finds them.

        Raises:
            ConfigError: `hop` is not positive, or there is no such track.
        """
        found = self._melody.windows(score, hop, track)
        return replace(found, tokens=shape_of(found.tokens))

    def canonical(self, tokens: np.ndarray) -> np.ndarray:
        """The spelling of windows [..., T] that is read from their notes: as they go on so they begin,
        and where the range ends they stay."""
        tokens = np.asarray(tokens)
        pitch = self._walked(tokens.reshape(-1, tokens.shape[-1]))
        moves = np.sign(np.diff(pitch, axis=1)) + SAME
        return np.concatenate([moves[:, :1], moves], 1).astype(np.uint8).reshape(tokens.shape)

    def _walked(self, tokens: np.ndarray) -> np.ndarray:
        """Windows [W, T] as MIDI numbers int64 [W, T]."""
        moves = np.asarray(tokens).astype(np.int64) - SAME
        moves[:, 0] = moves[:, 1]
        pitch = np.full(len(moves), (self.lowest + self.highest + 1) // 2)  # half a semitone counts up
        walked = np.empty_like(moves)
        for step in range(moves.shape[1]):
            pitch = np.clip(pitch + moves[:, step], self.lowest, self.highest)
            walked[:, step] = pitch
        return walked

    def transpose(self, tokens: np.ndarray, semitones: np.ndarray) -> np.ndarray:
        """A shape has no pitch that could move."""
        return self.canonical(tokens)

    def fingerprint(self, tokens: np.ndarray) -> np.ndarray:
        """A hash uint64 [W] of canonical windows [W, T]."""
        return hash_rows(np.asarray(tokens, dtype=np.uint8))

    def compare(self, got: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
        """Figures of how well windows [N, T] agree (see `Representation.compare`).

        "note_f1" is that of the steps that go up or down.
        """
        got, wanted = np.asarray(got), np.asarray(wanted)
        right = float(((got == wanted) & (wanted != SAME)).sum())
        moves = float((got != SAME).sum()), float((wanted != SAME).sum())
        return {**step_figures(got, wanted), "note_f1": f1(right, *moves)}

    def pianoroll(self, tokens: np.ndarray) -> np.ndarray:
        """A picture uint8 [n * T, 128] of joined windows: 2 where a note is struck."""
        pitch = self._walked(joined_windows(self, tokens)).reshape(-1)
        roll = np.zeros((len(pitch), 128), dtype=np.uint8)
        roll[np.arange(len(pitch)), pitch] = 2
        return roll

    def to_score(self, tokens: np.ndarray, qpm: float = 120.0, program: int = 0, velocity: int = 80) -> Score:
        """A window [T], or windows one behind the other [n, T], as a score; each starts in the middle.

        Args:
            tokens: any tokens, canonical or not.
            qpm: tempo in quarter notes a minute.
            program: General MIDI program, 0 to 127.
            velocity: of all notes, 1 to 127.

        Raises:
            ConfigError: the tokens are not a whole number of windows, or out of range.
        """
        pitch = self._walked(joined_windows(self, tokens)).reshape(-1)
        start = np.arange(len(pitch)) * self.step_ticks
        return Score(
            ticks_per_quarter=self.step_ticks * self.steps_per_quarter,
            start=start.astype(np.int32),
            end=(start + self.step_ticks).astype(np.int32),
            pitch=pitch.astype(np.int32),
            velocity=np.full(len(pitch), velocity, dtype=np.int32),
            track=np.zeros(len(pitch), dtype=np.int32),
            tracks=(Track("Shape", program),),
            meters=(MeterChange(0, self.meter),),
            tempos=(TempoChange(0, qpm),),
        )


def shape_of(melody: np.ndarray) -> np.ndarray:
    """Tokens of melodies [W, T] as shapes uint8 [W, T]; with fewer than two onsets nothing moves."""
    onset = melody >= FIRST_NOTE  # [W, T]
    number = onset.cumsum(1)  # of the last onset up to each step, from 1
    count = number[:, -1:]
    pitch = np.zeros((len(melody), melody.shape[1] + 1), dtype=np.int64)  # by the number of the onset
    row, step = np.nonzero(onset)
    pitch[row, number[row, step]] = melody[row, step]
    move = np.sign(np.diff(pitch, axis=1)) + SAME  # at n: from onset n to onset n + 1
    reached = number + ~onset  # number of the onset at or behind each step, which ends its interval
    last = np.maximum(count, 2)
    tokens = np.take_along_axis(move, np.clip(reached, 2, last) - 1, axis=1)
    return np.where(count < 2, SAME, tokens).astype(np.uint8)
