"""Where music made of a whole song lies in that song: its tempo, its meters, and the bars no window held."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from musicvae_lite.music.score import KeyChange, MeterChange, Score, TempoChange


@dataclass(frozen=True, eq=False)
class Timeline:
    """Parts of a take, one behind the other, and where each belongs.

    Attributes:
        begins: float64 [P], quarters from the start of the take, ascending from 0.
        places: float64 [P], quarters from the start of the song.
        near: quarters by which a note may begin before its part and still belong to it.
        song: whose tempo, meters and keys are taken.
        tempos: whether the tempo is taken too.
    """

    begins: np.ndarray
    places: np.ndarray
    near: float
    song: Score
    tempos: bool = True

    def laid(self, score: Score) -> Score:
        """A take as a score, laid over the song."""
        ticks, song = score.ticks_per_quarter, self.song
        begins = np.rint(self.begins * ticks).astype(np.int64)
        shift = np.rint(self.places * ticks).astype(np.int64) - begins
        part = np.searchsorted(begins - self.near * ticks, score.start, side="right") - 1
        shift = shift[np.maximum(part, 0)]
        start = np.maximum(score.start + shift, 0)
        end = np.maximum(score.end + shift, start + 1)
        order = np.lexsort((score.pitch, start))
        chords = tuple(replace(chord, tick=self._moved(chord.tick, ticks)) for chord in score.chords)

        def at(tick: int) -> int:
            return round(tick * ticks / song.ticks_per_quarter)

        laid = replace(
            score,
            start=start.astype(np.int32),
            end=end.astype(np.int32),
            meters=tuple(MeterChange(at(change.tick), change.meter) for change in song.meters),
            keys=tuple(KeyChange(at(key.tick), key.fifths, key.minor) for key in song.keys),
            chords=chords,
        ).select(order)
        if not self.tempos:
            return laid
        return replace(laid, tempos=tuple(TempoChange(at(change.tick), change.qpm) for change in song.tempos))

    def _moved(self, tick: int, ticks: int) -> int:
        part = max(int(np.searchsorted(self.begins * ticks, tick, side="right")) - 1, 0)
        return tick + round((self.places[part] - self.begins[part]) * ticks)
