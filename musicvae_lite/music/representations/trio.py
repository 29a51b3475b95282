"""Trio: melody, bass and drums together. As in MusicVAE (Roberts et al. 2018, 1803.05428).

A step is three tokens: one of a melody, one of a bass in the same spelling (see `melody`), and one of nine
drums (see `drums`). Which track plays what is told by the General MIDI program that
most of its notes have.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from musicvae_lite.errors import ConfigError
from musicvae_lite.music import drum_maps
from musicvae_lite.music.grid import Grid
from musicvae_lite.music.representations import chord_control, configuring
from musicvae_lite.music.representations.band import PARTS, Band, choose_band, program_of
from musicvae_lite.music.representations.base import Extraction
from musicvae_lite.music.representations.comparing import f1, step_figures
from musicvae_lite.music.representations.crossing import crossed, filled
from musicvae_lite.music.representations.drums import DrumsRepresentation
from musicvae_lite.music.representations.fingerprints import as_bytes, hash_rows
from musicvae_lite.music.representations.gridded import Gridded
from musicvae_lite.music.representations.hits import Hits
from musicvae_lite.music.representations.line import FIRST_NOTE, Line, fall_silent, sound_on
from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.music.representations.steps import Product, value_of
from musicvae_lite.music.representations.transposition import Span, Transposition
from musicvae_lite.music.representations.windowing import (
    LONGEST_SONG,
    extract,
    joined_windows,
    nothing,
    off_grid_rule,
    place,
    rest_rule,
)
from musicvae_lite.music.score import COMMON_TIME, Meter, MeterChange, Score, TempoChange, Track

BASS_PROGRAM = 33  # electric bass, fingered


@dataclass(frozen=True)
class TrioRepresentation(Gridded):
    """Windows of a trio as tokens uint16 [T, 3]: melody, bass, drums.

    Attributes:
        bars: bars a window.
        meter: meter of the windows; songs in other meters are rejected (see `grid.accepts`).
        steps_per_quarter: 4 for a grid of 16ths.
        lead_programs: first and last General MIDI program, from 0, of tracks that play the melody. Where none
            do, any track but a bass plays it in music that is not learnt from.
        bass_programs: the same of the bass.
        drum_map: which pitches are which drum: a name of `drum_maps`, a TOML file, or a DrumMap.
        tolerance: how far from its step an onset may lie, as a fraction of a step, up to 0.5.
        off_grid_share: a window with a larger share of onsets beyond the tolerance is rejected.
        max_rest_bars: a window in which a part is silent for longer, in bars, is rejected; by default a
            quarter of the window, and at least one bar.
        lowest, highest: MIDI numbers of melody and bass; a window with a pitch outside them is rejected.
        chords: None, or how the chords that condition windows are encoded: "triads" or "pitches".
    """

    bars: int = 16
    meter: Meter = COMMON_TIME
    steps_per_quarter: int = 4
    lead_programs: tuple[int, int] = (0, 31)
    bass_programs: tuple[int, int] = (32, 39)
    drum_map: Any = "magenta-9"
    tolerance: float = 0.3
    off_grid_share: float = 0.25
    max_rest_bars: float | None = None
    lowest: int = 21
    highest: int = 108
    chords: str | None = None

    name: ClassVar[str] = "trio"

    def __post_init__(self) -> None:
        self.check_grid()
        object.__setattr__(self, "drum_map", drum_maps.find(self.drum_map))
        for name in ("lead_programs", "bass_programs"):
            given = tuple(getattr(self, name))
            if len(given) != 2 or not 0 <= given[0] <= given[1] <= 127:
                raise ConfigError(f"{name} are a first and a last of 0 to 127, not {list(given)}")
            object.__setattr__(self, name, given)
        _ = self._line, self._drums  # they check what is theirs

    @property
    def _line(self) -> MelodyRepresentation:
        """Spells melody and bass."""
        return MelodyRepresentation(
            self.bars, self.meter, self.steps_per_quarter, lowest=self.lowest, highest=self.highest
        )

    @property
    def _drums(self) -> DrumsRepresentation:
        """Spells the drums."""
        return DrumsRepresentation(self.bars, self.meter, self.steps_per_quarter, self.drum_map)

    @property
    def step(self) -> Product:
        """A token of the melody, one of the bass, one of the drums."""
        line, drums = self._line.depth, len(self.drum_map)
        return Product((line, line, 2**drums), (0, 0, drums))

    @property
    def meaning(self) -> dict[str, Any]:
        """What decides the tokens' meaning (see `Representation.meaning`)."""
        drums = {"drums": list(self.drum_map.drums)}
        return configuring.meaning(self, "lowest", "highest", "chords") | drums

    @property
    def programs(self) -> Collection[int]:
        """General MIDI programs that can play the melody: all but those of basses."""
        first, last = self.bass_programs
        return [program for program in range(128) if not first <= program <= last]

    @property
    def transposition(self) -> Transposition:
        """The notes of melody and bass move together."""
        last = self._line.depth - 1
        return Transposition((Span(FIRST_NOTE, last, 0), Span(FIRST_NOTE, last, 1)))

    def candidates(self, score: Score) -> list[int | None]:
        """Every pitched track but the basses, as the melody."""
        able = self.programs
        return [k for k in super().candidates(score) if k is not None and program_of(score, k) in able]

    def lenient(self) -> TrioRepresentation:
        """The same windows without rules: reads all that a model writes, silence too."""
        return replace(self, max_rest_bars=float(self.bars), off_grid_share=1.0)

    def windows(self, score: Score, hop: int | None = None, track: int | None = None) -> Extraction:
        """Every window of a score.

        Args:
            score: any score; tracks that are no part of the trio are left out.
            hop: steps from one window to the next; one bar by default.
            track: index of the track to take the melody from, whatever its program.

        Returns:
            Windows uint16 [W, T, 3], and a Rejection for every stretch that gave none. They are `unfit` where
            no program is one of `lead_programs`, and no track was asked for.

        Raises:
            ConfigError: `hop` is not positive, or there is no such track.
        """
        hop = self.hop_of(hop)
        free = self.longest_rest >= self.bars  # a part may be silent throughout
        if not len(score) and not free:
            return nothing(self, "empty", "no notes")
        band = self._band(score, track) if len(score) else Band()
        if band.trouble:
            return nothing(self, *band.trouble)
        if band.missing and not free:
            return replace(nothing(self, f"no-{band.missing[0]}", band.absence), unfit=band.unfit)
        grid = Grid.of(score, self.steps_per_quarter)
        if grid.steps > LONGEST_SONG:
            return nothing(self, "long", f"{grid.bars:,} bars are more than a song can have")
        length = grid.steps + self.steps
        song = np.zeros((length, 3), dtype=self.step.dtype)
        strikes = np.zeros((length, 2), dtype=self.step.dtype)  # tokens of windows that begin here
        sounding = np.zeros((length, 3), dtype=bool)
        lines = [self._heard(score, grid, index) for index in (band.lead, band.bass)]
        for column, line in enumerate(lines):
            if line is not None:
                song[:, column], strikes[:, column] = line.tokens, line.sound
                sounding[:, column] = line.sound != 0
        hits = Hits.of(score, grid, band.drums, self.drum_map.classes)
        flags = np.zeros((length, len(self.drum_map)), dtype=np.uint8)
        flags[hits.step, hits.drum] = 1
        song[:, 2] = value_of(flags)
        sounding[:, 2] = flags.max(axis=-1) > 0

        placement = place(grid, self.meter, self.steps, hop, int(self.longest_rest * self.bar_steps))
        starts = placement.starts
        onsets = [(line.step, line.offset) for line in lines if line is not None] + [(hits.step, hits.late)]
        steps, late = (np.concatenate(column) for column in zip(*onsets, strict=True))
        rules = [
            self._line.range_rule(line, starts, f" of the {part}")
            for part, line in zip(PARTS, lines, strict=False)
            if line is not None
        ]
        rules.append(off_grid_rule(self, steps, late, starts))
        rules += [rest_rule(self, sounding[:, n], starts, f"no {part}") for n, part in enumerate(PARTS)]

        def cut(at: np.ndarray) -> np.ndarray:
            tokens = song[at]
            tokens[:, 0, :2] = strikes[at[:, 0]]
            return tokens

        control, words = self._conditions(score, grid, length, band.words + hits.told())
        about = {"choice": words, "tracks": band.tracks, "warnings": band.warnings(), "unfit": band.unfit}
        found = extract(self, grid, placement, rules, cut, **about)
        if control is None:
            return found
        begin = grid.quantise(found.tick.astype(np.int64))[0]
        return replace(found, control=control[begin[:, None] + np.arange(self.steps)])

    def _band(self, score: Score, track: int | None) -> Band:
        step = score.ticks_per_quarter / self.steps_per_quarter
        return choose_band(score, self.lead_programs, self.bass_programs, step, track)

    def _heard(self, score: Score, grid: Grid, track: int) -> Line | None:
        if track < 0:
            return None
        return Line.of(score, grid, track, self.lowest, self.highest, self.steps)

    def _conditions(self, score: Score, grid: Grid, steps: int, words: str) -> tuple[np.ndarray | None, str]:
        if self.chords is None:
            return None, words
        control, source = chord_control.of_song(score, grid, steps, self.chords)
        return control, f"{words}; {source}"

    def canonical(self, tokens: np.ndarray) -> np.ndarray:
        """The one spelling of windows [..., T, 3] that sounds the same: an off only ends a note."""
        tokens = np.asarray(tokens)
        parts = [self._line.canonical(tokens[..., column]) for column in (0, 1)]
        return np.stack([*parts, tokens[..., 2]], axis=-1).astype(self.step.dtype)

    def sound_on(self, tokens: np.ndarray, step: int, pitches: frozenset[int]) -> None:
        """In one long window [L, 3], notes of some pitches that sound before `step` and are struck there
        sound on."""
        for part in (0, 1):
            if int(tokens[step, part]) - FIRST_NOTE + self.lowest in pitches:
                sound_on(tokens[:, part], step)

    def fall_silent(self, tokens: np.ndarray, step: int) -> None:
        """In a window [T, 3], melody and bass that sound before it end at `step`, each where it is silent
        there in the window."""
        for part in (0, 1):
            fall_silent(tokens[:, part], step)

    def transpose(self, tokens: np.ndarray, semitones: np.ndarray) -> np.ndarray:
        """Windows [W, T, 3] moved by semitones [W]; a note that would leave the range stays."""
        return self.transposition.apply(np.asarray(tokens), semitones)

    def crossed(self, tokens: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Windows that take melody, bass and every drum from each other; under chords only drums.

        A part that rests throughout is taken from a window that has it.
        """
        first = 2 if self.chords else 0
        notes = [(tokens[..., part] >= FIRST_NOTE).any(1) for part in (0, 1)]  # [W] each
        sounds = np.stack([*notes, (tokens[..., 2] > 0).any(1)], -1)  # [W, 3]
        whole = filled(tokens[..., first:], ~sounds[:, first:], generator)
        mixed = crossed(whole, self.bar_steps, generator)
        drums = self._drums.crossed(mixed[..., -1], generator)
        return np.concatenate([tokens[..., :first], mixed[..., :-1], drums[..., None]], -1)

    def fingerprint(self, tokens: np.ndarray) -> np.ndarray:
        """A hash uint64 [W] of canonical windows [W, T, 3], the same for every transposition of the whole."""
        tokens = np.asarray(tokens).astype(np.int64)
        notes = (tokens >= FIRST_NOTE) & (np.arange(3) < 2)
        low = np.where(notes, tokens, 255).min(axis=(1, 2), keepdims=True)
        shape = np.where(notes, tokens - low + FIRST_NOTE, tokens)
        return hash_rows(as_bytes(shape.astype(np.uint16)))

    def compare(self, got: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
        """Figures of how well windows [N, T, 3] agree (see `Representation.compare`).

        A step is right when all three tokens are. Each part has its own "steps", "windows",
        "commonest" and "note_f1", as "melody_steps" and so on; "note_f1" is that of all notes and hits.
        """
        got, wanted = np.asarray(got), np.asarray(wanted)
        figures = step_figures(got, wanted)
        right = written = there = 0.0
        for column, part in enumerate(PARTS):
            a, b = got[..., column], wanted[..., column]
            if part == "drums":
                a_hits, b_hits = self._drums.flags(a), self._drums.flags(b)
                counts = float((a_hits & b_hits).sum()), float(a_hits.sum()), float(b_hits.sum())
            else:
                same = ((a == b) & (b >= FIRST_NOTE)).sum()
                counts = float(same), float((a >= FIRST_NOTE).sum()), float((b >= FIRST_NOTE).sum())
            figures |= step_figures(a, b, f"{part}_") | {f"{part}_note_f1": f1(*counts)}
            right, written, there = right + counts[0], written + counts[1], there + counts[2]
        return figures | {"note_f1": f1(right, written, there)}

    def pianoroll(self, tokens: np.ndarray) -> np.ndarray:
        """A picture uint8 [n * T, 128] of joined windows: 2 where something is struck, 1 where it is held."""
        tokens = joined_windows(self, tokens)
        rolls = [self._line.pianoroll(tokens[..., column]) for column in (0, 1)]
        return np.maximum.reduce([*rolls, self._drums.pianoroll(tokens[..., 2])])

    def to_score(self, tokens: np.ndarray, qpm: float = 120.0, program: int = 0, velocity: int = 80) -> Score:
        """A window [T, 3], or windows one behind the other [n, T, 3], as a score of three tracks.

        Args:
            tokens: any tokens, canonical or not.
            qpm: tempo in quarter notes a minute.
            program: General MIDI program of the melody, one of `programs`; for any other it is the first of
                `lead_programs`. The bass is an electric bass.
            velocity: of all notes, 1 to 127.

        Raises:
            ConfigError: the tokens are not a whole number of windows, or out of range.
        """
        tokens = joined_windows(self, tokens)
        parts = [self._line.to_score(tokens[..., column], qpm, program, velocity) for column in (0, 1)]
        parts.append(self._drums.to_score(tokens[..., 2], qpm, 0, velocity))
        start, end, pitch, loud = (
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("start", "end", "pitch", "velocity")
        )
        track = np.repeat(np.arange(3, dtype=np.int32), [len(part) for part in parts])
        order = np.lexsort((pitch, start))
        lead = program if program in self.programs else self.lead_programs[0]
        bass = min(max(BASS_PROGRAM, self.bass_programs[0]), self.bass_programs[1])
        return Score(
            ticks_per_quarter=parts[0].ticks_per_quarter,
            start=start[order],
            end=end[order],
            pitch=pitch[order],
            velocity=loud[order],
            track=track[order],
            tracks=(Track("Melody", lead), Track("Bass", bass), Track("Drums", 0, True)),
            meters=(MeterChange(0, self.meter),),
            tempos=(TempoChange(0, qpm),),
        )
