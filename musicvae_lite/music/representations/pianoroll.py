"""Piano-roll: any number of notes at once on a fixed grid, 88 keys struck or held.

A step is 176 flags: for each key whether it is struck, and for each key whether it is still held. A key that
is held must have been struck before; one that is struck is not held as well: so every texture has one
spelling. A window stands for itself: what sounds on into it is struck anew at its start.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.grid import Grid, common_shift
from musicvae_lite.music.representations import chord_control, configuring
from musicvae_lite.music.representations.base import Extraction
from musicvae_lite.music.representations.comparing import f1, step_figures
from musicvae_lite.music.representations.crossing import others
from musicvae_lite.music.representations.fingerprints import hash_rows
from musicvae_lite.music.representations.gridded import Gridded
from musicvae_lite.music.representations.line import SUSPECT
from musicvae_lite.music.representations.steps import Binary
from musicvae_lite.music.representations.transposition import Span, Transposition
from musicvae_lite.music.representations.windowing import (
    LONGEST_SONG,
    Rule,
    extract,
    few_notes_rule,
    joined_windows,
    nothing,
    off_grid_rule,
    place,
    rest_rule,
)
from musicvae_lite.music.score import COMMON_TIME, Meter, MeterChange, Score, TempoChange, Track
from musicvae_lite.music.voices import label, pitched


@dataclass(frozen=True)
class PianorollRepresentation(Gridded):
    """Windows of polyphonic music as flags uint8 [T, 2 * K]: K keys struck, then K keys held.

    Attributes:
        bars: bars a window.
        meter: meter of the windows; songs in other meters are rejected (see `grid.accepts`).
        steps_per_quarter: 4 for a grid of 16ths.
        tolerance: how far from its step an onset may lie, as a fraction of a step, up to 0.5.
        off_grid_share: a window with a larger share of onsets beyond the tolerance is rejected.
        min_notes: a window with fewer notes is rejected.
        max_rest_bars: a window with a longer silence, in bars, is rejected; by default a quarter of the
            window, and at least one bar.
        lowest, highest: MIDI numbers of the keys; a window with a pitch outside them is rejected.
        chords: None, or how the chords that condition windows are encoded: "triads" or "pitches".
    """

    bars: int = 2
    meter: Meter = COMMON_TIME
    steps_per_quarter: int = 4
    tolerance: float = 0.3
    off_grid_share: float = 0.25
    min_notes: int = 4
    max_rest_bars: float | None = None
    lowest: int = 21
    highest: int = 108
    chords: str | None = None

    name: ClassVar[str] = "pianoroll"
    polyphonic: ClassVar[bool] = True

    def __post_init__(self) -> None:
        self.check_grid()
        if not 0 <= self.lowest <= self.highest <= 127:
            raise ConfigError(f"pitches {self.lowest} to {self.highest} are no range within 0 to 127")

    @property
    def keys(self) -> int:
        """K: how many keys there are."""
        return self.highest - self.lowest + 1

    @property
    def step(self) -> Binary:
        """Two flags a key."""
        return Binary(2 * self.keys)

    @property
    def meaning(self) -> dict[str, Any]:
        """What decides the flags' meaning (see `Representation.meaning`)."""
        return configuring.meaning(self, "lowest", "highest", "chords")

    @property
    def transposition(self) -> Transposition:
        """Both halves shift by one column a semitone."""
        return Transposition((Span(0, self.keys - 1), Span(self.keys, 2 * self.keys - 1)), "place")

    def lenient(self) -> PianorollRepresentation:
        """The same windows without rules: reads all that a model writes, silence too."""
        return replace(self, min_notes=0, max_rest_bars=float(self.bars), off_grid_share=1.0)

    def windows(self, score: Score, hop: int | None = None, track: int | None = None) -> Extraction:
        """Every window of a score.

        Args:
            score: any score; drums are left out.
            hop: steps from one window to the next; one bar by default.
            track: index of the only track to take; all pitched ones together by default.

        Returns:
            Windows uint8 [W, T, 2 * K], and a Rejection for every stretch that gave none.

        Raises:
            ConfigError: `hop` is not positive, or there is no such track.
        """
        hop = self.hop_of(hop)
        tracks, choice, trouble = self._choose(score, track)
        if trouble:
            return nothing(self, *trouble)
        grid = Grid.of(score, self.steps_per_quarter)
        if grid.steps > LONGEST_SONG:
            return nothing(self, "long", f"{grid.bars:,} bars are more than a song can have")
        mine = np.isin(score.track, tracks)
        start, end, pitch = score.start[mine], score.end[mine], score.pitch[mine].astype(np.int64)
        step, late = grid.quantise(start)
        ticks = 0
        if len(late) and np.abs(late).mean() > SUSPECT and (shift := common_shift(late)):
            ticks = round(shift * grid.step_ticks)
            start, end = np.maximum(start - ticks, 0), np.maximum(end - ticks, 1)
            step, late = grid.quantise(start)
            choice += f"; moved by {-shift:+.2f} of a step onto the grid"
        stop = np.maximum(grid.quantise(end)[0], step + 1)
        song = self._song(step, stop, pitch, grid.steps + self.steps)

        placement = place(grid, self.meter, self.steps, hop, int(self.longest_rest * self.bar_steps))
        starts = placement.starts
        struck, held = song[:, : self.keys], song[:, self.keys :]
        rules = [
            self._range(step, stop, pitch, starts),
            off_grid_rule(self, step, late, starts),
            rest_rule(self, song.max(axis=-1) > 0, starts),
            few_notes_rule(self, struck.sum(-1, dtype=np.int64), starts),
        ]

        def cut(at: np.ndarray) -> np.ndarray:
            windows = song[at]
            windows[:, 0, : self.keys] |= held[at[:, 0]]  # strike anew what sounds on
            windows[:, 0, self.keys :] = 0
            return windows

        found = extract(self, grid, placement, rules, cut, choice=choice, tracks=tuple(tracks), late=ticks)
        if self.chords is None:
            return found
        control, source = chord_control.of_song(score, grid, len(song), self.chords)
        begin = grid.quantise(found.tick.astype(np.int64))[0]
        control = control[begin[:, None] + np.arange(self.steps)]
        return replace(found, control=control, choice=f"{choice}; {source}")

    def _choose(self, score: Score, track: int | None) -> tuple[list[int], str, tuple[str, str] | None]:
        """The tracks to take and what to say of them, or what makes it impossible."""
        if track is not None:
            if not 0 <= track < len(score.tracks):
                raise ConfigError(f"there is no track {track + 1}: the song has {len(score.tracks)}")
            name = label(score, track)
            if score.tracks[track].is_drum:
                return [], "", ("drums", f"{name} holds drums, which a piano-roll leaves out")
            if not (score.track == track).any():
                return [], "", ("empty", f"{name} holds no notes")
            return [track], f"{name}: as asked", None
        tracks = pitched(score)
        if not tracks and (len(score) or self.min_notes):
            only = ("drums", "only drums, which a piano-roll leaves out")
            return [], "", only if len(score) else ("empty", "no notes")
        names = ", ".join(label(score, index) for index in tracks[:4])
        more = f" and {len(tracks) - 4} more" if len(tracks) > 4 else ""
        why = "all pitched tracks together" if len(tracks) > 1 else "the only pitched track"
        return tracks, f"{names}{more}: {why}", None

    def _song(self, step: np.ndarray, stop: np.ndarray, pitch: np.ndarray, steps: int) -> np.ndarray:
        """Notes [N] as flags uint8 [L, 2 * K]; those out of range are left out, and a strike ends a hold."""
        song = np.zeros((steps, 2 * self.keys), dtype=np.uint8)
        inside = (pitch >= self.lowest) & (pitch <= self.highest)
        step, stop, key = step[inside], stop[inside], pitch[inside] - self.lowest
        order = np.lexsort((-stop, step, key))  # of two on one step the longer comes first
        step, stop, key = step[order], stop[order], key[order]
        fresh = np.ones(len(step), dtype=bool)
        fresh[1:] = (step[1:] != step[:-1]) | (key[1:] != key[:-1])
        step, stop, key = step[fresh], stop[fresh], key[fresh]
        again = key[1:] == key[:-1]
        stop[:-1] = np.where(again, np.minimum(stop[:-1], step[1:]), stop[:-1])
        length = stop - step
        cells = np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)
        song[np.repeat(step, length) + cells, self.keys + np.repeat(key, length)] = 1
        song[step, self.keys + key] = 0
        song[step, key] = 1
        return song

    def _range(self, step: np.ndarray, stop: np.ndarray, pitch: np.ndarray, starts: np.ndarray) -> Rule:
        """Notes without a key, wherever they sound."""
        bad = np.flatnonzero((pitch < self.lowest) | (pitch > self.highest))
        length = (stop - step)[bad]
        cells = np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)
        faults = np.repeat(step[bad], length) + cells
        order = np.argsort(faults, kind="stable")
        told = np.repeat(pitch[bad], length)[order]
        where = f"lies outside {self.lowest} to {self.highest}"
        return Rule.at(
            "range", faults[order], starts, starts + self.steps, lambda i: f"pitch {told[i]} {where}"
        )

    def canonical(self, tokens: np.ndarray) -> np.ndarray:
        """The one spelling of windows [..., T, 2 * K] that sounds the same."""
        flags = np.asarray(tokens) > 0
        struck, held = flags[..., : self.keys], flags[..., self.keys :] & ~flags[..., : self.keys]
        place = np.arange(flags.shape[-2])[:, None]
        onset = np.maximum.accumulate(np.where(struck, place, -1), axis=-2)  # last strike at or before
        gap = np.maximum.accumulate(np.where(struck | held, -1, place), axis=-2)  # last silence
        return np.concatenate([struck, held & (onset > gap)], axis=-1).astype(np.uint8)

    def sound_on(self, tokens: np.ndarray, step: int, pitches: frozenset[int]) -> None:
        """In one long window [L, 2 * K], keys of some pitches that sound before `step` and are struck there
        sound on."""
        struck, held = tokens[:, : self.keys], tokens[:, self.keys :]
        on = (struck[step] > 0) & ((struck[step - 1] > 0) | (held[step - 1] > 0))
        on &= np.isin(self.lowest + np.arange(self.keys), list(pitches))
        struck[step, on], held[step, on] = 0, 1

    def transpose(self, tokens: np.ndarray, semitones: np.ndarray) -> np.ndarray:
        """Windows [W, T, 2 * K] moved by semitones [W]; a note that would leave the keys stays."""
        return self.canonical(self.transposition.apply(np.asarray(tokens, dtype=np.uint8), semitones))

    def crossed(self, tokens: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Windows [W, T, 2 * K] that sound together with each other, one or two octaves apart.

        The other window begins at another beat. Textures get as thick as two of them, and nothing is left
        to be learnt by heart. Under chords, which are a window's own, it sounds together with itself.
        """
        other = tokens if self.chords else others(tokens, self.steps_per_quarter, generator)
        other = self.transpose(other, 12 * generator.choice((-2, -1, 1, 2), len(tokens)))
        return self.canonical(tokens | other)

    def fingerprint(self, tokens: np.ndarray) -> np.ndarray:
        """A hash uint64 [W] of canonical windows [W, T, 2 * K], the same for every transposition."""
        tokens = np.asarray(tokens, dtype=np.uint8)
        used = tokens[..., : self.keys].max(axis=1, initial=0) > 0  # [W, K]
        low = np.where(used.any(axis=-1), used.argmax(-1), 0)
        result = np.zeros(len(tokens), dtype=np.uint64)
        for shift in np.unique(low).tolist():
            rows = low == shift
            moved = np.zeros_like(tokens[rows])
            moved[..., : self.keys - shift] = tokens[rows, :, shift : self.keys]
            moved[..., self.keys : 2 * self.keys - shift] = tokens[rows, :, self.keys + shift :]
            result[rows] = hash_rows(np.packbits(moved.reshape(len(moved), -1), axis=-1))
        return result

    def compare(self, got: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
        """Figures of how well windows [N, T, 2 * K] agree (see `Representation.compare`).

        A step is right when all its flags are, which in a thick texture is seldom: read "note_f1", and
        "frame_f1", that of keys that sound at a step, struck or held.
        """
        got, wanted = self.canonical(got), self.canonical(wanted)
        a, b = got[..., : self.keys], wanted[..., : self.keys]
        sound_a, sound_b = a | got[..., self.keys :], b | wanted[..., self.keys :]
        return {
            **step_figures(got, wanted),
            "note_f1": f1(float((a & b).sum()), float(a.sum()), float(b.sum())),
            "frame_f1": f1(float((sound_a & sound_b).sum()), float(sound_a.sum()), float(sound_b.sum())),
        }

    def pianoroll(self, tokens: np.ndarray) -> np.ndarray:
        """A picture uint8 [n * T, 128] of joined windows: 2 where a key is struck, 1 where it is held."""
        flags = self.canonical(joined_windows(self, tokens)).reshape(-1, 2 * self.keys)
        roll = np.zeros((len(flags), 128), dtype=np.uint8)
        roll[:, self.lowest : self.highest + 1] = 2 * flags[:, : self.keys] + flags[:, self.keys :]
        return roll

    def to_score(self, tokens: np.ndarray, qpm: float = 120.0, program: int = 0, velocity: int = 80) -> Score:
        """A window [T, 2 * K], or windows one behind the other [n, T, 2 * K], as a score of one track.

        Each window stands for itself: no note sounds on from one into the next.

        Args:
            tokens: any flags, canonical or not.
            qpm: tempo in quarter notes a minute.
            program: General MIDI program, 0 to 127.
            velocity: of all notes, 1 to 127.

        Raises:
            ConfigError: the flags are not a whole number of windows, or neither 0 nor 1.
        """
        windows = self.canonical(joined_windows(self, tokens))  # [n, T, 2 * K]
        struck, held = windows[..., : self.keys], windows[..., self.keys :]
        place = np.arange(self.steps)[:, None]
        stops = np.where(held > 0, self.steps, place)
        stops = np.minimum.accumulate(stops[:, ::-1], axis=1)[:, ::-1]  # the next step that is not held
        window, step, key = np.nonzero(struck)
        after = np.minimum(step + 1, self.steps - 1)
        end = np.where(step + 1 == self.steps, self.steps, stops[window, after, key])
        offset = window * self.steps
        return Score(
            ticks_per_quarter=self.step_ticks * self.steps_per_quarter,
            start=((offset + step) * self.step_ticks).astype(np.int32),
            end=((offset + end) * self.step_ticks).astype(np.int32),
            pitch=(key + self.lowest).astype(np.int32),
            velocity=np.full(len(key), velocity, dtype=np.int32),
            track=np.zeros(len(key), dtype=np.int32),
            tracks=(Track("Piano", program),),
            meters=(MeterChange(0, self.meter),),
            tempos=(TempoChange(0, qpm),),
        )
