"""Drum hits of a song on the grid: which tracks are drums, and which drum each note is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from musicvae_lite.errors import ConfigError
from musicvae_lite.music import drum_names
from musicvae_lite.music.drum_maps import NONE, DrumMap
from musicvae_lite.music.grid import Grid
from musicvae_lite.music.score import Score, Track
from musicvae_lite.music.voices import hints_at_drums, is_called_drums, is_named_drums, label, may_hold_drums

KIT = frozenset({22, 26, *range(35, 39), *range(40, 54), 55, 57, 59})  # pitches of what a drummer sits at
FEW = 0.05  # of all hits: so many may fall on others, as in a flam or two, before that is said


@dataclass(frozen=True)
class Choice:
    """Which tracks were taken for drums.

    Attributes:
        tracks: their indices; empty when there are none.
        words: which and why, one sentence.
        warning: what is odd about them, "" when nothing is.
        trouble: code and sentence of why there are none, and what to do about it.
        pitches: of tracks off channel 10 whose notes all lie on one pitch, though their names say another
            drum: that drum's.
    """

    tracks: tuple[int, ...] = ()
    words: str = ""
    warning: str = ""
    trouble: tuple[str, ...] | None = None
    pitches: Mapping[int, int] = field(default_factory=dict)

    def pitches_of(self, score: Score) -> np.ndarray:
        """The pitches [N] of all notes of the song, as they are read."""
        pitch = score.pitch.copy()
        for track, meant in self.pitches.items():
            pitch[score.track == track] = meant
        return pitch


def choose_drums(score: Score, track: int | None = None) -> Choice:
    """The tracks of a song that hold its drums: all on channel 10, else all that are named like drums.

    Beside the latter, a track that is called nothing but one drum, such as "Clap", is one too. Where names
    only hint at drums, the track with most notes is taken.

    Args:
        track: index of the track to take, whatever its channel.

    Raises:
        ConfigError: there is no such track.
    """
    held = np.bincount(score.track, minlength=len(score.tracks))
    if track is not None:
        if not 0 <= track < len(score.tracks):
            raise ConfigError(f"there is no track {track + 1}: the song has {len(score.tracks)}")
        name = label(score, track)
        if not held[track]:
            return Choice((), trouble=("empty", f"{name} holds no notes"))
        if score.tracks[track].is_drum:
            return Choice((track,), f"{name}: as asked")
        return _off_channel_10(score, [track], f"{name}: as asked")
    if not len(score):
        return Choice((), trouble=("empty", "no notes"))
    parts = [(k, part) for k, part in enumerate(score.tracks) if held[k]]
    drums = tuple(k for k, part in parts if part.is_drum)
    if drums:
        words = f"{_labels(score, drums)}: {'it lies' if len(drums) == 1 else 'they lie'} on channel 10"
        left = [k for k, part in parts if not part.is_drum and is_called_drums(part)]
        odd = "; ".join(f"{label(score, k)} is left out: it lies off channel 10" for k in left)
        return Choice(drums, words, odd)
    hinted = [k for k, part in parts if hints_at_drums(part.name)]
    named = [k for k, part in parts if is_named_drums(part)]
    if named:
        single = {k for k, part in parts if may_hold_drums(part) and drum_names.is_single(part.name)}
        named = sorted(single.union(named))
    elif hinted:
        named = [max(hinted, key=lambda k: int(held[k]))]
    if named:
        says = "its name says" if len(named) == 1 else "their names say"
        left = [k for k in hinted if k not in named]
        return _off_channel_10(score, named, f"{_labels(score, named)}: {says} drums", left)
    reason = "no track lies on channel 10, or is named like drums"
    return Choice((), trouble=("no-drums", reason, "--track says which to read as drums"))


def _off_channel_10(score: Score, tracks: list[int], words: str, left: Iterable[int] = ()) -> Choice:
    """Tracks read as drums though they lie off channel 10, and what is odd about that.

    Args:
        left: tracks whose names hint at drums, and that are not taken.
    """
    is_read = "is read as drums, but lies" if len(tracks) == 1 else "are read as drums, but lie"
    odd = [f"{_labels(score, tracks)} {is_read} off channel 10"]
    pitches = _pitches(score, tracks)
    for k, meant in pitches.items():
        played = score.pitch[score.track == k][0]
        odd.append(f"pitch {played} of {label(score, k)} is read as {meant}, {drum_names.name(meant)}")
    odd += [f"{label(score, k)} is left out" for k in left]
    return Choice(tuple(tracks), words, "; ".join(odd), pitches=pitches)


def _pitches(score: Score, tracks: Iterable[int]) -> dict[int, int]:
    """As in `Choice`, of tracks off channel 10."""
    found = {}
    for k in tracks:
        meant, played = drum_names.pitches_of(score.tracks[k].name), np.unique(score.pitch[score.track == k])
        if meant and len(played) == 1 and played[0] not in meant:
            found[k] = meant[0]
    return found


def on_channel_10(score: Score, tracks: Iterable[int]) -> Score:
    """A song with its drums on channel 10, of pitches as they are read; there, instruments are no kits.

    Args:
        tracks: that are drums, on channel 10 or off it.
    """
    off = [k for k in tracks if not score.tracks[k].is_drum]
    parts = [Track(part.name, 0, True) if k in off else part for k, part in enumerate(score.tracks)]
    pitch = Choice(pitches=_pitches(score, off)).pitches_of(score)
    return replace(score, pitch=pitch, tracks=tuple(parts))


def _labels(score: Score, tracks: Iterable[int]) -> str:
    return ", ".join(label(score, k) for k in tracks)


@dataclass(frozen=True, eq=False)
class Hits:
    """Drum hits, N of them, in order of steps.

    Attributes:
        step: int64 [N], song-wide steps.
        late: float64 [N], how far behind its step each lies, as a fraction of a step, exact in ticks.
        drum: int64 [N], number of the drum in the map.
        velocity: int64 [N], 1 to 127.
        pitch: int64 [N], MIDI numbers as they are read.
        note: int64 [N], index of each in the score.
        unknown: how many notes have a pitch that the map lacks.
        unknown_pitches: which pitches those are.
    """

    step: np.ndarray
    late: np.ndarray
    drum: np.ndarray
    velocity: np.ndarray
    pitch: np.ndarray
    note: np.ndarray
    unknown: int
    unknown_pitches: tuple[int, ...]

    @classmethod
    def of(cls, score: Score, grid: Grid, chosen: Choice, classes: np.ndarray) -> Hits:
        """The hits of the tracks chosen.

        Args:
            classes: uint8 [128], which drum a pitch is (`DrumMap.classes`).
        """
        mine = np.flatnonzero(np.isin(score.track, chosen.tracks))
        pitch = chosen.pitches_of(score)[mine]
        drum = classes[pitch]
        known = drum != NONE
        note = mine[known]
        step, late = grid.quantise(score.start[note])
        ticks = grid.ticks_per_quarter  # a step may be no whole number of ticks, but ticks * steps is
        late = np.rint(late * ticks) / ticks
        return cls(
            step,
            late,
            drum[known].astype(np.int64),
            score.velocity[note].astype(np.int64),
            pitch[known].astype(np.int64),
            note,
            int((~known).sum()),
            tuple(np.unique(pitch[~known]).tolist()),
        )

    def told(self) -> str:
        """What to add to the choice of tracks about notes that are not read."""
        if not self.unknown:
            return ""
        pitches = ", ".join(map(str, self.unknown_pitches[:6])) + (", ..." * (len(self.unknown_pitches) > 6))
        return f"; {self.unknown} notes of pitches the drum map lacks ({pitches}) are not read"

    def merging(self, drums: DrumMap) -> list[str]:
        """What to say of hits that a model gives back as another drum, or as one with others.

        Nothing under a map of one drum, which asks only whether anything is struck.
        """
        if len(drums) == 1:
            return []
        played = [pitch for pitch in np.unique(self.pitch).tolist() if pitch not in KIT]
        written = [int(drums.written[drums.classes[pitch]]) for pitch in played]
        others = [
            f"{_named(pitch)} as {_named(to)}"
            for pitch, to in zip(played, written, strict=True)
            if pitch != to
        ]
        said = [f"drums are read and written as others: {', '.join(others)}"] if others else []
        count = len(self.step)
        lost = count - len(np.unique(self.step * len(drums) + self.drum))
        if lost > FEW * count:
            shared = "share their step with another of the same drum, and are left out"
            said.append(f"{lost} of {count} drum notes {shared}")
        return said


def _named(pitch: int) -> str:
    """A drum by name and number."""
    name = drum_names.name(pitch)
    return name if name == str(pitch) else f"{name} {pitch}"
