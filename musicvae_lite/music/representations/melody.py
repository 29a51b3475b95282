"""Melody: one voice on a fixed grid, a token a step. As in MusicVAE (Roberts et al. 2018, 1803.05428).

Tokens are 0 (hold: nothing changes), 1 (off: the note ends) and 2 onwards for a note that begins,
lowest pitch first. A window stands for itself: a note that sounds on into it is struck anew at its
start, and a hold at its start is silence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from musicvae_lite.errors import ConfigError, counted
from musicvae_lite.music import voices
from musicvae_lite.music.grid import Grid
from musicvae_lite.music.representations import chord_control, configuring
from musicvae_lite.music.representations.base import Extraction
from musicvae_lite.music.representations.comparing import f1, step_figures
from musicvae_lite.music.representations.fingerprints import hash_rows
from musicvae_lite.music.representations.gridded import Gridded
from musicvae_lite.music.representations.line import (
    FIRST_NOTE,
    HOLD,
    OFF,
    OUTSIDE,
    Line,
    fall_silent,
    sound_on,
)
from musicvae_lite.music.representations.steps import Categorical
from musicvae_lite.music.representations.transposition import Span, Transposition
from musicvae_lite.music.representations.windowing import (
    LONGEST_SONG,
    Rule,
    judge,
    nothing,
    off_grid_rule,
    place,
    rest_rule,
)
from musicvae_lite.music.score import COMMON_TIME, Meter, MeterChange, Score, TempoChange, Track


@dataclass(frozen=True)
class MelodyRepresentation(Gridded):
    """Windows of a melody as tokens uint8 [T].

    Attributes:
        bars: bars a window.
        meter: meter of the windows; songs in other meters are rejected (see `grid.accepts`).
        steps_per_quarter: 4 for a grid of 16ths.
        polyphony: "skyline" keeps the upper line of a polyphonic track, "refuse" rejects windows in
            which two notes sound at once.
        tolerance: how far from its step an onset may lie, as a fraction of a step, up to 0.5.
        off_grid_share: a window with a larger share of onsets beyond the tolerance is rejected.
        min_notes: a window with fewer notes is rejected.
        max_rest_bars: a window with a longer silence, in bars, is rejected; by default a quarter of the
            window, and at least one bar. A song shorter than a window is filled up with at most as
            much silence.
        lowest, highest: MIDI numbers; a window with a pitch outside them is rejected.
        chords: None, or how the chords that condition windows are encoded: "triads" (49 numbers) or
            "pitches" (37 flags). Where a song states none they are inferred from all its notes.
    """

    bars: int = 2
    meter: Meter = COMMON_TIME
    steps_per_quarter: int = 4
    polyphony: str = "skyline"
    tolerance: float = 0.3
    off_grid_share: float = 0.25
    min_notes: int = 2
    max_rest_bars: float | None = None
    lowest: int = 21
    highest: int = 108
    chords: str | None = None

    name: ClassVar[str] = "melody"
    usual_hop: ClassVar[str] = "beat"

    def __post_init__(self) -> None:
        self.check_grid()
        if self.polyphony not in ("skyline", "refuse"):
            raise ConfigError(f"polyphony is 'skyline' or 'refuse', not '{self.polyphony}'")
        if not 0 <= self.lowest <= self.highest <= 127:
            raise ConfigError(f"pitches {self.lowest} to {self.highest} are no range within 0 to 127")

    @property
    def depth(self) -> int:
        """D: how many values a token can take, 90 for the range of a piano."""
        return self.highest - self.lowest + 1 + FIRST_NOTE

    @property
    def step(self) -> Categorical:
        """One token a step."""
        return Categorical(self.depth)

    @property
    def meaning(self) -> dict[str, Any]:
        """What decides the tokens' meaning (see `Representation.meaning`)."""
        return configuring.meaning(self, "lowest", "highest", "chords")

    @property
    def transposition(self) -> Transposition:
        """All notes move, holds and offs do not."""
        return Transposition((Span(FIRST_NOTE, self.depth - 1),))

    def random(self, count: int, generator: np.random.Generator) -> np.ndarray:
        """Made-up melodies uint8 [count, T] to mix into training (see `synthetic`)."""
        from musicvae_lite.music.synthetic import random_melodies

        return random_melodies(count, self, generator)

    def lenient(self) -> MelodyRepresentation:
        """The same windows without rules: reads all that a model writes, silence too."""
        rests = float(self.bars)
        return replace(self, min_notes=0, max_rest_bars=rests, off_grid_share=1.0, polyphony="skyline")

    def windows(self, score: Score, hop: int | None = None, track: int | None = None) -> Extraction:
        """Every window of a score.

        Args:
            score: any score; drums are left out.
            hop: steps from one window to the next; one bar by default.
            track: index of the track to take; the most melody-like by default.

        Returns:
            Windows uint8 [W, T], and a Rejection for every stretch that gave none.

        Raises:
            ConfigError: `hop` is not positive, or there is no such track.
        """
        hop = self.hop_of(hop)
        track, choice, trouble = self._choose(score, track)
        if trouble:
            return nothing(self, *trouble)
        grid = Grid.of(score, self.steps_per_quarter)
        if grid.steps > LONGEST_SONG:
            return nothing(self, "long", f"{grid.bars:,} bars are more than a song can have")
        line = Line.of(score, grid, track, self.lowest, self.highest, self.steps)
        if line.overlaps:
            choice += f"; {line.overlaps} of its notes begin over another one"
            choice += ", only the highest are taken" if self.polyphony == "skyline" else ", which is refused"
        if line.shift:
            choice += f"; moved by {-line.shift:+.2f} of a step onto the grid"

        rest = int(self.longest_rest * self.bar_steps)
        placement = place(grid, self.meter, self.steps, hop, rest)
        starts = placement.starts
        tokens = line.tokens[starts[:, None] + np.arange(self.steps)]  # [W, T]
        tokens[:, 0] = line.sound[starts]  # strike anew what sounds on, forget an off
        keep, rejections = judge(grid, placement, self.steps, self._rules(line, starts, tokens, rest))
        if len(rejections) or placement.rejections:
            starts, tokens = starts[keep], tokens[keep]
            rejections = sorted([*placement.rejections, *rejections], key=lambda r: r.bar)
        bar, step = grid.bar_of_step(starts)
        control = None
        if self.chords is not None:
            song, source = chord_control.of_song(score, grid, grid.steps + self.steps, self.chords)
            control, choice = song[starts[:, None] + np.arange(self.steps)], f"{choice}; {source}"
        place_of = (bar.astype(np.int32), step.astype(np.int32), grid.tick_of_step(starts))
        late, tracks = round(line.shift * grid.step_ticks), (track,) if track >= 0 else ()
        return Extraction(tokens, *place_of, tuple(rejections), choice, tracks, control, late)

    def _choose(self, score: Score, track: int | None) -> tuple[int, str, tuple[str, ...] | None]:
        """The track to take and why, or the code and sentence of what makes it impossible, and advice."""
        if track is None:
            track, choice = voices.choose_melody(score, score.ticks_per_quarter / self.steps_per_quarter)
            if track >= 0 or (self.min_notes == 0 and not len(score)):
                return track, choice, None
            if len(score):
                only = "only drums, which have no melody"
                if all(part.is_drum for part in score.tracks):
                    return -1, "", ("drums", only)
                advice = "--track takes one of them all the same"
                return -1, "", ("drums", f"{only}, as their names say", advice)
            return -1, "", ("empty", "no notes")
        if not 0 <= track < len(score.tracks):
            raise ConfigError(f"there is no track {track + 1}: the song has {len(score.tracks)}")
        label = voices.label(score, track)
        if score.tracks[track].is_drum:
            return -1, "", ("drums", f"{label} holds drums, which have no melody")
        if not (score.track == track).any():
            return -1, "", ("empty", f"{label} holds no notes")
        return track, f"{label}: as asked", None

    def _rules(self, line: Line, starts: np.ndarray, tokens: np.ndarray, rest: int) -> list[Rule]:
        """The rules that some of the windows break, the first to be told first."""
        beyond = starts + self.steps
        rules = []
        if line.outside.any():
            rules.append(self.range_rule(line, starts))
        if self.polyphony == "refuse" and len(line.clashes):
            rules.append(
                Rule.at("polyphony", line.clashes, starts, beyond, lambda i: "two notes sound at once")
            )
        if (np.abs(line.offset) > self.tolerance).any():
            rules.append(off_grid_rule(self, line.step, line.offset, starts))
        if rest < self.steps:
            rules.append(rest_rule(self, line.sound != 0, starts))
        if self.min_notes > 0:
            notes = np.count_nonzero(tokens >= FIRST_NOTE, axis=1)
            least = f"sounding in a window, and {self.min_notes} are the least"
            rules.append(
                Rule(
                    "few-notes", notes < self.min_notes, lambda i: f"{counted(int(notes[i]), 'note')} {least}"
                )
            )
        return rules

    def range_rule(self, line: Line, starts: np.ndarray, part: str = "") -> Rule:
        """A pitch of a line outside the range.

        Args:
            starts: of the windows [W].
            part: whose pitch it is, for the message: " of the bass".
        """
        steps = np.flatnonzero(line.sound == OUTSIDE)
        told = line.pitch[np.searchsorted(line.step, steps, side="right") - 1]
        where = f"lies outside {self.lowest} to {self.highest}"
        return Rule.at(
            "range", steps, starts, starts + self.steps, lambda i: f"pitch {told[i]}{part} {where}"
        )

    def canonical(self, tokens: np.ndarray) -> np.ndarray:
        """The one spelling of windows [..., T] that sounds the same: off only ends a note."""
        tokens = np.asarray(tokens, dtype=np.uint8)
        changes = np.where(tokens != HOLD, np.arange(tokens.shape[-1]), 0)
        last = np.maximum.accumulate(changes, axis=-1)[..., :-1]  # where the last change was
        sounding = np.take_along_axis(tokens, last, axis=-1) >= FIRST_NOTE
        result = tokens.copy()
        result[..., :1][tokens[..., :1] == OFF] = HOLD
        result[..., 1:][(tokens[..., 1:] == OFF) & ~sounding] = HOLD
        return result

    def sound_on(self, tokens: np.ndarray, step: int, pitches: frozenset[int]) -> None:
        """In one long window [L], a note that sounds before `step` and is struck there sounds on, whatever
        became of its pitch."""
        sound_on(tokens, step)

    def fall_silent(self, tokens: np.ndarray, step: int) -> None:
        """In a window [T], what sounds before it ends at `step`, if nothing sounds there in the window."""
        fall_silent(tokens, step)

    def transpose(self, tokens: np.ndarray, semitones: np.ndarray) -> np.ndarray:
        """Windows [..., T] moved by semitones [...]; a note that would leave the range stays."""
        tokens = np.asarray(tokens, dtype=np.uint8)
        moved = tokens.astype(np.int16) + np.asarray(semitones, dtype=np.int16)[..., None]
        fits = (tokens >= FIRST_NOTE) & (moved >= FIRST_NOTE) & (moved < self.depth)
        return np.where(fits, moved, tokens).astype(np.uint8)

    def fingerprint(self, tokens: np.ndarray) -> np.ndarray:
        """A hash uint64 [W] of canonical windows [W, T], the same for every transposition."""
        tokens = np.asarray(tokens, dtype=np.uint8)
        notes = tokens >= FIRST_NOTE
        above = tokens - np.uint8(FIRST_NOTE)  # what is no note wraps to the top
        low = np.ascontiguousarray(above.T).min(axis=0)  # across rows, many times as fast as along them
        return hash_rows(tokens - low[:, None] * notes)

    def compare(self, got: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
        """Figures of how well windows [N, T] agree (see `Representation.compare`)."""
        got, wanted = np.asarray(got), np.asarray(wanted)
        right = int(((got == wanted) & (wanted >= FIRST_NOTE)).sum())
        notes = int((got >= FIRST_NOTE).sum()), int((wanted >= FIRST_NOTE).sum())
        return {**step_figures(got, wanted), "note_f1": f1(right, *notes)}

    def pianoroll(self, tokens: np.ndarray) -> np.ndarray:
        """A picture uint8 [n * T, 128] of joined windows: 2 where a note is struck, 1 where it is held."""
        onset, end, pitch = self._notes(tokens)
        roll = np.zeros((np.asarray(tokens).size, 128), dtype=np.uint8)
        for first, last, row in zip(onset, end, pitch, strict=True):
            roll[first:last, row] = 1
        roll[onset, pitch] = 2
        return roll

    def to_score(self, tokens: np.ndarray, qpm: float = 120.0, program: int = 0, velocity: int = 80) -> Score:
        """A window [T], or windows one behind the other [n, T] or [n * T], as a score.

        Each window stands for itself: no note sounds on from one into the next.

        Args:
            tokens: any tokens, canonical or not.
            qpm: tempo in quarter notes a minute.
            program: General MIDI program, 0 to 127.
            velocity: of all notes, 1 to 127.

        Raises:
            ConfigError: the tokens are not a whole number of windows, or no tokens of this depth.
        """
        onset, end, pitch = self._notes(tokens)
        scale = self.step_ticks
        return Score(
            ticks_per_quarter=scale * self.steps_per_quarter,
            start=(onset * scale).astype(np.int32),
            end=(end * scale).astype(np.int32),
            pitch=pitch.astype(np.int32),
            velocity=np.full(len(pitch), velocity, dtype=np.int32),
            track=np.zeros(len(pitch), dtype=np.int32),
            tracks=(Track("Melody", program),),
            meters=(MeterChange(0, self.meter),),
            tempos=(TempoChange(0, qpm),),
        )

    def _notes(self, tokens: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Onset step, end step and MIDI number [N] of the notes of joined windows."""
        tokens = np.asarray(tokens)
        if tokens.size % self.steps:
            raise ConfigError(f"{tokens.size} steps are no whole number of windows of {self.steps}")
        if tokens.size and not 0 <= tokens.min() <= tokens.max() < self.depth:
            raise ConfigError(f"token {tokens.max()} lies outside 0 to {self.depth - 1}")
        grid = self.canonical(tokens.reshape(-1, self.steps))
        flat = grid.reshape(-1)
        changes = grid != HOLD
        changes[:, 0] = True  # a window ends what sounds
        at = np.flatnonzero(changes)
        end = np.append(at[1:], flat.size)
        struck = flat[at] >= FIRST_NOTE
        pitch = flat[at[struck]].astype(np.int64) + (self.lowest - FIRST_NOTE)
        return at[struck], end[struck], pitch
