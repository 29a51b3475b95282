"""Where music made of a whole song lies in it: its tempo, meters, programs, and the bars no window held."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from musicvae_lite.music.score import (
    KeyChange,
    MeterChange,
    ProgramChange,
    Score,
    TempoChange,
    Track,
    lasting,
)


@dataclass(frozen=True, eq=False)
class Timeline:
    """Parts of a take, one behind the other, and where each belongs.

    Attributes:
        begins: float64 [P], quarters from the start of the take, ascending from 0.
        places: float64 [P], quarters from the start of the song.
        near: quarters by which a note may begin before its part and still belong to it.
        song: whose tempo, meters, keys and programs are taken.
        late: quarters by which notes lie behind their places.
        tempos: whether the tempo is taken too.
        track: index of the song's track whose changes of program a take of one track follows; -1 for none.
    """

    begins: np.ndarray
    places: np.ndarray
    near: float
    song: Score
    late: float = 0.0
    tempos: bool = True
    track: int = -1

    def laid(self, score: Score) -> Score:
        """A take as a score, laid over the song."""
        ticks, song = score.ticks_per_quarter, self.song
        shift = self._shift(score.start, ticks, self.near) + round(self.late * ticks)
        start = np.maximum(score.start + shift, 0)
        end = np.maximum(score.end + shift, start + 1)
        order = np.lexsort((score.pitch, start))
        later = self._shift(np.array([chord.tick for chord in score.chords]), ticks, 0.0).tolist()
        chords = (replace(c, tick=c.tick + more) for c, more in zip(score.chords, later, strict=True))

        def at(tick: int) -> int:
            return round(tick * ticks / song.ticks_per_quarter)

        laid = replace(
            score,
            start=start.astype(np.int32),
            end=end.astype(np.int32),
            meters=tuple(MeterChange(at(change.tick), change.meter) for change in song.meters),
            keys=tuple(KeyChange(at(key.tick), key.fifths, key.minor) for key in song.keys),
            chords=tuple(chords),
        ).select(order)
        laid = self._with_programs(laid)
        if not self.tempos:
            return laid
        return replace(laid, tempos=tuple(TempoChange(at(change.tick), change.qpm) for change in song.tempos))

    def _with_programs(self, score: Score) -> Score:
        """A take that has been laid, with the programs that the song's track has at its notes; as it is where
        it begins with another.
        """
        own = self.song.tracks[self.track] if self.track >= 0 else Track()
        if not own.program_changes or len(score.tracks) != 1 or not len(score):
            return score
        (part,), ticks = score.tracks, self.song.ticks_per_quarter
        if (part.program, part.is_drum) != (own.program_at(round(self.places[0] * ticks)), own.is_drum):
            return score
        heard = np.rint((score.start / score.ticks_per_quarter + self.near) * ticks)
        played = replace(score, start=heard, tracks=(own,)).programs
        (_, program), *later = lasting(zip(score.start.tolist(), played.tolist(), strict=True))
        changes = tuple(ProgramChange(*change) for change in later)
        return replace(score, tracks=(replace(part, program=program, program_changes=changes),))

    def _shift(self, at: np.ndarray, ticks: int, near: float) -> np.ndarray:
        """How many ticks later in the song what lies at ticks [N] of the take comes, int64 [N].

        Args:
            ticks: a quarter.
            near: as above.
        """
        begins, places = (np.rint(part * ticks).astype(np.int64) for part in (self.begins, self.places))
        part = np.searchsorted(begins - near * ticks, at, side="right") - 1
        return (places - begins)[np.maximum(part, 0)]
