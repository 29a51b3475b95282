"""The drums of a song, played as a take of them says: its dynamics and timing on the song's own notes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from musicvae_lite.music.behind import FINEST, in_ticks
from musicvae_lite.music.drum_maps import DrumMap
from musicvae_lite.music.grid import Grid
from musicvae_lite.music.representations.hits import Choice, Hits, on_channel_10
from musicvae_lite.music.score import Score
from musicvae_lite.music.timeline import Timeline

OFF_GRID = 0.3  # of a step: notes further from theirs, such as triplets and 32nds, are meant to be


@dataclass(frozen=True, eq=False, kw_only=True)
class Played(Timeline):
    """Lays a take of drums over the notes that it was made of, all of which stay, each with pitch and length.

    Attributes:
        chosen: which tracks of the song are its drums.
        drum_map: which pitches are which drum.
        steps_per_quarter: of the grid.
        moves: whether the song's notes get dynamics and timing of the take; otherwise they stay as they are,
            and what the take holds besides is added.
    """

    chosen: Choice
    drum_map: DrumMap
    steps_per_quarter: int
    moves: bool = True

    @classmethod
    def of(
        cls, laid: Timeline, chosen: Choice, drum_map: DrumMap, steps_per_quarter: int, moves: bool
    ) -> Played:
        """For takes that lie where a timeline says."""
        at = (laid.begins, laid.places, laid.near, laid.song, laid.late, laid.tempos)
        how: dict[str, Any] = {"drum_map": drum_map, "steps_per_quarter": steps_per_quarter, "moves": moves}
        return cls(*at, chosen=chosen, **how)

    def laid(self, score: Score) -> Score:
        """The song's drums played as a take, as a score, says; or as they are, with what is added to them.

        The notes of one drum on one step move together, so that a flam or a roll keeps its distances, and how
        loud they are beside the loudest of them. The one nearest to the step gets the place of the take's
        hit, the loudest its velocity. Triplets and 32nds, which lie between two steps, get only as much
        earlier or later as the hit is. Notes whose drum the map lacks, or in bars that the take does not
        cover, stay as they are.
        """
        finer = math.lcm(self.song.ticks_per_quarter, score.ticks_per_quarter)
        ticks = finer if finer <= FINEST else score.ticks_per_quarter
        take = super().laid(in_ticks(score, ticks))
        song = on_channel_10(in_ticks(self.song, ticks), self.chosen.tracks)
        hits = self._hits()
        cell = hits.step * len(self.drum_map) + hits.drum
        written = self._cells(take)
        more = take.select(~np.isin(written, cell) & (not self.moves))
        if self.moves:
            song = _moved(song, hits, cell, take, written, ticks / self.steps_per_quarter)
        own = song.select(np.isin(song.track, self.chosen.tracks))
        columns: dict[str, Any] = {
            name: np.concatenate([getattr(own, name), getattr(more, name)]).astype(np.int32)
            for name in ("start", "end", "pitch", "velocity")
        }
        numbers = np.searchsorted(self.chosen.tracks, own.track)
        track = np.concatenate([numbers, more.track + len(self.chosen.tracks)]).astype(np.int32)
        tracks = [song.tracks[k] for k in self.chosen.tracks]
        joined = replace(take, **columns, track=track, tracks=(*tracks, *(take.tracks if len(more) else ())))
        return joined.select(np.lexsort((joined.pitch, joined.start)))

    def _hits(self) -> Hits:
        """The song's hits."""
        return Hits.of(self.song, self._grid(self.song), self.chosen, self.drum_map.classes)

    def _cells(self, take: Score) -> np.ndarray:
        """Step and drum of each hit of a take laid over the song, as one number, int64 [M]."""
        step, _ = self._grid(take).quantise(take.start)
        return step * len(self.drum_map) + self.drum_map.classes[take.pitch]

    def _grid(self, score: Score) -> Grid:
        return Grid.of(score, self.steps_per_quarter)


def _moved(
    song: Score, hits: Hits, cell: np.ndarray, take: Score, written: np.ndarray, step_ticks: float
) -> Score:
    """A song whose hits [N] lie, and are as loud, as the hits [M] of a take in the same cells.

    Args:
        cell: of each hit of the song, int [N].
        written: of each hit of the take, int [M], no cell twice.
    """
    if not len(written):
        return song
    by_cell = np.argsort(written)
    place = by_cell[np.minimum(np.searchsorted(written, cell, sorter=by_cell), len(written) - 1)]
    is_there = written[place] == cell
    order = np.lexsort((-hits.velocity, np.abs(hits.late), cell))  # the nearest of each cell first
    _, first, group = np.unique(cell[order], return_index=True, return_inverse=True)
    of = np.empty_like(group)
    of[order] = group
    nearest = order[first][of]  # hit of the same cell, int [N]
    late = np.where(np.abs(hits.late) < OFF_GRID, 0.0, hits.late) * step_ticks
    due = np.rint(song.start[hits.note] - late).astype(np.int64)[nearest]
    loudest = np.zeros(len(first), dtype=np.int64)
    np.maximum.at(loudest, of, hits.velocity)
    later = np.where(is_there, take.start[place] - due, 0)
    loud = np.rint(take.velocity[place] * hits.velocity / loudest[of]).clip(1, 127)
    start, end, velocity = (part.copy() for part in (song.start, song.end, song.velocity))
    start[hits.note] = np.maximum(song.start[hits.note] + later, 0)
    end[hits.note] = start[hits.note] + (song.end - song.start)[hits.note]
    velocity[hits.note] = np.where(is_there, loud, hits.velocity)
    return replace(song, start=start, end=end, velocity=velocity)
