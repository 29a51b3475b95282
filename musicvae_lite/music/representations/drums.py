"""Drums: which are struck at each step of a fixed grid. As in MusicVAE (Roberts et al. 2018, 1803.05428).

A step is one number whose bits are the drums (512 values of nine drums), or as many zeros and ones as
there are drums, for heads that write them one after another (NADE). How hard and how exactly in time they
are struck is left to `groove`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from musicvae_lite.errors import ConfigError
from musicvae_lite.music import drum_maps
from musicvae_lite.music.grid import Grid
from musicvae_lite.music.representations import configuring
from musicvae_lite.music.representations.base import Extraction
from musicvae_lite.music.representations.comparing import f1, step_figures
from musicvae_lite.music.representations.crossing import crossed
from musicvae_lite.music.representations.fingerprints import as_bytes, hash_rows
from musicvae_lite.music.representations.gridded import Gridded
from musicvae_lite.music.representations.hits import Hits, choose_drums
from musicvae_lite.music.representations.steps import Binary, Categorical, bits_of, value_of
from musicvae_lite.music.representations.transposition import Transposition
from musicvae_lite.music.representations.windowing import (
    LONGEST_SONG,
    extract,
    few_notes_rule,
    joined_windows,
    nothing,
    off_grid_rule,
    place,
    rest_rule,
)
from musicvae_lite.music.score import COMMON_TIME, Meter, MeterChange, Score, TempoChange, Track

MOST_BITS = 12  # drums a token can hold


@dataclass(frozen=True)
class DrumsRepresentation(Gridded):
    """Windows of drums as tokens uint16 [T], or as flags uint8 [T, C].

    Attributes:
        bars: bars a window.
        meter: meter of the windows; songs in other meters are rejected (see `grid.accepts`).
        steps_per_quarter: 4 for a grid of 16ths.
        drum_map: which pitches are which drum: a name of `drum_maps`, a TOML file, or a DrumMap.
        form: "tokens" for one number a step, "hits" for a flag a drum.
        tolerance: how far from its step a hit may lie, as a fraction of a step, up to 0.5.
        off_grid_share: a window with a larger share of hits beyond the tolerance is rejected.
        min_notes: a window with fewer hits is rejected.
        max_rest_bars: a window with a longer silence, in bars, is rejected; by default a quarter of the
            window, and at least one bar.
    """

    bars: int = 2
    meter: Meter = COMMON_TIME
    steps_per_quarter: int = 4
    drum_map: Any = "magenta-9"
    form: str = "tokens"
    tolerance: float = 0.3
    off_grid_share: float = 0.25
    min_notes: int = 4
    max_rest_bars: float | None = None

    name: ClassVar[str] = "drums"
    percussive: ClassVar[bool] = True
    usual_hop: ClassVar[str] = "beat"

    def __post_init__(self) -> None:
        self.check_grid()
        object.__setattr__(self, "drum_map", drum_maps.find(self.drum_map))
        if self.form not in ("tokens", "hits"):
            raise ConfigError(f"the form of drums is 'tokens' or 'hits', not '{self.form}'")
        if self.form == "tokens" and self.classes > MOST_BITS:
            raise ConfigError(
                f"{self.classes} drums are too many for one token a step, which holds {MOST_BITS}: "
                "use form 'hits'"
            )

    @property
    def classes(self) -> int:
        """C: how many drums there are."""
        return len(self.drum_map)

    @property
    def step(self) -> Categorical | Binary:
        """One of 2 ** C values, or C flags."""
        return Categorical(2**self.classes, self.classes) if self.form == "tokens" else Binary(self.classes)

    @property
    def meaning(self) -> dict[str, Any]:
        """What decides the numbers' meaning (see `Representation.meaning`)."""
        return configuring.meaning(self, "form") | {"drums": list(self.drum_map.drums)}

    @property
    def transposition(self) -> Transposition:
        """Drums do not move."""
        return Transposition()

    def candidates(self, score: Score) -> list[int | None]:
        """All drums together."""
        return [None]

    def lenient(self) -> DrumsRepresentation:
        """The same windows without rules: reads all that a model writes, silence too."""
        return replace(self, min_notes=0, max_rest_bars=float(self.bars), off_grid_share=1.0)

    def windows(self, score: Score, hop: int | None = None, track: int | None = None) -> Extraction:
        """Every window of a score.

        Args:
            score: any score; what is no drum is left out.
            hop: steps from one window to the next; one bar by default.
            track: index of the track to read as drums; by default all on channel 10, else all named so.

        Returns:
            Windows [W, T] or [W, T, C], and a Rejection for every stretch that gave none.

        Raises:
            ConfigError: `hop` is not positive, or there is no such track.
        """
        hop = self.hop_of(hop)
        choice = choose_drums(score, track)
        if choice.trouble and (len(score) or self.min_notes or track is not None):
            return nothing(self, *choice.trouble)
        grid = Grid.of(score, self.steps_per_quarter)
        if grid.steps > LONGEST_SONG:
            return nothing(self, "long", f"{grid.bars:,} bars are more than a song can have")
        hits = Hits.of(score, grid, choice, self.drum_map.classes)
        song = np.zeros((grid.steps + self.steps, self.classes), dtype=np.uint8)
        song[hits.step, hits.drum] = 1

        rest = int(self.longest_rest * self.bar_steps)
        placement = place(grid, self.meter, self.steps, hop, rest)
        starts = placement.starts
        rules = [
            off_grid_rule(self, hits.step, hits.late, starts),
            rest_rule(self, song.max(axis=1) > 0, starts),
        ]
        rules.append(few_notes_rule(self, song.sum(1), starts, "hit"))
        warnings = (*([choice.warning] if choice.warning else []), *hits.merging(self.drum_map))
        flags = self._spelled(song)
        about = {"choice": choice.words + hits.told(), "tracks": choice.tracks, "warnings": warnings}
        return extract(self, grid, placement, rules, lambda at: flags[at], **about)

    def _spelled(self, flags: np.ndarray) -> np.ndarray:
        """Flags [..., C] in the form of this representation."""
        return value_of(flags).astype(self.step.dtype) if self.form == "tokens" else flags.astype(np.uint8)

    def flags(self, tokens: np.ndarray) -> np.ndarray:
        """Windows in either form as flags uint8 [..., T, C]."""
        if self.form == "tokens":
            return bits_of(tokens, self.classes)
        return (np.asarray(tokens) > 0).astype(np.uint8)

    def canonical(self, tokens: np.ndarray) -> np.ndarray:
        """Every window is its own one spelling."""
        return np.asarray(tokens).astype(self.step.dtype)

    def transpose(self, tokens: np.ndarray, semitones: np.ndarray) -> np.ndarray:
        """Drums do not move."""
        return self.canonical(tokens)

    def crossed(self, tokens: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Windows that take some of their drums from each other (see `crossing`)."""
        return self._spelled(crossed(self.flags(tokens), self.steps_per_quarter, generator))

    def fingerprint(self, tokens: np.ndarray) -> np.ndarray:
        """A hash uint64 [W] of windows [W, T, ...]."""
        return hash_rows(as_bytes(self.canonical(tokens)))

    def compare(self, got: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
        """Figures of how well windows [N, T, ...] agree (see `Representation.compare`).

        A step is right when all its drums are; "note_f1" is that of hits.
        """
        a, b = self.flags(got), self.flags(wanted)
        hits = f1(float((a & b).sum()), float(a.sum()), float(b.sum()))
        return {**step_figures(self.canonical(got), self.canonical(wanted)), "note_f1": hits}

    def pianoroll(self, tokens: np.ndarray) -> np.ndarray:
        """A picture uint8 [n * T, 128] of joined windows: 2 where a drum is struck."""
        flags = self.flags(joined_windows(self, tokens)).reshape(-1, self.classes)
        roll = np.zeros((len(flags), 128), dtype=np.uint8)
        roll[:, self.drum_map.written] = 2 * flags
        return roll

    def to_score(self, tokens: np.ndarray, qpm: float = 120.0, program: int = 0, velocity: int = 80) -> Score:
        """A window [T, ...], or windows one behind the other [n, T, ...], as a score on channel 10.

        Args:
            tokens: any tokens or flags.
            qpm: tempo in quarter notes a minute.
            program: General MIDI drum kit, 0 to 127.
            velocity: of all hits, 1 to 127.

        Raises:
            ConfigError: the tokens are not a whole number of windows, or out of range.
        """
        flags = self.flags(joined_windows(self, tokens)).reshape(-1, self.classes)
        step, drum = np.nonzero(flags[:, np.argsort(self.drum_map.written)])
        pitch = np.sort(self.drum_map.written)[drum]
        scale = self.step_ticks
        return Score(
            ticks_per_quarter=scale * self.steps_per_quarter,
            start=(step * scale).astype(np.int32),
            end=((step + 1) * scale).astype(np.int32),
            pitch=pitch.astype(np.int32),
            velocity=np.full(len(pitch), velocity, dtype=np.int32),
            track=np.zeros(len(pitch), dtype=np.int32),
            tracks=(Track("Drums", program, True),),
            meters=(MeterChange(0, self.meter),),
            tempos=(TempoChange(0, qpm),),
        )
