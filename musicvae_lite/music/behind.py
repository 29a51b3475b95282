"""Where new bars lie behind a song, and the song's own notes with them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from musicvae_lite.music.grid import Grid, accepts
from musicvae_lite.music.representations.base import Representation
from musicvae_lite.music.score import COMMON_TIME, Chord, Meter, MeterChange, Score, Track
from musicvae_lite.music.timeline import Timeline
from musicvae_lite.music.whole import Covering, timeline

FINEST = 32767  # ticks a quarter that a MIDI file can have


@dataclass(frozen=True, eq=False, kw_only=True)
class Behind(Timeline):
    """Lays new bars behind the notes of some tracks of a song, which stay as they are.

    Attributes:
        tracks: indices of these tracks.
    """

    tracks: tuple[int, ...]

    @classmethod
    def of(cls, laid: Timeline, tracks: Sequence[int]) -> Behind:
        """For takes that hold what comes last on a timeline alone."""
        return cls(np.zeros(1), laid.places[-1:], laid.near, laid.song, laid.late, tracks=tuple(tracks))

    def laid(self, score: Score) -> Score:
        """The notes of the song's tracks, cut where the new bars begin, and a take as a score behind them.

        Where the take has as many tracks of a kind, pitched or drums, as there are or fewer, it goes on with
        them; otherwise its tracks stand for themselves.
        """
        song, taken = self.song, np.unique(self.tracks)
        finer = math.lcm(song.ticks_per_quarter, round(0.5 / self.near))
        ticks = finer if finer <= FINEST else song.ticks_per_quarter
        own = _in_ticks(song.select(np.isin(song.track, taken)), ticks)
        new = super().laid(_in_ticks(score, ticks))
        begin = round(float(self.places[0]) * ticks)
        names, numbers = _went_on(
            [song.tracks[k] for k in taken], score.tracks, np.bincount(new.track, minlength=len(score.tracks))
        )
        ends = np.maximum(np.minimum(own.end, begin), own.start + 1)
        columns: dict[str, Any] = {
            "start": (own.start, new.start),
            "end": (ends, new.end),
            "pitch": (own.pitch, new.pitch),
            "velocity": (own.velocity, new.velocity),
            "track": (np.searchsorted(taken, own.track), numbers[new.track]),
        }
        both = {name: np.concatenate(parts).astype(np.int32) for name, parts in columns.items()}
        chords = (*(chord for chord in own.chords if chord.tick < begin), *new.chords)
        joined = replace(new, **both, tracks=names, chords=chords)
        return joined.select(np.lexsort((joined.pitch, joined.start)))


def _in_ticks(score: Score, ticks: int) -> Score:
    """Notes and chords of a score at another resolution."""
    more = ticks / score.ticks_per_quarter
    start = np.rint(score.start * more).astype(np.int32)
    end = np.maximum(np.rint(score.end * more).astype(np.int32), start + 1)
    chords = tuple(Chord(round(chord.tick * more), chord.symbol) for chord in score.chords)
    return replace(score, ticks_per_quarter=ticks, start=start, end=end, chords=chords)


def _went_on(
    own: Sequence[Track], new: Sequence[Track], notes: np.ndarray
) -> tuple[tuple[Track, ...], np.ndarray]:
    """The tracks of both, and which of them each of the new ones is, int [new].

    Args:
        notes: int [new], how many the new tracks hold; one that holds none is left out.
    """
    names, numbers = list(own), np.zeros(len(new), np.int64)
    for is_drum in (False, True):
        there = [k for k, track in enumerate(own) if track.is_drum == is_drum]
        more = [k for k, track in enumerate(new) if track.is_drum == is_drum]
        if len(more) <= len(there):
            numbers[more] = there[: len(more)]
            continue
        for k in more:
            if notes[k]:
                numbers[k] = len(names)
                names.append(new[k])
    return tuple(names), numbers


def goes_on(covered: Covering, score: Score, r: Representation) -> bool:
    """Whether the tracks taken go on behind what is covered, with bars that the model cannot read."""
    begin = covered.ends[-1] + covered.late - score.ticks_per_quarter / r.steps_per_quarter / 2
    return bool((score.start[np.isin(score.track, covered.tracks)] >= begin).any())


def last_meter(meters: Sequence[MeterChange]) -> Meter:
    """That of the last bars."""
    return meters[-1].meter if meters else COMMON_TIME


def going_on(covered: Covering, score: Score, r: Representation) -> Timeline:
    """The music in its place and the new bars behind it, in bars of a meter that the model writes.

    They follow at once, or after the song where it goes on with bars that the model cannot read.
    """
    end = round(Grid.of(score).bar_ticks[-1]) if goes_on(covered, score, r) else int(covered.ends[-1])
    meters = tuple(m for m in score.meters if m.tick < end or (m.tick == end and accepts(r.meter, m.meter)))
    if not accepts(r.meter, last_meter(meters)):
        meters = (*meters, MeterChange(end, r.meter))
    laid = timeline(covered, replace(score, meters=meters), r)
    return replace(
        laid,
        begins=np.append(laid.begins, covered.steps / r.steps_per_quarter),
        places=np.append(laid.places, end / score.ticks_per_quarter),
    )
