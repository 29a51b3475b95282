"""Multitrack: a bar of up to eight instruments, each its own sequence of events (see `events`).

As in Multitrack MusicVAE (Simon et al. 2018, 1806.00195). A window is the tracks one behind the other, each
filled up with ends; tracks are sorted by program, drums last. Bars are sampled one at a time and joined.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from musicvae_lite.errors import ConfigError, counted
from musicvae_lite.music.grid import Grid
from musicvae_lite.music.representations import chord_control, configuring, events
from musicvae_lite.music.representations.base import Extraction
from musicvae_lite.music.representations.comparing import commonest, f1
from musicvae_lite.music.representations.events import DRUMS, END, OFF, PROGRAM, SHIFT, Note, Part
from musicvae_lite.music.representations.fingerprints import as_bytes, hash_rows
from musicvae_lite.music.representations.gridded import Gridded
from musicvae_lite.music.representations.steps import Categorical
from musicvae_lite.music.representations.transposition import Span, Transposition
from musicvae_lite.music.representations.windowing import (
    LONGEST_SONG,
    Rule,
    joined_windows,
    judge,
    nothing,
    place,
)
from musicvae_lite.music.score import COMMON_TIME, Meter, MeterChange, Score, TempoChange, Track

MOST_TRACKS, MOST_EVENTS = 64, 4096


@dataclass(frozen=True)
class MultitrackRepresentation(Gridded):
    """Windows of several instruments as tokens uint16 [tracks * events].

    Attributes:
        bars: bars a window.
        meter: meter of the windows; songs in other meters are rejected (see `grid.accepts`).
        steps_per_quarter: 24, fine enough for triplets and 32nds.
        tracks: how many instruments a window has room for.
        events: how many events a track has room for, its program and its end among them.
        min_tracks: a window in which fewer instruments play is rejected.
        min_events: a window with fewer events in all, programs and ends left out, is rejected.
        chords: None, or how the chords that condition windows are encoded: "triads" or "pitches".
        chords_throughout: whether they are told behind the end of a track too. Magenta's are not, and so tell
            how long each track is, which nobody knows of music that is yet to be written.
    """

    bars: int = 1
    meter: Meter = COMMON_TIME
    steps_per_quarter: int = 24
    tracks: int = 8
    events: int = 64
    min_tracks: int = 2
    min_events: int = 8
    chords: str | None = None
    chords_throughout: bool = False

    name: ClassVar[str] = "multitrack"

    def __post_init__(self) -> None:
        self.check_grid()
        if not 1 <= self.tracks <= MOST_TRACKS or not 4 <= self.events <= MOST_EVENTS:
            raise ConfigError(
                f"{self.tracks} tracks of {self.events} events: at least 1 of 4 are needed, at most "
                f"{MOST_TRACKS} of {MOST_EVENTS}"
            )

    @property
    def steps(self) -> int:
        """T: tokens a window."""
        return self.tracks * self.events

    @property
    def grid_steps(self) -> int:
        """Steps of time a window."""
        return self.bars * self.bar_steps

    @property
    def is_gridded(self) -> bool:
        return False

    @property
    def programs(self) -> Collection[int]:
        """None: windows say what plays in them."""
        return ()

    @property
    def step(self) -> Categorical:
        """One event."""
        return Categorical(events.DEPTH, nothing=END)

    @property
    def meaning(self) -> dict[str, Any]:
        """What decides the tokens' meaning (see `Representation.meaning`)."""
        return configuring.meaning(self, "tracks", "events", "chords", "chords_throughout")

    @property
    def transposition(self) -> Transposition:
        """Note-ons and note-offs move, but for those of drums."""
        spans = (Span(0, OFF - 1), Span(OFF, SHIFT - 1))
        return Transposition(spans, segment=self.events, still=PROGRAM + DRUMS)

    def lenient(self) -> MultitrackRepresentation:
        """The same windows without rules: reads all that a model writes, silence too."""
        return replace(self, min_tracks=0, min_events=0)

    def candidates(self, score: Score) -> list[int | None]:
        """All tracks together, or each by itself where windows have room for one."""
        return [None] if self.tracks > 1 else list(np.unique(score.track).tolist())

    def chords_of(self, text: str) -> np.ndarray:
        """The control [W, T, ...] of as many windows as a line of chords such as "C Am F G" is long.

        When an event will sound is not known beforehand: several chords share a track's events equally.

        Raises:
            ConfigError: chords are no condition of this representation, or a chord is not understood.
        """
        timed = super().chords_of(text)  # [W, steps of time, ...]
        row = timed[:, np.arange(self.events) * self.grid_steps // self.events]
        row[:, 0] = chord_control.nothing(self.chords or "triads")  # the program
        return np.concatenate([row] * self.tracks, 1)

    def with_chords(self, score: Score, control: np.ndarray) -> Score:
        """A score of windows with the triads of their control [n, T] in it, those of a bar equally long."""
        if self.chords != "triads":
            return score
        timed = []
        for row in np.asarray(control).reshape(-1, self.steps)[:, 1 : self.events]:
            told = np.trim_zeros(row, "b") if row.any() else row[:1]
            runs = told[np.concatenate([[True], told[1:] != told[:-1]])]
            timed.append(runs[np.arange(self.grid_steps) * len(runs) // self.grid_steps])
        return chord_control.written_into(score, np.concatenate(timed), self.step_ticks)

    def valid(self, tokens: np.ndarray) -> np.ndarray:
        """Which tokens of windows [..., T] count: those of each track up to its first end, bool [..., T]."""
        parts = np.asarray(tokens).reshape(*np.shape(tokens)[:-1], self.tracks, self.events)
        ended = np.cumsum(parts == END, axis=-1) - (parts == END)
        return (ended == 0).reshape(np.shape(tokens))

    def windows(self, score: Score, hop: int | None = None, track: int | None = None) -> Extraction:
        """Every window of a score.

        What sounds on into a window is struck anew at its start.

        Args:
            score: any score.
            hop: steps of time from one window to the next; one bar by default.
            track: index of the only track to take; all by default.

        Returns:
            Windows uint16 [W, T], and a Rejection for every stretch that gave none.

        Raises:
            ConfigError: `hop` is not positive, or there is no such track.
        """
        hop = self.hop_of(hop)
        if track is not None:
            if not 0 <= track < len(score.tracks):
                raise ConfigError(f"there is no track {track + 1}: the song has {len(score.tracks)}")
            score = score.select(score.track == track)
        if not len(score) and self.min_events:
            return nothing(self, "empty", "no notes")
        grid = Grid.of(score, self.steps_per_quarter)
        if grid.steps > LONGEST_SONG:
            return nothing(self, "long", f"{grid.bars:,} bars are more than a song can have")
        placement = place(grid, self.meter, self.grid_steps, hop, self.grid_steps)
        bands = self._bands(score, grid, placement.starts)
        spelt = [[events.encoded(part, self.grid_steps) for part in band] for band in bands]
        keep, rejections = judge(grid, placement, self.grid_steps, self._rules(spelt))
        starts = placement.starts[keep]
        kept = [band for band, stands in zip(spelt, keep.tolist(), strict=True) if stands]
        tokens = np.full((len(kept), self.tracks, self.events), END, dtype=self.step.dtype)
        places = np.zeros(tokens.shape, dtype=np.int64)
        for row, band in enumerate(kept):
            for column, (spelling, at) in enumerate(band):
                tokens[row, column, : len(spelling)] = spelling
                places[row, column, : len(at)] = at
        used = np.unique(score.track).tolist()
        choice = f"{counted(len(used), 'track')} together" if used else ""
        control = None
        if self.chords is not None:
            song, source = chord_control.of_song(score, grid, grid.steps + self.grid_steps, self.chords)
            control, choice = self._conditions(song, starts, tokens, places), f"{choice}; {source}"
        bar, step = grid.bar_of_step(starts)
        where = (bar.astype(np.int32), step.astype(np.int32), grid.tick_of_step(starts))
        told = sorted([*placement.rejections, *rejections], key=lambda r: r.bar)
        windows = tokens.reshape(len(kept), self.steps)
        return Extraction(windows, *where, tuple(told), choice, tuple(used), control)

    def _bands(self, score: Score, grid: Grid, starts: np.ndarray) -> list[list[Part]]:
        """The parts that play in each window, sorted by program, drums last."""
        begin = grid.quantise(score.start)[0]
        end = np.maximum(grid.quantise(score.end)[0], begin + 1)
        first = np.searchsorted(starts, begin - self.grid_steps, side="right")  # windows a note sounds in
        beyond = np.searchsorted(starts, end, side="left")
        found: list[dict[tuple[int, int], list[Note]]] = [{} for _ in starts]  # by program and track
        drums = np.array([part.is_drum for part in score.tracks], dtype=bool)[score.track]
        program = np.where(drums, DRUMS, score.programs)
        columns = (begin, end, score.pitch, score.velocity, program, score.track, first, beyond)
        begins = starts.tolist()
        for start, stop, pitch, velocity, played, track, low, high in zip(
            *(c.tolist() for c in columns), strict=True
        ):
            for window in range(low, high):
                shift = begins[window]
                note = Note(max(start - shift, 0), pitch, stop - shift, events.level_of(velocity))
                found[window].setdefault((played, track), []).append(note)
        return [
            [Part(key[0], events.matched(band[key], self.grid_steps)) for key in sorted(band)]
            for band in found
        ]

    def _rules(self, spelt: list[list[tuple[list[int], list[int]]]]) -> list[Rule]:
        counts = np.array([len(band) for band in spelt], dtype=np.int64)
        sizes = [[len(spelling) for spelling, _ in band] for band in spelt]
        longest = np.array([max(size, default=0) for size in sizes], dtype=np.int64)
        total = np.array([sum(size) - 2 * len(size) for size in sizes], dtype=np.int64)
        return [
            Rule(
                "many-tracks",
                counts > self.tracks,
                lambda i: f"{counts[i]} instruments play, and there is room for {self.tracks}",
            ),
            Rule(
                "few-tracks",
                counts < self.min_tracks,
                lambda i: f"only {counts[i]} of at least {self.min_tracks} instruments play",
            ),
            Rule(
                "crowded",
                longest > self.events,
                lambda i: f"an instrument needs {longest[i]} events, and there is room for {self.events}",
            ),
            Rule(
                "few-notes",
                total < self.min_events,
                lambda i: f"{total[i]} events in a window, and {self.min_events} are the least",
            ),
        ]

    def _conditions(
        self, song: np.ndarray, starts: np.ndarray, tokens: np.ndarray, places: np.ndarray
    ) -> np.ndarray:
        """The chord at the step of each event, [W, T, ...]; none at programs.

        Behind the end there is none either, or the bar's, shared equally as in `chords_of`.
        """
        ended = np.cumsum(tokens == END, axis=-1) - (tokens == END) > 0
        idle = ended | (tokens[..., :1] == END)
        if self.chords_throughout:
            places = np.where(idle, np.arange(self.events) * self.grid_steps // self.events, places)
            idle[:] = False
        idle[..., 0] = True
        control = song[starts[:, None, None] + np.minimum(places, self.grid_steps - 1)]
        control[idle] = chord_control.nothing(self.chords or "triads")
        return control.reshape(len(starts), self.steps, *control.shape[3:])

    def parts(self, window: np.ndarray) -> list[Part]:
        """The parts of a window [T] that have notes, sorted by program, each with as many as can be spelt."""
        found = [
            events.decoded(row, self.grid_steps)
            for row in np.asarray(window).reshape(self.tracks, self.events).tolist()
        ]
        kept = [events.fitted(part, self.grid_steps, self.events) for part in found]
        return sorted((part for part in kept if part.notes), key=lambda part: part.program)

    def canonical(self, tokens: np.ndarray) -> np.ndarray:
        """The one spelling of windows [..., T] that sounds the same."""
        tokens = np.asarray(tokens)
        flat = tokens.reshape(-1, self.steps)
        result = np.full((len(flat), self.tracks, self.events), END, dtype=self.step.dtype)
        for row, window in enumerate(flat):
            for column, part in enumerate(self.parts(window)):
                spelling, _ = events.encoded(part, self.grid_steps)
                result[row, column, : len(spelling)] = spelling
        return result.reshape(tokens.shape)

    def transpose(self, tokens: np.ndarray, semitones: np.ndarray) -> np.ndarray:
        """Windows [W, T] moved by semitones [W]; drums, and notes that would leave MIDI's range, stay."""
        return self.canonical(self.transposition.apply(np.asarray(tokens), semitones))

    def fingerprint(self, tokens: np.ndarray) -> np.ndarray:
        """A hash uint64 [W] of canonical windows [W, T], the same for every transposition."""
        tokens = np.asarray(tokens).astype(np.int64)
        pitched = np.repeat(tokens[:, :: self.events] != PROGRAM + DRUMS, self.events, axis=1)
        notes = (tokens < SHIFT) & pitched
        pitch = tokens % OFF
        low = np.where(notes, pitch, OFF).min(axis=1, keepdims=True) % OFF
        return hash_rows(as_bytes(np.where(notes, tokens - low, tokens).astype(np.uint16)))

    def compare(self, got: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
        """Figures of how well windows [N, T] agree (see `Representation.compare`).

        Steps are tokens of the wanted windows that count (see `valid`); a note is right when its
        instrument is, too.
        """
        got, wanted = np.asarray(got), np.asarray(wanted)
        counts = self.valid(wanted)
        right = written = there = 0
        for a, b in zip(got, wanted, strict=True):
            one, other = self._notes(a), self._notes(b)
            right += (one & other).total()
            written += one.total()
            there += other.total()
        same = got == wanted
        return {
            "steps": float(same[counts].mean()) if counts.any() else 0.0,
            "windows": float((same | ~counts).all(-1).mean()) if len(got) else 0.0,
            "commonest": commonest(wanted[counts][None]),
            "note_f1": f1(right, written, there),
        }

    def _notes(self, window: np.ndarray) -> Counter[tuple[int, int, int]]:
        return Counter((p.program, note.start, note.pitch) for p in self.parts(window) for note in p.notes)

    def pianoroll(self, tokens: np.ndarray) -> np.ndarray:
        """A picture uint8 [n * bars * steps a bar, 128] of joined windows: 2 struck, 1 held."""
        windows = joined_windows(self, tokens)
        roll = np.zeros((len(windows) * self.grid_steps, 128), dtype=np.uint8)
        struck = []
        for number, window in enumerate(windows):
            first = number * self.grid_steps
            for note in (note for part in self.parts(window) for note in part.notes):
                roll[first + note.start : first + note.end, note.pitch] = 1
                struck.append((first + note.start, note.pitch))
        if struck:
            roll[tuple(np.array(struck).T)] = 2
        return roll

    def to_score(self, tokens: np.ndarray, qpm: float = 120.0, program: int = 0, velocity: int = 80) -> Score:
        """A window [T], or windows one behind the other [n, T], as a score of as many tracks as instruments.

        Instruments of one program go on in the same track from window to window.

        Args:
            tokens: any tokens, canonical or not.
            qpm: tempo in quarter notes a minute.
            program, velocity: not used, windows have their own.

        Raises:
            ConfigError: the tokens are not a whole number of windows, or out of range.
        """
        rows: list[tuple[int, int, int, int, tuple[int, int]]] = []
        for number, window in enumerate(joined_windows(self, tokens)):
            first = number * self.grid_steps
            seen: Counter[int] = Counter()
            for part in self.parts(window):
                key = (part.program, seen[part.program])
                seen[part.program] += 1
                rows += [
                    (first + n.start, first + n.end, n.pitch, events.velocity_of(n.level), key)
                    for n in part.notes
                ]
        keys = sorted({key for *_, key in rows})
        index = {key: number for number, key in enumerate(keys)}
        table = np.array([(*row, index[key]) for *row, key in rows], dtype=np.int32).reshape(-1, 5)
        start, end, pitch, loud, track = table[np.lexsort((table[:, 2], table[:, 0]))].T
        return Score(
            ticks_per_quarter=self.step_ticks * self.steps_per_quarter,
            start=start * self.step_ticks,
            end=end * self.step_ticks,
            pitch=pitch,
            velocity=loud,
            track=track,
            tracks=tuple(
                Track("Drums", 0, True) if program == DRUMS else Track(f"Track {number + 1}", program)
                for number, (program, _) in enumerate(keys)
            ),
            meters=(MeterChange(0, self.meter),),
            tempos=(TempoChange(0, qpm),),
        )
