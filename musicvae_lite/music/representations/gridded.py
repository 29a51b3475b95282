"""What representations of whole bars on a fixed grid have in common."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, ClassVar, Self

import numpy as np

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.grid import steps_per_bar
from musicvae_lite.music.representations import chord_control, configuring
from musicvae_lite.music.representations.base import Example
from musicvae_lite.music.representations.steps import Step
from musicvae_lite.music.score import Meter, Score
from musicvae_lite.music.voices import pitched

FINEST = 960  # steps a quarter
MOST_BARS = 1024  # of the windows of a model


class Gridded:
    """A frozen dataclass with these settings gets the rest from here."""

    name: ClassVar[str]
    usual_hop: ClassVar[str] = "bar"
    silence: ClassVar[int] = 0
    polyphonic: ClassVar[bool] = False  # takes all that one instrument plays at once
    percussive: ClassVar[bool] = False  # takes drums alone
    task: str = "play"  # what a model learns to make of windows
    bars: int
    meter: Meter
    steps_per_quarter: int
    max_rest_bars: float | None

    def check_grid(self) -> None:
        """Raises ConfigError when bars, meter and grid do not fit together."""
        if not 1 <= self.steps_per_quarter <= FINEST:
            raise ConfigError(
                f"steps_per_quarter must be at least 1 and at most {FINEST}, not {self.steps_per_quarter}"
            )
        longest = max(MOST_BARS, self.bars)
        for name, most in (("max_rest_bars", longest), ("tolerance", 0.5), ("off_grid_share", 1.0)):
            value = getattr(self, name, None)
            if value is not None and not 0 <= value <= most:
                raise ConfigError(f"{name} must be 0 to {most:g}, not {value}")
        steps_per_bar(self.meter, self.steps_per_quarter)
        chord_control.check(self._chords)
        if self.bars < 1:
            raise ConfigError(f"bars must be at least 1, not {self.bars}")

    def hop_of(self, hop: int | None) -> int:
        """Steps between windows: one bar unless asked otherwise. Raises ConfigError below 1."""
        hop = self.bar_steps if hop is None else int(hop)
        if hop < 1:
            raise ConfigError(f"windows must lie at least 1 step apart, not {hop}")
        return hop

    @property
    def bar_steps(self) -> int:
        """Steps a bar."""
        return steps_per_bar(self.meter, self.steps_per_quarter)

    @property
    def steps(self) -> int:
        """T: steps a window."""
        return self.bars * self.bar_steps

    @property
    def grid_steps(self) -> int:
        """Steps of time a window."""
        return self.steps

    @property
    def is_gridded(self) -> bool:
        return True

    def valid(self, tokens: np.ndarray) -> np.ndarray:
        """All steps of windows [W, T, ...] count, bool [W, T]."""
        return np.ones(np.shape(tokens)[:2], dtype=bool)

    @property
    def step_ticks(self) -> int:
        """Ticks a step of the scores written."""
        return -(-480 // self.steps_per_quarter)

    @property
    def programs(self) -> Collection[int]:
        """General MIDI programs that `to_score` can be asked for: all, unless a representation says so."""
        return range(128)

    @property
    def control(self) -> Step | None:
        """The chord of each step, where the setting `chords` asks for it; else nothing."""
        return chord_control.step_of(self._chords)

    @property
    def draws_examples(self) -> bool:
        """Whether `examples` leaves anything to chance: never, unless a representation says so."""
        return False

    @property
    def follows_chords(self) -> bool:
        """Whether chords condition windows."""
        return self._chords is not None

    @property
    def _chords(self) -> str | None:
        return getattr(self, "chords", None)

    def chords_of(self, text: str) -> np.ndarray:
        """The control [W, T, ...] of as many windows as a line of chords such as "C Am F G" is long.

        Raises:
            ConfigError: chords are no condition of this representation, or a chord is not understood.
        """
        if self._chords is None:
            raise ConfigError(f"chords are no condition of this model of {self.name}: leave them out")
        return chord_control.of_text(text, self.bars, self.bar_steps, self._chords)

    def with_chords(self, score: Score, control: np.ndarray) -> Score:
        """A score of windows with the chords of their control [n, T, ...], where they have names, in it."""
        if self._chords != "triads":
            return score
        return chord_control.written_into(score, control, self.step_ticks)

    def transpose_control(self, control: np.ndarray, semitones: np.ndarray) -> np.ndarray:
        """Conditions [W, T, ...] moved by semitones [W]: chords move, anything else stays."""
        return control if self._chords is None else chord_control.transposed(control, semitones, self._chords)

    @property
    def longest_rest(self) -> float:
        """`max_rest_bars`, or what it is by default: a quarter of the window, and at least one bar."""
        return max(1.0, self.bars / 4) if self.max_rest_bars is None else self.max_rest_bars

    def candidates(self, score: Score) -> list[int | None]:
        """Which tracks `windows` may be asked for in turn, to take all that a song holds."""
        return [*pitched(score)]

    def given(self, tokens: np.ndarray, control: np.ndarray | None) -> Example:
        """A model is to give back what it is given."""
        return Example(tokens, tokens, control)

    def examples(
        self, tokens: np.ndarray, control: np.ndarray | None, generator: np.random.Generator
    ) -> Example:
        """Training leaves nothing to chance, unless a representation says so."""
        return self.given(tokens, control)

    def to_config(self) -> dict[str, Any]:
        """Plain values from which `from_config` rebuilds this representation."""
        return configuring.to_config(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Of windows of at most 1,024 bars; what is joined of windows may be longer.

        Raises:
            ConfigError: a setting is unknown or out of range.
        """
        found = configuring.from_config(cls, config)
        if found.bars > MOST_BARS:
            raise ConfigError(f"bars must be at least 1 and at most {MOST_BARS}, not {found.bars}")
        return found
