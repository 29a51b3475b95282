"""Several short scores side by side: the steps of an interpolation, takes of a sample, parts of a song."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.music.grid import Grid
from musicvae_lite.music.score import Score
from musicvae_lite.plot import bars, colours, drum_lanes, heights, legends, notes
from musicvae_lite.plot.pages import FAINT_INK, Page, check_suffix, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST = 64  # scores that one asks to see together
LINE_QUARTERS = 40  # quarter notes the panels of a line hold together
MARGIN, LABELS = 0.15, 0.42  # inches at the right edge, for note names
TITLE, NAME, NUMBERS, REST = 0.38, 0.26, 0.18, 0.26  # heights
BETWEEN_PARTS, BETWEEN_LINES, BETWEEN_COLUMNS = 0.05, 0.12, 0.12


def strip(
    scores: Sequence[Score],
    labels: Sequence[str],
    path: str | Path,
    title: str = "",
    columns: int = 0,
    first_bars: Sequence[int] = (),
) -> Path:
    """Draws several short scores to a file: see `draw_strip`.

    Args:
        path: ends in .png, .svg or .pdf.

    Returns:
        The path written.

    Raises:
        NothingUsableError: no score has notes.
        ConfigError: another suffix, or not one label and one first bar a score.
        MusicVAEError: the file could not be written.
    """
    target = check_suffix(path)
    return save(draw_strip(scores, labels, title, columns, first_bars), target)


def draw_strip(
    scores: Sequence[Score],
    labels: Sequence[str],
    title: str = "",
    columns: int = 0,
    first_bars: Sequence[int] = (),
) -> Figure:
    """Draws several short scores on one pitch axis, with the drums of all in lanes below.

    Two-bar scores stand five in a line, longer ones below each other. Colours run from the first
    score's to the last one's; where a score has several tracks, tracks have colours instead, which are
    named below where they mean the same tracks in all scores. A score without notes stays an empty
    frame. Many scores make a high page; those that even the highest has no room for are only counted on it.

    Args:
        scores: what to draw, in order; one to a few dozen.
        labels: a short name for each.
        title: what stands above.
        columns: how many stand in a line, for a grid; 0 fills lines of up to 40 quarter notes.
        first_bars: for each score the number of its first bar, for parts of a song; 1 by default. Bars are
            numbered where scores stand below each other.

    Raises:
        NothingUsableError: no score has notes.
        ConfigError: not one label and one first bar a score.
    """
    if len(labels) != len(scores):
        raise ConfigError(f"{len(scores)} scores need as many labels, not {len(labels)}")
    first_bars = first_bars or [1] * len(scores)
    if len(first_bars) != len(scores):
        raise ConfigError(f"{len(scores)} scores need as many first bars, not {len(first_bars)}")
    if not any(len(score) for score in scores):
        raise NothingUsableError("none of the scores has notes to draw")
    keys, lanes = notes.key_range(scores), drum_lanes.lanes(scores)
    has_keys = not all(drum_lanes.is_drum(score).all() for score in scores)
    are_tracks_told = any(len(np.unique(score.track)) > 1 for score in scores)
    names = legends.track_names(scores) if are_tracks_told else []
    ends = colours.between(len(scores))

    quarters = max(float(Grid.of(score).bar_ticks[-1]) / score.ticks_per_quarter for score in scores)
    columns = min(columns, len(scores)) or _columns(len(scores), quarters)
    rows = math.ceil(len(scores) / columns)
    left, top = max(LABELS, drum_lanes.inches(lanes)), TITLE if title else 0.04
    width = min(max(columns * quarters * 0.3, 6.0), 15.0) / columns - BETWEEN_COLUMNS
    above = NAME + NUMBERS * (columns == 1)
    fixed = above + BETWEEN_LINES + BETWEEN_PARTS * (has_keys and bool(lanes))
    across = columns * (width + BETWEEN_COLUMNS) - BETWEEN_COLUMNS
    legend = legends.arranged(names, legends.is_varied(scores), across)
    below = legend.height
    liked = max(notes.key_inches(keys) * (1.0 if columns > 1 else 0.7), heights.LEAST_KEYS) * has_keys
    room = (heights.MOST_INCHES - top - below) / rows - fixed
    key_height, lane_height = heights.fitted(liked, len(lanes), room)
    line_height = key_height + lane_height + fixed
    rows = min(rows, max(int((heights.MOST_PAGE - top - below - REST) / line_height), 1))
    left_out = max(len(scores) - rows * columns, 0)

    bottom = top + rows * line_height + REST * bool(left_out)
    page = Page(left + across + BETWEEN_COLUMNS + MARGIN, bottom + below)
    if title:
        page.text(left, 0.26, title, 12, fontweight="bold")
    drawn = zip(scores[: rows * columns], labels[: rows * columns], strict=True)
    for index, (score, label) in enumerate(drawn):
        x, y = left + index % columns * (width + BETWEEN_COLUMNS), top + index // columns * line_height
        page.text(x, y + 0.18, label, 9, ends[index], fontweight="bold")
        own = colours.of_tracks(score) if are_tracks_told else [ends[index]] * max(len(score.tracks), 1)
        y, axes = y + above, []
        if has_keys:
            axes.append(page.axes(x, y, width, key_height))
            notes.draw_keys(axes[-1], score, own, keys, key_height, names=index % columns == 0)
            y += key_height + BETWEEN_PARTS
        if lanes:
            axes.append(page.axes(x, y, width, lane_height))
            notes.draw_drums(axes[-1], score, own, lanes, lane_height, names=index % columns == 0)
        end = quarters * score.ticks_per_quarter
        for axis in axes:
            number = first_bars[index] if columns == 1 and axis is axes[0] else None
            bars.draw_bars(axis, score, bars.reaching(score, end), (0, end), end, number)
    if left_out:
        page.text(left, bottom - 0.06, f"and {left_out} more", 9, FAINT_INK)
    legend.draw(page, left, bottom)
    return page.figure


def _columns(count: int, quarters: float) -> int:
    """How many panels stand in a line, so that no line is nearly empty."""
    most = max(int(LINE_QUARTERS / max(quarters, 1.0)), 1)
    return math.ceil(count / math.ceil(count / most))
