"""Rhythm: when notes begin, and nothing of their pitch. magenta-js's MelodyRhythm and TrioRhythm.

A step is a flag of the melody; or three, of melody, bass and drums. Written as notes, each is a short one of
a pitch of its own (@magenta/music, core/data.ts, MelodyRhythmConverter and TrioRhythmConverter).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.drum_maps import NONE, DrumMap
from musicvae_lite.music.representations import configuring
from musicvae_lite.music.representations.base import Extraction
from musicvae_lite.music.representations.comparing import f1, step_figures
from musicvae_lite.music.representations.drums import DrumsRepresentation
from musicvae_lite.music.representations.fingerprints import hash_rows
from musicvae_lite.music.representations.gridded import Gridded
from musicvae_lite.music.representations.line import FIRST_NOTE
from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.music.representations.steps import Binary
from musicvae_lite.music.representations.transposition import Transposition
from musicvae_lite.music.representations.trio import TrioRepresentation
from musicvae_lite.music.representations.windowing import joined_windows
from musicvae_lite.music.score import COMMON_TIME, Meter, MeterChange, Score, TempoChange, Track

SNARE = 38
VOICES = {"melody": (SNARE,), "trio": (72, 36, SNARE)}  # the pitch each flag is written with
EVERY_DRUM = DrumMap("any", ("any",), ((SNARE, *(p for p in range(128) if p != SNARE)),))
BASS_PROGRAM = 32  # from 0, as magenta-js writes it


@dataclass(frozen=True)
class RhythmRepresentation(Gridded):
    """Windows of onsets as flags uint8 [T, 1] or [T, 3].

    Attributes:
        bars: bars a window.
        meter: meter of the windows; songs in other meters are rejected (see `grid.accepts`).
        steps_per_quarter: 4 for a grid of 16ths.
        voices: "melody" for one flag a step, "trio" for those of melody, bass and drums.
        drum_map: of a trio, which pitches are drums: a name of `drum_maps`, a TOML file, or a DrumMap.
        tolerance, off_grid_share, max_rest_bars: which windows are taken, as in `MelodyRepresentation` and
            `TrioRepresentation`.
        min_notes: the same, of a melody.
        lowest, highest: MIDI numbers; a window with a pitch outside them is rejected.
        chords: None, or how the chords that condition windows are encoded: "triads" or "pitches".
    """

    bars: int = 2
    meter: Meter = COMMON_TIME
    steps_per_quarter: int = 4
    voices: str = "melody"
    drum_map: Any = "magenta-9"
    tolerance: float = 0.3
    off_grid_share: float = 0.25
    min_notes: int = 2
    max_rest_bars: float | None = None
    lowest: int = 21
    highest: int = 108
    chords: str | None = None

    name: ClassVar[str] = "rhythm"
    usual_hop: ClassVar[str] = "beat"

    def __post_init__(self) -> None:
        self.check_grid()
        if self.voices not in VOICES:
            raise ConfigError(f"the voices of a rhythm are {' or '.join(VOICES)}, not '{self.voices}'")
        object.__setattr__(self, "drum_map", self._trio.drum_map)
        _ = self._melody

    @property
    def _common(self) -> dict[str, Any]:
        names = ("bars", "meter", "steps_per_quarter", "tolerance", "off_grid_share", "max_rest_bars")
        return {name: getattr(self, name) for name in names}

    @property
    def _pitched(self) -> dict[str, Any]:
        return self._common | {"lowest": self.lowest, "highest": self.highest, "chords": self.chords}

    @property
    def _melody(self) -> MelodyRepresentation:
        return MelodyRepresentation(min_notes=self.min_notes, **self._pitched)

    @property
    def _trio(self) -> TrioRepresentation:
        return TrioRepresentation(drum_map=self.drum_map, **self._pitched)

    @property
    def _hits(self) -> DrumsRepresentation:
        """Any drum at all, of songs without pitched notes: what is written of a melody is one."""
        return DrumsRepresentation(drum_map=EVERY_DRUM, form="hits", min_notes=self.min_notes, **self._common)

    @property
    def step(self) -> Binary:
        """A flag a voice."""
        return Binary(len(VOICES[self.voices]))

    @property
    def meaning(self) -> dict[str, Any]:
        """What decides the flags' meaning (see `Representation.meaning`)."""
        drums = {"drums": list(self.drum_map.drums)} if self.voices == "trio" else {}
        return configuring.meaning(self, "voices", "lowest", "highest", "chords") | drums

    @property
    def programs(self) -> Collection[int]:
        """Those of the melody of a trio; strokes of a snare drum have none."""
        return self._trio.programs if self.voices == "trio" else ()

    @property
    def transposition(self) -> Transposition:
        """A rhythm has no pitch that could move."""
        return Transposition()

    def candidates(self, score: Score) -> list[int | None]:
        """Every pitched track, of a trio as its melody; the drums of a song that has no other."""
        if self.voices == "trio":
            return self._trio.candidates(score)
        return super().candidates(score) or [None]

    def lenient(self) -> RhythmRepresentation:
        """The same windows without rules: reads all that a model writes, silence too."""
        return replace(self, min_notes=0, max_rest_bars=float(self.bars), off_grid_share=1.0)

    def windows(self, score: Score, hop: int | None = None, track: int | None = None) -> Extraction:
        """Every window of a score.

        Args:
            score: any score. Of one that holds drums alone, every hit is an onset of the melody.
            hop: steps from one window to the next; one bar by default.
            track: index of the track to take the melody from.

        Returns:
            Windows uint8 [W, T, 1] or [W, T, 3], and a Rejection for every stretch that gave none.

        Raises:
            ConfigError: `hop` is not positive, or there is no such track.
        """
        if self.voices == "trio":
            found = self._trio.windows(score, hop, track)
            onsets = found.tokens >= np.array([FIRST_NOTE, FIRST_NOTE, 1])
            return replace(found, tokens=onsets.astype(np.uint8))
        found = self._melody.windows(score, hop, track)
        if [r.code for r in found.rejections] == ["drums"] and self.chords is None:
            return self._hits.windows(score, hop, track)
        return replace(found, tokens=(found.tokens >= FIRST_NOTE).astype(np.uint8)[..., None])

    def canonical(self, tokens: np.ndarray) -> np.ndarray:
        """Every window is its own one spelling."""
        return np.asarray(tokens).astype(np.uint8)

    def transpose(self, tokens: np.ndarray, semitones: np.ndarray) -> np.ndarray:
        """A rhythm has no pitch that could move."""
        return self.canonical(tokens)

    def fingerprint(self, tokens: np.ndarray) -> np.ndarray:
        """A hash uint64 [W] of windows [W, T, C]."""
        return hash_rows(self.canonical(tokens).reshape(len(tokens), -1))

    def compare(self, got: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
        """Figures of how well windows [N, T, C] agree (see `Representation.compare`).

        A step is right when all its flags are; "note_f1" is that of onsets.
        """
        a, b = self.canonical(got), self.canonical(wanted)
        onsets = f1(float((a & b).sum()), float(a.sum()), float(b.sum()))
        return {**step_figures(a, b), "note_f1": onsets}

    @property
    def _written(self) -> np.ndarray:
        """The MIDI number of each voice, another one where that could not be read again."""
        pitch = np.array(VOICES[self.voices])
        pitch[:-1] = np.clip(pitch[:-1], self.lowest, self.highest)
        if self.drum_map.classes[SNARE] == NONE:
            pitch[-1] = self.drum_map.written[0]
        return pitch

    def pianoroll(self, tokens: np.ndarray) -> np.ndarray:
        """A picture uint8 [n * T, 128] of joined windows: 2 where something begins."""
        flags = joined_windows(self, tokens).reshape(-1, self.step.size)
        roll = np.zeros((len(flags), 128), dtype=np.uint8)
        roll[:, self._written] = 2 * flags
        return roll

    def to_score(self, tokens: np.ndarray, qpm: float = 120.0, program: int = 0, velocity: int = 80) -> Score:
        """A window [T, C], or windows one behind the other [n, T, C], as a score.

        The rhythm of a melody becomes strokes of a snare drum; that of a trio has a track for each voice.

        Args:
            tokens: flags.
            qpm: tempo in quarter notes a minute.
            program: General MIDI program of a trio's melody, one of `programs`.
            velocity: of all notes, 1 to 127.

        Raises:
            ConfigError: the flags are not a whole number of windows, or out of range.
        """
        flags = joined_windows(self, tokens).reshape(-1, self.step.size)
        drums = Track("Rhythm", 0, True)
        tracks = (drums,)
        if self.voices == "trio":
            lead = program if program in self.programs else self._trio.lead_programs[0]
            tracks = (Track("Melody", lead), Track("Bass", BASS_PROGRAM), replace(drums, name="Drums"))
        order = np.argsort(self._written)  # notes that begin together lie by pitch
        step, place = np.nonzero(flags[:, order])
        voice = order[place]
        start = step * self.step_ticks
        return Score(
            ticks_per_quarter=self.step_ticks * self.steps_per_quarter,
            start=start.astype(np.int32),
            end=(start + self.step_ticks).astype(np.int32),
            pitch=self._written[voice].astype(np.int32),
            velocity=np.full(len(voice), velocity, dtype=np.int32),
            track=voice.astype(np.int32),
            tracks=tracks,
            meters=(MeterChange(0, self.meter),),
            tempos=(TempoChange(0, qpm),),
        )
