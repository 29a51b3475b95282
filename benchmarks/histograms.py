"""What melodies are made of, counted: pitch classes, intervals, durations, density; and how alike
two such counts are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musicvae_lite.music.representations.melody import MelodyRepresentation

FIRST_NOTE = 2
WIDEST = 13  # semitones; wider intervals are counted as this one


@dataclass(frozen=True, eq=False)
class Notes:
    """The notes of N windows, int64 arrays [K] in order of window and time.

    Attributes:
        window: 0 to N - 1.
        onset, length: steps; a note ends with its window.
        pitch: MIDI number.
        windows: N.
    """

    window: np.ndarray
    onset: np.ndarray
    length: np.ndarray
    pitch: np.ndarray
    windows: int

    @classmethod
    def of(cls, tokens: np.ndarray, lowest: int) -> Notes:
        """The notes of canonical melody tokens [N, T]; `lowest` is the pitch of the first note token."""
        count, steps = tokens.shape
        changes = tokens != 0
        after = np.full((count, steps + 1), steps)
        for t in range(steps - 1, -1, -1):  # where the next change lies, from each step on
            after[:, t] = np.where(changes[:, t], t, after[:, t + 1])
        window, onset = np.nonzero(tokens >= FIRST_NOTE)
        pitch = tokens[window, onset].astype(np.int64) - FIRST_NOTE + lowest
        return cls(window, onset, after[window, onset + 1] - onset, pitch, count)

    @property
    def follows(self) -> np.ndarray:
        """bool [K - 1]: whether note k + 1 lies in the window of note k."""
        return self.window[1:] == self.window[:-1]


def histograms(tokens: np.ndarray, representation: MelodyRepresentation) -> dict[str, np.ndarray]:
    """Normalised histograms of canonical windows [N, T].

    pitch_class: 12, as written. pitch_class_from_last: counted from the last note of each window, so
    that keys do not matter. pitch_class_from_commonest: from its most frequent pitch class. interval:
    semitones from note to note, -13 to 13, the ends for all wider ones. duration: in steps, 1 to a bar
    and one for longer notes. density: notes a window, in bins of half a note a bar. onset: step in the bar.
    """
    notes = Notes.of(tokens, representation.lowest)
    bar, bars = representation.bar_steps, representation.bars
    last = np.append(~notes.follows, True) if len(notes.pitch) else np.zeros(0, bool)
    final = np.zeros(notes.windows, np.int64)
    final[notes.window[last]] = notes.pitch[last]
    classes = np.zeros((notes.windows, 12), np.int64)
    np.add.at(classes, (notes.window, notes.pitch % 12), 1)
    steps = np.diff(notes.pitch)[notes.follows[: max(len(notes.pitch) - 1, 0)]]
    count = np.bincount(notes.window, minlength=notes.windows)
    values = {
        "pitch_class": (notes.pitch % 12, 12),
        "pitch_class_from_last": ((notes.pitch - final[notes.window]) % 12, 12),
        "pitch_class_from_commonest": ((notes.pitch - classes.argmax(1)[notes.window]) % 12, 12),
        "interval": (np.clip(steps, -WIDEST, WIDEST) + WIDEST, 2 * WIDEST + 1),
        "duration": (np.minimum(notes.length, bar + 1) - 1, bar + 1),
        "density": (count * 2 // bars, 2 * bar + 1),
        "onset": (notes.onset % bar, bar),
    }
    return {name: normalised(np.bincount(v, minlength=size)) for name, (v, size) in values.items()}


def in_all_keys(pitch_class: np.ndarray) -> np.ndarray:
    """A pitch-class histogram [12] after training's transpositions: every key is as likely."""
    return np.full(12, pitch_class.sum() / 12)


def normalised(counts: np.ndarray) -> np.ndarray:
    return counts / max(counts.sum(), 1)


def overlap(a: np.ndarray, b: np.ndarray) -> float:
    """What two normalised histograms have in common, 0 to 1."""
    return float(np.minimum(a, b).sum())


def repeated_bars(tokens: np.ndarray, representation: MelodyRepresentation) -> float:
    """Share of bars, the first of each window [N, T] left out, that equal an earlier bar of theirs."""
    bars = tokens.reshape(len(tokens), representation.bars, -1)
    if bars.shape[1] < 2:
        return 0.0
    same = (bars[:, :, None] == bars[:, None]).all(-1)  # [N, bars, bars]
    return float(np.tril(same, -1).any(-1)[:, 1:].mean())


def pitch_range(tokens: np.ndarray, lowest: int) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest MIDI number of melody tokens [..., T], int16 [...] each; -1 without notes.

    Args:
        lowest: the pitch of the first note token.
    """
    tokens, shift = np.asarray(tokens).astype(np.int16), lowest - FIRST_NOTE
    high = tokens.max(axis=-1)
    low = np.where(tokens >= FIRST_NOTE, tokens, 255).min(axis=-1)
    empty = high < FIRST_NOTE
    return np.where(empty, -1, low + shift), np.where(empty, -1, high + shift)


def spread(tokens: np.ndarray, representation: MelodyRepresentation) -> dict[str, float]:
    """Pitch range and other averages of windows [N, T]."""
    low, high = pitch_range(tokens, representation.lowest)
    sounding = high >= 0
    notes = (tokens >= FIRST_NOTE).sum(1)
    low, high = low[sounding].astype(float), high[sounding].astype(float)
    return {
        "notes": float(notes.mean()),
        "lowest": float(low.mean()),
        "highest": float(high.mean()),
        "range": float((high - low).mean()),
        "repeated_bars": repeated_bars(tokens, representation),
    }
