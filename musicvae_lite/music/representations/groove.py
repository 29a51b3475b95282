"""Groove: which drums are struck at each step, how hard, and how early or late. As in GrooVAE (1905.06118).

A step is 3 * C floats: hits 0 or 1, velocities in 0..1 (of 127), and offsets in -1..1, twice the fraction
of a step by which a hit comes early. Time is counted in steps, so that a groove keeps its feel at any tempo.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from musicvae_lite.errors import ConfigError
from musicvae_lite.music import drum_maps
from musicvae_lite.music.grid import Grid
from musicvae_lite.music.representations import configuring, groove_tasks
from musicvae_lite.music.representations.base import Example, Extraction
from musicvae_lite.music.representations.comparing import f1, step_figures
from musicvae_lite.music.representations.crossing import crossed
from musicvae_lite.music.representations.fingerprints import hash_rows
from musicvae_lite.music.representations.gridded import Gridded
from musicvae_lite.music.representations.groove_tasks import Known, parts
from musicvae_lite.music.representations.hits import Hits, choose_drums
from musicvae_lite.music.representations.steps import Binary, Groove, Step
from musicvae_lite.music.representations.transposition import Transposition
from musicvae_lite.music.representations.windowing import (
    LONGEST_SONG,
    extract,
    few_notes_rule,
    joined_windows,
    nothing,
    place,
    rest_rule,
)
from musicvae_lite.music.score import COMMON_TIME, Meter, MeterChange, Score, TempoChange, Track
from musicvae_lite.music.voices import label


@dataclass(frozen=True)
class GrooveRepresentation(Gridded):
    """Windows of grooves, float32 [T, 3 * C].

    Of several hits of one drum on one step the loudest counts.

    Attributes:
        bars: bars a window.
        meter: meter of the windows; songs in other meters are rejected (see `grid.accepts`).
        steps_per_quarter: 4 for a grid of 16ths.
        drum_map: which pitches are which drum: a name of `drum_maps`, a TOML file, or a DrumMap.
        task: what a model learns: "play" gives back the groove it is given, "humanize" is given its hits,
            "tap" when something is struck, "add-hihat" the groove without closed hi-hats, and
            "hits-control" the groove, with its hits as a condition.
        dropout: in training, and where that is measured, a window loses up to this share of what it is given,
            soft hits first.
        min_notes: a window with fewer hits is rejected.
        max_rest_bars: a window with a longer silence, in bars, is rejected; by default a quarter of the
            window, and at least one bar.
    """

    bars: int = 2
    meter: Meter = COMMON_TIME
    steps_per_quarter: int = 4
    drum_map: Any = "magenta-9"
    task: str = "play"
    dropout: float = 0.0
    min_notes: int = 4
    max_rest_bars: float | None = None

    name: ClassVar[str] = "groove"
    percussive: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self.check_grid()
        object.__setattr__(self, "drum_map", drum_maps.find(self.drum_map))
        if self.task not in groove_tasks.TASKS:
            raise ConfigError(
                f"no groove task is called '{self.task}': there are {', '.join(groove_tasks.TASKS)}"
            )
        if not 0 <= self.dropout <= 1:
            raise ConfigError(f"dropout is {self.dropout}; it is a share, 0 to 1")
        if self.task in ("tap", "add-hihat"):
            self.drum_map.index(groove_tasks.TAP if self.task == "tap" else groove_tasks.ADDED)

    @property
    def classes(self) -> int:
        """C: how many drums there are."""
        return len(self.drum_map)

    @property
    def step_ticks(self) -> int:
        """Ticks a step of the scores written: twice as fine as others, and even."""
        return 2 * super().step_ticks

    @property
    def step(self) -> Groove:
        """Three floats a drum."""
        return Groove(self.classes)

    @property
    def control(self) -> Step | None:
        """The hits, for the task "hits-control"."""
        return Binary(self.classes) if self.task == "hits-control" else None

    @property
    def meaning(self) -> dict[str, Any]:
        """What decides the numbers' meaning (see `Representation.meaning`)."""
        return configuring.meaning(self) | {"drums": list(self.drum_map.drums)}

    @property
    def draws_examples(self) -> bool:
        """Where hits are left out by chance."""
        return self.dropout > 0

    @property
    def keeps_notes(self) -> bool:
        """Whether the hits of what a model makes are those it is given, beside what it adds."""
        return self.task in groove_tasks.KEEPING

    @property
    def transposition(self) -> Transposition:
        """Drums do not move."""
        return Transposition()

    def candidates(self, score: Score) -> list[int | None]:
        """All drums together."""
        return [None]

    def lenient(self) -> GrooveRepresentation:
        """The same windows without rules: reads all that a model writes, silence too."""
        return replace(self, min_notes=0, max_rest_bars=float(self.bars))

    def windows(
        self, score: Score, hop: int | None = None, track: int | None = None, *, taps: bool = False
    ) -> Extraction:
        """Every window of a score.

        Args:
            score: any score; what is no drum is left out.
            hop: steps from one window to the next; one bar by default.
            track: index of the track to read as drums; by default all on channel 10, else all named so.
            taps: whether every note of the track counts as a tap, whatever its pitch; the track is then
                by default the first that holds notes.

        Returns:
            Windows float32 [W, T, 3 * C], and a Rejection for every stretch that gave none.

        Raises:
            ConfigError: `hop` is not positive, or there is no such track.
        """
        hop = self.hop_of(hop)
        chosen = int(score.track.min()) if taps and track is None and len(score) else track
        choice = choose_drums(score, chosen)
        if chosen != track:
            choice = replace(choice, words=f"{label(score, choice.tracks[0])}: the first with notes")
        if choice.trouble and (len(score) or self.min_notes or track is not None):
            return nothing(self, *choice.trouble)
        grid = Grid.of(score, self.steps_per_quarter)
        if grid.steps > LONGEST_SONG:
            return nothing(self, "long", f"{grid.bars:,} bars are more than a song can have")
        classes = self.drum_map.classes
        if taps:
            classes = np.full(128, self.drum_map.index(groove_tasks.TAP), dtype=np.uint8)
        hits = Hits.of(score, grid, choice, classes)
        song = self._song(hits, grid.steps + self.steps)
        placement = place(grid, self.meter, self.steps, hop, int(self.longest_rest * self.bar_steps))
        struck = parts(song)[0]
        rules = [
            rest_rule(self, struck.max(axis=-1) > 0, placement.starts),
            few_notes_rule(self, struck.sum(-1), placement.starts, "hit"),
        ]
        odd = [choice.warning] if choice.warning and not taps else []
        odd += hits.merging(self.drum_map) if self.task == "play" and not taps else []
        return extract(
            self,
            grid,
            placement,
            rules,
            lambda at: song[at],
            choice=choice.words + hits.told(),
            tracks=choice.tracks,
            warnings=tuple(odd),
        )

    def _song(self, hits: Hits, steps: int) -> np.ndarray:
        """The song as one groove float32 [L, 3 * C]; the loudest of several hits in one cell stays."""
        song = np.zeros((steps, 3 * self.classes), dtype=np.float32)
        order = np.lexsort((np.arange(len(hits.step))[::-1], hits.velocity))
        step, drum = hits.step[order], hits.drum[order]
        struck, velocity, offset = parts(song)
        struck[step, drum] = 1
        velocity[step, drum] = hits.velocity[order] / 127
        offset[step, drum] = -2 * hits.late[order] + 0.0
        return song

    def canonical(self, tokens: np.ndarray) -> np.ndarray:
        """The one spelling of grooves [..., T, 3 * C]: what MIDI can say.

        Hits are 0 or 1, velocities 1 to 127 of 127, offsets whole ticks. What is not struck has neither
        velocity nor offset. A hit half a step late belongs to the next step, so the latest is one tick
        before that.
        """
        hits, velocity, offset = parts(np.asarray(tokens, dtype=np.float64))
        half = self.step_ticks // 2
        struck = hits > 0.5
        loud = np.clip(np.rint(velocity * 127), 1, 127) / 127
        early = np.clip(np.rint(offset * half), 1 - half, half) / half + 0.0
        return np.concatenate([struck, struck * loud, struck * early], axis=-1).astype(np.float32)

    def transpose(self, tokens: np.ndarray, semitones: np.ndarray) -> np.ndarray:
        """Drums do not move."""
        return np.array(tokens, dtype=np.float32)

    def crossed(self, tokens: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Windows that take some of their drums from each other (see `crossing`)."""
        voices = np.stack(parts(tokens), -1)  # [W, T, C, 3]
        mixed = crossed(voices, self.steps_per_quarter, generator)
        return np.concatenate(np.moveaxis(mixed, -1, 0), -1)

    def fingerprint(self, tokens: np.ndarray) -> np.ndarray:
        """A hash uint64 [W] of grooves [W, T, 3 * C], as MIDI would write them."""
        hits, velocity, offset = parts(self.canonical(tokens))
        levels = np.rint(velocity * 127).astype("<i2")
        ticks = np.rint(offset * (self.step_ticks // 2)).astype("<i2")
        rows = np.concatenate([hits.astype("<i2"), levels, ticks], axis=-1)
        return hash_rows(np.ascontiguousarray(rows).reshape(len(rows), -1).view(np.uint8))

    def given(self, tokens: np.ndarray, control: np.ndarray | None) -> Example:
        """Grooves [W, T, 3 * C] as the task gives them, the grooves wanted, and the condition, if any."""
        tokens = np.asarray(tokens, dtype=np.float32)
        match self.task:
            case "humanize":
                return Example(groove_tasks.quantised(tokens), tokens, None)
            case "tap":
                return Example(
                    groove_tasks.tapped(tokens, self.drum_map.index(groove_tasks.TAP)), tokens, None
                )
            case "add-hihat":
                drum = self.drum_map.index(groove_tasks.ADDED)
                return Example(groove_tasks.without(tokens, drum), tokens, None)
            case "hits-control":
                return Example(tokens, tokens, groove_tasks.hits_of(tokens))
        return Example(tokens, tokens, None)

    def known(self, tokens: np.ndarray) -> Known | None:
        """What the task says beforehand of the hits to be made of grooves [W, T, 3 * C], if anything."""
        added = self.drum_map.index(groove_tasks.ADDED) if self.task == "add-hihat" else -1
        return groove_tasks.known(tokens, self.task, added)

    def examples(
        self, tokens: np.ndarray, control: np.ndarray | None, generator: np.random.Generator
    ) -> Example:
        """As `given`, of grooves that have lost some hits; all of them are wanted back."""
        tokens = np.asarray(tokens, dtype=np.float32)
        left = groove_tasks.dropped(tokens, self.dropout, generator) if self.dropout else tokens
        return self.given(left, control)._replace(target=tokens)

    def compare(self, got: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
        """Figures of how well grooves [N, T, 3 * C] agree (see `Representation.compare`).

        A step is right when all its hits are. Besides, over the hits that both have: "velocity_error",
        mean and absolute, of 127; "offset_error", mean and absolute, in steps (times 15 / qpm it is
        seconds, in 16ths); and "offset_error_quantised", what offsets of 0 would score.
        """
        (a, loud_a, early_a), (b, loud_b, early_b) = parts(self.canonical(got)), parts(self.canonical(wanted))
        both = (a > 0) & (b > 0)
        count = max(int(both.sum()), 1)
        return {
            **step_figures(a.astype(np.uint8), b.astype(np.uint8)),
            "note_f1": f1(float(both.sum()), float(a.sum()), float(b.sum())),
            "velocity_error": float((np.abs(loud_a - loud_b) * both).sum() * 127 / count),
            "offset_error": float((np.abs(early_a - early_b) * both).sum() / 2 / count),
            "offset_error_quantised": float((np.abs(early_b) * both).sum() / 2 / count),
        }

    def pianoroll(self, tokens: np.ndarray) -> np.ndarray:
        """A picture uint8 [n * T, 128] of joined windows: 2 where a drum is struck."""
        hits = parts(self.canonical(joined_windows(self, tokens)))[0].reshape(-1, self.classes)
        roll = np.zeros((len(hits), 128), dtype=np.uint8)
        roll[:, self.drum_map.written] = 2 * (hits > 0)
        return roll

    def to_score(
        self,
        tokens: np.ndarray,
        qpm: float = 120.0,
        program: int = 0,
        velocity: int = 80,
        *,
        lead_in: bool = False,
    ) -> Score:
        """A groove [T, 3 * C], or several one behind the other [n, T, 3 * C], as a score on channel 10.

        Args:
            tokens: any grooves, canonical or not.
            qpm: tempo in quarter notes a minute.
            program: General MIDI drum kit, 0 to 127.
            velocity: not used, a groove has its own.
            lead_in: begin with a silent bar, so that hits before the first bar line keep their place;
                without it they fall on the line.

        Raises:
            ConfigError: these are no whole number of windows.
        """
        flat = self.canonical(joined_windows(self, tokens)).reshape(-1, 3 * self.classes)
        hits, loud, early = parts(flat)
        step, drum = np.nonzero(hits)
        begin = (step + lead_in * self.bar_steps) * self.step_ticks
        start = begin - np.rint(early[step, drum] * (self.step_ticks // 2)).astype(np.int64)
        end = start + self.step_ticks
        pitch = self.drum_map.written[drum]
        start = np.maximum(start, 0)
        order = np.lexsort((pitch, start))
        strength = np.rint(loud[step, drum] * 127)
        return Score(
            ticks_per_quarter=self.step_ticks * self.steps_per_quarter,
            start=start[order].astype(np.int32),
            end=end[order].astype(np.int32),
            pitch=pitch[order].astype(np.int32),
            velocity=strength[order].astype(np.int32),
            track=np.zeros(len(pitch), dtype=np.int32),
            tracks=(Track("Drums", program, True),),
            meters=(MeterChange(0, self.meter),),
            tempos=(TempoChange(0, qpm),),
        )
