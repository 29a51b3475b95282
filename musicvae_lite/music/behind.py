"""Where new bars lie behind a song, and the song's own notes with them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from musicvae_lite.music.grid import Grid, accepts
from musicvae_lite.music.representations.base import Representation
from musicvae_lite.music.representations.hits import choose_drums, on_channel_10
from musicvae_lite.music.score import COMMON_TIME, Chord, Meter, MeterChange, Score, Track
from musicvae_lite.music.takes import loudness
from musicvae_lite.music.timeline import Timeline
from musicvae_lite.music.whole import Covering, timeline

FINEST = 32767  # ticks a quarter that a MIDI file can have
TAIL = 0.25  # of a bar: notes that sound over a bar line for no longer do not begin a bar of their own
LAST = 16  # quarters before the last note of some tracks by which it is told which of them plays what
BEFORE = 1e-3  # what a hit before those counts, beside one of theirs
ANOTHER_KIND = 30  # semitones by which drums of another kind lie further than any of the same
KINDS = (
    (35, 36), (37, 38, 40), (41, 43, 45, 47, 48, 50), (22, 26, 42, 44, 46), (51, 53, 59), (49, 52, 55, 57)
)  # fmt: skip  # kicks, snares, toms, hi-hats, rides and crashes, which often have a track each


@dataclass(frozen=True, eq=False, kw_only=True)
class Behind(Timeline):
    """Lays new bars behind the notes of some tracks of a song, which stay as they are.

    Attributes:
        tracks: indices of these tracks, in the order in which a take has them.
        sounding: indices of the tracks of a take that sound in the music before; they tell which part the
            song's tracks play where there are fewer of them than a take has.
        percussive: whether these tracks are drums, all of them.
    """

    tracks: tuple[int, ...]
    sounding: tuple[int, ...] = ()
    percussive: bool = False

    @classmethod
    def of(
        cls, laid: Timeline, tracks: Sequence[int], sounding: Sequence[int] = (), percussive: bool = False
    ) -> Behind:
        """For takes that hold what comes last on a timeline alone."""
        at = (np.zeros(1), laid.places[-1:], laid.near, laid.song, laid.late)
        return cls(*at, tracks=tuple(tracks), sounding=tuple(sounding), percussive=percussive)

    def laid(self, score: Score) -> Score:
        """The notes of the song's tracks, and a take as a score behind them.

        Notes of the song that sound on into the new bars end where these begin, or as they do where that is a
        quarter of a bar later at most; in any case where the same key is struck again.

        Each track of the take goes on with the track of the song that plays its part. Where several play it,
        a note goes to the one that has played such pitches, or this drum, most in the last bars; where none
        does, the track of the take stands for itself. A take of one velocity becomes as loud as each of the
        song's tracks.

        Drums of the song that a take of drums goes on with lie on channel 10 from then on.
        """
        song, taken = on_channel_10(self.song, self._drums(score.tracks)), sorted(self.tracks)
        finer = math.lcm(song.ticks_per_quarter, round(0.5 / self.near))
        ticks = finer if finer <= FINEST else song.ticks_per_quarter
        own = in_ticks(song.select(np.isin(song.track, taken)), ticks)
        new = super().laid(in_ticks(score, ticks))
        begin = round(float(self.places[0]) * ticks)
        names, track = [own.tracks[k] for k in taken], np.searchsorted(taken, own.track)
        played, numbers = self._parts(song.tracks, score.tracks), np.zeros_like(new.track)
        for number, part in enumerate(score.tracks):
            mine = new.track == number
            players = [taken.index(k) for k, part_of in played.items() if part_of == number]
            if players:
                numbers[mine] = _players(own, track, players, part.is_drum)[new.pitch[mine]]
            elif mine.any():
                numbers[mine] = len(names)
                names.append(part)
        ends = _ends(own, track, new, numbers, begin, begin + TAIL * last_meter(song.meters).quarters * ticks)
        columns: dict[str, Any] = {
            "start": (own.start, new.start),
            "end": (ends, new.end),
            "pitch": (own.pitch, new.pitch),
            "velocity": (own.velocity, _as_loud(new.velocity, numbers, own.velocity, track)),
            "track": (track, numbers),
        }
        both = {name: np.concatenate(parts).astype(np.int32) for name, parts in columns.items()}
        chords = (*(chord for chord in own.chords if chord.tick < begin), *new.chords)
        joined = replace(new, **both, tracks=tuple(names), chords=chords)
        return joined.select(np.lexsort((joined.pitch, joined.start)))

    def _drums(self, new: Sequence[Track]) -> list[int]:
        """Which of the song's tracks are the drums that a take goes on with, on channel 10 or off it."""
        if not any(track.is_drum for track in new):
            return []
        if self.percussive:
            return list(self.tracks)
        pitched = self.tracks[: sum(not new[number].is_drum for number in self.sounding)]
        drums = choose_drums(self.song.select(~np.isin(self.song.track, pitched))).tracks
        return [k for k in self.tracks if k in drums]

    def _parts(self, song: Sequence[Track], new: Sequence[Track]) -> dict[int, int]:
        """Which track of a take each of the song's tracks goes on with, where there is one of its kind."""
        parts: dict[int, int] = {}
        for is_drum in (False, True):
            there = [k for k in self.tracks if song[k].is_drum == is_drum]
            able = [number for number, track in enumerate(new) if track.is_drum == is_drum]
            able = sorted(sorted(able, key=lambda number: number not in self.sounding)[: len(there)])
            parts |= {k: able[min(n, len(able) - 1)] for n, k in enumerate(there) if able}
        return parts


def _ends(
    own: Score, track: np.ndarray, new: Score, numbers: np.ndarray, begin: int, latest: float
) -> np.ndarray:
    """Where the notes of a song end [N], of which some sound on into new bars.

    Args:
        track, numbers: of each note of the song and of the new bars, int [N] and [M].
        begin: tick at which the new bars begin.
        latest: tick at which notes may end that are not cut there.
    """
    ends = np.where(own.end > latest, begin, own.end)
    for n in np.flatnonzero(ends > begin):
        again = new.start[(numbers == track[n]) & (new.pitch == own.pitch[n])]
        ends[n] = min(ends[n], again.min(initial=ends[n]))
    return np.maximum(ends, own.start + 1)


def _players(own: Score, track: np.ndarray, players: Sequence[int], is_drum: bool) -> np.ndarray:
    """Which of some tracks is to play each pitch, int [128].

    It is the one with most notes about that pitch in the last bars, a note a semitone away counting e times
    less. Of drums, earlier notes count a little, for a crash may sound once a song; and those of another kind
    of drum only where no track has one of this kind.

    Args:
        track: of each note, int [N].
        is_drum: whether the tracks are drums.
    """
    theirs = np.isin(track, players)
    since = own.start[theirs].max(initial=0) - LAST * own.ticks_per_quarter
    counted = np.where(own.start >= since, 1.0, BEFORE * is_drum)
    counts = np.stack([np.bincount(own.pitch[track == k], counted[track == k], 128) for k in players])
    pitches = np.arange(128)
    away = np.abs(pitches[:, None] - pitches)
    if is_drum:
        kind = pitches.copy()
        for drums in KINDS:
            kind[list(drums)] = drums[0]
        away = away + ANOTHER_KIND * (kind[:, None] != kind)
    return np.array(players)[(counts @ np.exp(-away)).argmax(0)]


def _as_loud(new: np.ndarray, numbers: np.ndarray, own: np.ndarray, track: np.ndarray) -> np.ndarray:
    """Velocities [M] of new notes; where they are all the same, those of a song's notes [N] track by track.

    Args:
        numbers, track: of each note, int [M] and [N].
    """
    if not len(new) or new.min() < new.max():  # these are dynamics of its own
        return new
    heard = set(track.tolist())
    return np.array([loudness(own[track == k]) if k in heard else new[0] for k in range(numbers.max() + 1)])[
        numbers
    ]


def in_ticks(score: Score, ticks: int) -> Score:
    """Notes, programs and chords of a score at another resolution."""
    more = ticks / score.ticks_per_quarter
    start = np.rint(score.start * more).astype(np.int32)
    end = np.rint(score.end * more).astype(np.int32)
    chords = tuple(Chord(round(chord.tick * more), chord.symbol) for chord in score.chords)
    tracks = tuple(part.scaled(more) for part in score.tracks)
    return replace(score, ticks_per_quarter=ticks, start=start, end=end, tracks=tracks, chords=chords)


def goes_on(covered: Covering, score: Score, r: Representation) -> bool:
    """Whether the tracks taken go on behind what is covered, with bars that the model cannot read."""
    begin = covered.ends[-1] + covered.late - score.ticks_per_quarter / r.steps_per_quarter / 2
    return bool((score.start[np.isin(score.track, covered.tracks)] >= begin).any())


def last_bar(score: Score) -> int:
    """The last bar of a song in which a note begins, or sounds on for more than a tail."""
    grid = Grid.of(score)
    *_, begin, end = grid.bar_ticks
    slack = grid.step_ticks / 2
    over = score.end_tick - begin
    is_tail = over < TAIL * (end - begin) + slack and not (score.start >= begin - slack).any()
    return grid.bars - 1 if is_tail and grid.bars > 1 else grid.bars


def last_meter(meters: Sequence[MeterChange]) -> Meter:
    """That of the last bars."""
    return meters[-1].meter if meters else COMMON_TIME


def going_on(covered: Covering, score: Score, r: Representation) -> Timeline:
    """The music in its place and the new bars behind it, in bars of a meter that the model writes.

    They follow at once, or after the song where it goes on with bars that the model cannot read.
    """
    is_longer = goes_on(covered, score, r)
    end = round(Grid.of(score).bar_ticks[last_bar(score)]) if is_longer else int(covered.ends[-1])
    meters = tuple(m for m in score.meters if m.tick < end or (m.tick == end and accepts(r.meter, m.meter)))
    if not accepts(r.meter, last_meter(meters)):
        meters = (*meters, MeterChange(end, r.meter))
    laid = timeline(covered, replace(score, meters=meters), r)
    return replace(
        laid,
        begins=np.append(laid.begins, covered.steps / r.steps_per_quarter),
        places=np.append(laid.places, end / score.ticks_per_quarter),
    )
