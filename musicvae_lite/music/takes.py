"""What a model gives back: takes that are scores one by one, or one joined piece."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import index
from typing import Any, overload

import numpy as np

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError
from musicvae_lite.music.representations.base import Representation
from musicvae_lite.music.score import MOST_FIFTHS, KeyChange, Score, Track
from musicvae_lite.music.timeline import Timeline

MOST_TAKES = 100_000  # that are drawn or written at once
MOST_SPREAD = 2.0  # of draws
TEMPI = (1, 2000)  # the least and the most quarter notes a minute


@dataclass(frozen=True)
class Style:
    """What the grid does not hold, taken from the input so that the output sounds like it.

    Attributes:
        qpm: tempo, quarter notes a minute.
        program: General MIDI program; of drums, their kit.
        velocity: loudness of every note, 1 to 127.
        key: key signature from the start on; None where none is written.
    """

    qpm: float = 120.0
    program: int = 0
    velocity: int = 80
    key: KeyChange | None = None

    def __post_init__(self) -> None:
        least, most = TEMPI
        if not least <= self.qpm <= most:
            raise ConfigError(
                f"a tempo of {self.qpm:g} is out of range: {least} to {most} quarter notes a minute"
            )
        if not 0 <= self.program <= 127:
            raise ConfigError(f"program {self.program} is none of General MIDI's: 0 to 127")
        if not 1 <= self.velocity <= 127:
            raise ConfigError(f"velocity {self.velocity} is out of range: 1 to 127")
        if self.key is not None and abs(self.key.fifths) > MOST_FIFTHS:
            raise ConfigError(f"a key of {self.key.fifths} sharps is out of range: -7 (flats) to 7")

    @classmethod
    def at(cls, score: Score, track: int, tick: int, heard: np.ndarray, percussive: bool) -> Style:
        """The style of a place of a song.

        Args:
            track: index of the track taken; -1 for none.
            tick: where tempo, program and key are asked for.
            heard: bool [N], the notes whose loudness counts.
            percussive: whether drums are to be written: the number of an instrument is not that of a kit.
        """
        played = program(score, track, tick, percussive)
        return cls(tempo(score, tick), played, loudness(score.velocity[heard]), key(score, tick))

    def to_record(self) -> dict[str, Any]:
        """Plain values that `from_record` reads."""
        told = {"tempo": round(self.qpm, 2), "program": int(self.program), "velocity": int(self.velocity)}
        signature = self.key and {"fifths": self.key.fifths, "minor": self.key.minor}
        return told | ({"key": signature} if signature else {})

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Style:
        """What `to_record` told.

        Raises:
            LookupError, TypeError, ValueError: a value is missing, or of another kind.
            ConfigError: one is out of range.
        """
        told = record.get("key")
        signature = None if told is None else KeyChange(0, index(told["fifths"]), bool(told["minor"]))
        return cls(float(record["tempo"]), index(record["program"]), index(record["velocity"]), signature)


def asked(style: Style | Sequence[Style] | None) -> dict[str, Any]:
    """A style that was asked for as a record tells it, its tempo in full; of a style for each take a list."""
    if style is None:
        return {}
    if isinstance(style, Style):
        return style.to_record() | {"tempo": float(style.qpm)}
    return {"styles": [asked(one) for one in style]}


def check_draws(count: int, spread: float) -> int:
    """How many are to be drawn, as an int. Raises ConfigError where it or the spread is out of range."""
    count = runtime.whole("count", count)
    if not 1 <= count <= MOST_TAKES:
        raise ConfigError(f"count is {count}; it goes from 1 to {MOST_TAKES}")
    if not 0 <= spread <= MOST_SPREAD:
        raise ConfigError(f"spread is {spread:g}; it must be 0 to {MOST_SPREAD:g}")
    return count


def tempo(score: Score, tick: int) -> float:
    """What stands for the tempo of a score at a tick: it, or the nearest to it that a style can have."""
    return float(np.clip(score.qpm_at(tick), *TEMPI))


def program(score: Score, track: int, tick: int, percussive: bool) -> int:
    """The program of a track at a tick; 0 where it is none of what is to be written (see `Style.at`)."""
    part = score.tracks[track] if track >= 0 else Track()
    return part.program_at(tick) if part.is_drum == percussive else 0


def key(score: Score, tick: int) -> KeyChange | None:
    """The key signature that holds at a tick of a score, as one from the start on; None where none does."""
    held = [change for change in score.keys if change.tick <= tick]
    return replace(held[-1], tick=0) if held else None


def loudness(velocity: np.ndarray) -> int:
    """What stands for the velocities [N] of some notes: their median, or the usual one for no notes."""
    return int(np.clip(np.median(velocity), 1, 127)) if len(velocity) else Style.velocity


class Takes(Sequence[Score]):
    """A list of scores that also knows its tokens, and can be joined into one piece.

    Attributes:
        tokens: [n, T] in the representation's form; [n, W * T] where each take is W windows.
        styles: tempo, program, velocity and key of each score.
        labels: a short name for each.
        record: plain values that say how they were made: command, model, seed, inputs.
        control: as many rows, [n, W * T, ...]: what conditioned them, such as chords; None when nothing did.
        timeline: of takes made of a whole song, where they lie in it; None for all others.
    """

    def __init__(
        self,
        tokens: np.ndarray,
        representation: Representation,
        style: Style | Sequence[Style] | None = None,
        labels: Sequence[str] | None = None,
        record: dict[str, Any] | None = None,
        control: np.ndarray | None = None,
        timeline: Timeline | None = None,
    ):
        count = len(tokens)
        self.timeline = timeline
        self.tokens, self.representation = tokens, representation
        self.styles = [style or Style()] * count if not isinstance(style, Sequence) else list(style)
        self.labels = [str(n + 1) for n in range(count)] if labels is None else list(labels)
        self.record = record or {}
        if control is not None and count:
            control = control.reshape(count, -1, *control.shape[2:])
        self.control = control
        if len(self.styles) != count or len(self.labels) != count:
            raise ConfigError(f"{count} takes, but {len(self.styles)} styles and {len(self.labels)} labels")

    def __len__(self) -> int:
        return len(self.tokens)

    @overload
    def __getitem__(self, index: int) -> Score: ...
    @overload
    def __getitem__(self, index: slice) -> Takes: ...
    def __getitem__(self, index: int | slice) -> Score | Takes:
        if isinstance(index, slice):
            parts = (self.styles[index], self.labels[index], self.record, self._told(index))
            return Takes(self.tokens[index], self.representation, *parts, self.timeline)
        return self._score(self.tokens[index], self.styles[index], self._told(index))

    def joined(self) -> Score:
        """All takes one after another, each as long as its bars, in the style of the first."""
        return self._score(self.tokens, self.styles[0] if self.styles else Style(), self.control)

    def best(self, judge: Callable[[Score], float], count: int) -> Takes:
        """Of each of `count` equal groups of takes, one behind the other, the one judged highest."""
        judged = np.array([judge(score) for score in self]).reshape(count, -1)
        rows = judged.argmax(1) + np.arange(count) * judged.shape[1]
        styles = [self.styles[row] for row in rows]
        told = None if self.control is None else self.control[rows]
        return Takes(self.tokens[rows], self.representation, styles, record=self.record, control=told)

    def until(self, bars: int) -> Takes:
        """The first bars of every take; takes that have no more, and windows of events, stay as they are.

        Args:
            bars: of the representation, at least 1.
        """
        r = self.representation
        size = bars * r.steps // r.bars
        if not r.is_gridded or size >= self.tokens.shape[1]:
            return self
        cut: Representation = replace(r, bars=bars)  # type: ignore[type-var]
        told = None if self.control is None else self.control[:, :size]
        parts = (self.styles, self.labels, self.record, told, self.timeline)
        return Takes(cut.canonical(self.tokens[:, :size]), cut, *parts)

    def agreement(self, tokens: np.ndarray) -> np.ndarray:
        """Share of steps [n] in which each take says the same as windows [T] or [n, T], in all of its own."""
        r = self.representation
        windows = self.tokens.reshape(len(self), self.tokens.shape[1] // r.steps, r.steps, *r.step.shape)
        same = windows == r.canonical(tokens).reshape(-1, 1, r.steps, *r.step.shape)
        return same.all(tuple(range(3, same.ndim))).mean((1, 2))

    def _repr_html_(self) -> str:
        """What a notebook shows: all takes side by side and a player."""
        from musicvae_lite import notebook

        return notebook.of_takes(self)

    def _told(self, index: int | slice) -> np.ndarray | None:
        return None if self.control is None else self.control[index]

    def _score(self, tokens: np.ndarray, style: Style, control: np.ndarray | None) -> Score:
        score = self.representation.to_score(tokens, style.qpm, style.program, style.velocity)
        score = score if style.key is None else replace(score, keys=(style.key,))
        score = score if control is None else self.representation.with_chords(score, control)
        return score if self.timeline is None else self.timeline.laid(score)
