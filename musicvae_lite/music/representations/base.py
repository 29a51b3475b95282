"""What every representation offers: windows of a score as integer arrays, and the way back."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable

import numpy as np

from musicvae_lite.music.representations.steps import Step
from musicvae_lite.music.representations.transposition import Transposition
from musicvae_lite.music.score import Meter, Score


@dataclass(frozen=True)
class Rejection:
    """Why a stretch of a song gave no window.

    Attributes:
        bar: first bar of the stretch, counted from 1; 0 when it concerns the whole song. For a fault
            that lies in one place ("polyphony", "range") it is the bar of the fault.
        code: short stable name of the rule, for tables ("meter", "rest", "off-grid").
        detail: one sentence for the user, without file or bar; of a stretch, about its first bar.
        last: last bar of the stretch; 0 when the stretch is one bar.
        advice: what to do about it where one song is read and a track can be named; "" for nothing.
    """

    bar: int
    code: str
    detail: str
    last: int = 0
    advice: str = ""

    @property
    def with_advice(self) -> str:
        """The detail, and what to do about it."""
        return f"{self.detail}; {self.advice}" if self.advice else self.detail

    @property
    def bars(self) -> range:
        """The bars of the stretch; none when the whole song is meant."""
        return range(self.bar, max(self.bar, self.last) + 1) if self.bar else range(0)


@dataclass(frozen=True, eq=False)
class Extraction:
    """The windows of one song.

    Attributes:
        tokens: [W, T, ...] in the representation's compact integer form.
        bar: int32 [W], the bar each window starts in, counted from 1.
        step: int32 [W], the step within that bar at which it starts (0: on the bar line).
        tick: int32 [W], the tick each window starts at.
        rejections: every stretch that gave no window, in order of bars.
        choice: which tracks were taken and why, one sentence ("" when nothing could be taken).
        tracks: indices of the tracks taken; none where nothing could be.
        control: what conditions each window, [W, T, ...] as the representation's `control` says; None
            when nothing does.
        late: ticks by which all notes lie behind the steps they were taken for, where they were moved onto
            the grid as one.
        warnings: what the user should know though windows were found, one sentence each.
        unfit: why a corpus leaves the song out all the same; None where it has not.
    """

    tokens: np.ndarray
    bar: np.ndarray
    step: np.ndarray
    tick: np.ndarray
    rejections: tuple[Rejection, ...] = ()
    choice: str = ""
    tracks: tuple[int, ...] = ()
    control: np.ndarray | None = None
    late: int = 0
    warnings: tuple[str, ...] = field(default=())
    unfit: Rejection | None = None

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def track(self) -> int:
        """The first of the tracks taken, -1 when none."""
        return self.tracks[0] if self.tracks else -1


class Example(NamedTuple):
    """What a model is to do: windows [W, T, ...] in, windows [W, T, ...] out, and what conditions both."""

    x: np.ndarray
    target: np.ndarray
    control: np.ndarray | None


class Representation(Protocol):
    """One way to turn music into a fixed grid of numbers. Nothing above `music` knows more than this.

    Laws, tested for every representation: `canonical(canonical(t)) == canonical(t)`, and for any
    t a model can emit `lenient().windows(to_score(t)).tokens[0] == canonical(t)`.
    """

    name: ClassVar[str]
    usual_hop: ClassVar[str]  # from window to window in datasets: "beat" or "bar"
    silence: ClassVar[int]  # the value of a step at which nothing begins
    polyphonic: ClassVar[bool]  # whether it takes all that one instrument plays at once
    percussive: ClassVar[bool]  # whether it takes drums alone

    @property
    def bars(self) -> int: ...
    @property
    def meter(self) -> Meter: ...
    @property
    def steps_per_quarter(self) -> int: ...
    @property
    def steps(self) -> int:
        """T: steps a window."""
        ...

    @property
    def grid_steps(self) -> int:
        """Steps of time a window: T, unless tokens are events."""
        ...

    @property
    def is_gridded(self) -> bool:
        """Whether every step of time has a token of its own; a window of events can only be taken whole."""
        ...

    @property
    def step(self) -> Step:
        """What one step is."""
        ...

    @property
    def control(self) -> Step | None:
        """What one step of the condition is; None when windows stand alone."""
        ...

    @property
    def task(self) -> str:
        """What a model makes of windows: "play" gives back what it is given; any other is told by `given`."""
        ...

    @property
    def draws_examples(self) -> bool:
        """Whether `examples` leaves anything to chance."""
        ...

    @property
    def follows_chords(self) -> bool:
        """Whether chords condition windows."""
        ...

    @property
    def programs(self) -> Collection[int]:
        """The General MIDI programs that `to_score` can be asked for; none where windows say their own."""
        ...

    @property
    def meaning(self) -> dict[str, Any]:
        """The settings that decide what a window's numbers mean, as plain values; the rest only chooses
        windows. Two representations whose meanings are equal can share a dataset."""
        ...

    @property
    def transposition(self) -> Transposition:
        """How windows move by semitones."""
        ...

    def windows(self, score: Score, hop: int | None = None, track: int | None = None) -> Extraction:
        """Every window of a score, `hop` steps apart (default: one bar)."""
        ...

    def candidates(self, score: Score) -> list[int | None]:
        """Which tracks `windows` may be asked for in turn, to take all that a song holds."""
        ...

    def lenient(self) -> Representation:
        """The same windows without rules: reads all that a model writes, silence too."""
        ...

    def canonical(self, tokens: np.ndarray) -> np.ndarray:
        """The one spelling of windows [..., T, *shape] that sounds the same."""
        ...

    def transpose(self, tokens: np.ndarray, semitones: np.ndarray) -> np.ndarray:
        """Windows [W, T, ...] moved by semitones [W]; a pitch that would leave the range stays."""
        ...

    def chords_of(self, text: str) -> np.ndarray:
        """The control [W, T, ...] of as many windows as a line of chords such as "C | Am | F | G" is long.

        Raises ConfigError if it has none.
        """
        ...

    def with_chords(self, score: Score, control: np.ndarray) -> Score:
        """A score of windows with the chords of their control [n, T, ...] written into it."""
        ...

    def transpose_control(self, control: np.ndarray, semitones: np.ndarray) -> np.ndarray:
        """Conditions [W, T, ...] moved by semitones [W]; of triads, `chords.encodings.transposition_table`
        is the same as a table."""
        ...

    def fingerprint(self, tokens: np.ndarray) -> np.ndarray:
        """A hash uint64 [W] of windows [W, T, ...]: equal for windows that count as duplicates."""
        ...

    def valid(self, tokens: np.ndarray) -> np.ndarray:
        """Which steps of windows [W, T, ...] count, bool [W, T]: what is mere filling is not learnt."""
        ...

    def given(self, tokens: np.ndarray, control: np.ndarray | None) -> Example:
        """What a model is given of windows [W, T, ...], and what it is to make of that: the windows
        themselves, unless the task is another. Nothing is left to chance."""
        ...

    def examples(
        self, tokens: np.ndarray, control: np.ndarray | None, generator: np.random.Generator
    ) -> Example:
        """The same for training, where parts of what is given may be left out by chance."""
        ...

    def compare(self, got: np.ndarray, wanted: np.ndarray) -> dict[str, float]:
        """Figures of how well windows [N, T, ...] agree.

        At least "steps" (share of steps right), "windows" (share of windows without any error),
        "commonest" (what always answering the commonest step would score) and "note_f1" (a note is
        right when its pitch and its onset step are), all from 0 to 1.
        """
        ...

    def pianoroll(self, tokens: np.ndarray) -> np.ndarray:
        """A picture uint8 [n * T, 128] of joined windows: 2 where a note is struck, 1 where it is held."""
        ...

    def to_score(self, tokens: np.ndarray, qpm: float = 120.0, program: int = 0, velocity: int = 80) -> Score:
        """A window [T, ...], or windows one behind the other [n, T, ...], as a score."""
        ...

    def to_config(self) -> dict:
        """Plain values from which `from_config` rebuilds this representation."""
        ...


@runtime_checkable
class MakesUp(Protocol):
    """A representation that can also invent windows to mix into training."""

    def random(self, count: int, generator: np.random.Generator) -> np.ndarray:
        """Made-up windows [count, T, ...]."""
        ...


@runtime_checkable
class Crosses(Protocol):
    """A representation whose windows have voices that can be exchanged (see `crossing`)."""

    def crossed(self, tokens: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        """Windows [W, T, ...] that take some of their voices from each other."""
        ...


@runtime_checkable
class SoundsOn(Protocol):
    """A representation whose notes can sound on from one window into the next, once both are joined."""

    def sound_on(self, tokens: np.ndarray, step: int, pitches: frozenset[int]) -> None:
        """In one long window [L, ...], notes struck at `step` that sounded right before it sound on.

        Args:
            pitches: that sound on in the song the windows were made of; where several notes sound at once,
                only these do.
        """
        ...


@runtime_checkable
class FallsSilent(Protocol):
    """A representation whose notes sound until a token says that they end."""

    def fall_silent(self, tokens: np.ndarray, step: int) -> None:
        """In a window [T, ...] that lies behind another one from `step` on, what sounds before it ends there
        where the window itself is silent."""
        ...
