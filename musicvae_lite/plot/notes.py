"""Notes on axes: a keyboard's range of pitches, or lanes of drums; one box a note."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from musicvae_lite.music import drum_names
from musicvae_lite.music.pitches import note_name
from musicvae_lite.music.score import Score
from musicvae_lite.plot import drum_lanes
from musicvae_lite.plot.colours import shaded

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BLACK = (1, 3, 6, 8, 10)
LANE, OCTAVE_LINE = "#f3f4f7", "#dadde3"  # behind black keys and every other drum; below every C
NARROW = 18  # semitones
LABEL = 0.11  # inches of a name
Keys = tuple[int, int]  # the lowest pitch shown, and one above the highest


def key_range(scores: Sequence[Score]) -> Keys:
    """The pitches to show, at least an octave of them."""
    pitches = np.concatenate([score.pitch[~drum_lanes.is_drum(score)] for score in scores])
    if not len(pitches):
        return 60, 72
    low, high = int(pitches.min()) - 1, int(pitches.max()) + 2
    missing = max(13 - (high - low), 0)
    return low - missing // 2, high + (missing + 1) // 2


def key_inches(keys: Keys) -> float:
    """Height for a range of pitches; a narrow one gets room to name most white keys."""
    span = keys[1] - keys[0]
    return span * (0.12 if span <= NARROW else 0.075)


def draw_keys(
    axis: Axes, score: Score, colours: Sequence[str], keys: Keys, inches: float, names: bool = True
) -> None:
    """The pitched notes of a score, in their track's colour, over the keys of a piano.

    Args:
        inches: height of the axis; as many keys are named as it has room for.
    """
    low, high = keys
    for pitch in range(low, high):
        if pitch % 12 in BLACK:
            axis.axhspan(pitch - 0.5, pitch + 0.5, color=LANE, linewidth=0, zorder=0)
        if pitch % 12 == 0:
            axis.axhline(pitch - 0.5, color=OCTAVE_LINE, linewidth=0.8, zorder=0)
    keep = ~drum_lanes.is_drum(score)
    _draw_boxes(axis, score, keep, score.pitch[keep].astype(float), colours)
    named = _named(high - low, inches)
    shown = [pitch for pitch in range(low, high) if pitch % 12 in named] if names else []
    axis.set_yticks(shown, [note_name(pitch) for pitch in shown])
    axis.set_ylim(low - 0.5, high - 0.5)


def _named(span: int, inches: float) -> tuple[int, ...]:
    """The keys of an octave that get names: five that are no neighbours, C and G, C alone, or none."""
    semitone = inches / span
    if span <= NARROW and 2 * semitone >= LABEL:
        return 0, 2, 4, 7, 9
    if span <= 30 and 5 * semitone >= LABEL:
        return 0, 7
    return (0,) if 12 * semitone >= LABEL else ()


def draw_drums(
    axis: Axes, score: Score, colours: Sequence[str], lanes: Sequence[int], inches: float, names: bool = True
) -> None:
    """The drums of a score, a lane for each pitch of `lanes`, from below.

    Args:
        inches: height of the axis; names are as large as its lanes.
    """
    for index in range(0, len(lanes), 2):
        axis.axhspan(index - 0.5, index + 0.5, color=LANE, linewidth=0, zorder=0)
    keep = drum_lanes.is_drum(score)
    lane_of = {pitch: float(index) for index, pitch in enumerate(lanes)}
    _draw_boxes(axis, score, keep, np.array([lane_of[p] for p in score.pitch[keep].tolist()]), colours)
    shown = range(len(lanes)) if names else range(0)
    axis.set_yticks(shown, [drum_names.name(lanes[index]) for index in shown])
    axis.set_ylim(-0.6, len(lanes) - 0.4)
    axis.tick_params(axis="y", labelsize=min(max(inches / len(lanes) * 50, 4), 7.5))


def _draw_boxes(axis: Axes, score: Score, keep: np.ndarray, y: np.ndarray, colours: Sequence[str]) -> None:
    """Boxes for the notes of a mask [N], at heights y [kept]."""
    if not keep.any():
        return
    from matplotlib.collections import PolyCollection

    begin, end = score.start[keep].astype(float), score.end[keep].astype(float)
    gap = np.minimum(score.ticks_per_quarter / 24, (end - begin) / 4)  # repeated notes stay apart
    left, right, bottom, top = begin, end - gap, y - 0.42, y + 0.42
    corners = np.stack([left, bottom, left, top, right, top, right, bottom], axis=1).reshape(-1, 4, 2)
    shade = shaded(np.array(colours)[score.track[keep]].tolist(), score.velocity[keep])
    boxes = PolyCollection(list(corners), facecolors=shade, edgecolors=shade * 0.8, linewidths=0.5, zorder=2)
    axis.add_collection(boxes)
