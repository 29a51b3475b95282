"""A whole score as a piano-roll, line below line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from musicvae_lite.errors import NothingUsableError
from musicvae_lite.music.grid import Grid
from musicvae_lite.music.score import Score
from musicvae_lite.music.soundness import checked
from musicvae_lite.plot import bars, colours, drum_lanes, heights, legends, notes
from musicvae_lite.plot.pages import Page, check_suffix, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARGIN, LABELS = 0.15, 0.42  # inches at the right edge, for note names
TITLE, NUMBERS, CHORDS = 0.38, 0.2, 0.2  # heights
BETWEEN_PARTS, BETWEEN_LINES = 0.06, 0.16


def piano_roll(score: Score, path: str | Path, title: str | None = None, first_bar: int = 1) -> Path:
    """Draws a score to a file: see `draw_roll`.

    Args:
        path: ends in .png, .svg or .pdf.
        title: what stands above; the score's own title when None.
        first_bar: the number of its first bar, for an excerpt.

    Returns:
        The path written.

    Raises:
        NothingUsableError: the score has no notes.
        ConfigError: another suffix, or a score that is none.
        MusicVAEError: the file could not be written.
    """
    target = check_suffix(path)
    return save(draw_roll(score, title, first_bar), target)


def draw_roll(score: Score, title: str | None = None, first_bar: int = 1) -> Figure:
    """Draws a score: bars and beats as lines, note names, drums in lanes below, loudness as shade.

    Long songs go on in further lines, 12 at most.

    Args:
        title: what stands above; the score's own title when None.
        first_bar: the number of its first bar, for an excerpt.

    Raises:
        NothingUsableError: the score has no notes.
        ConfigError: it holds what no music does.
    """
    if not len(checked(score)):
        raise NothingUsableError(f"{score.source or 'the score'}: there are no notes to draw")
    grid = Grid.of(score)
    spans = bars.lines(grid.bar_ticks, score.ticks_per_quarter, grid.has_pickup)
    longest = max(end - begin for begin, end in spans)
    width = min(max(longest / score.ticks_per_quarter * 0.38, 5.0), 15.0)
    has_keys = not drum_lanes.is_drum(score).all()
    keys, lanes = notes.key_range([score]), drum_lanes.lanes([score])
    heading = score.title if title is None else title

    above = NUMBERS + CHORDS * bool(score.chords)
    fixed = above + BETWEEN_PARTS * (has_keys and bool(lanes)) + BETWEEN_LINES
    left, top = max(LABELS, drum_lanes.inches(lanes)), TITLE if heading else 0.08
    legend = legends.arranged(legends.track_names([score]), legends.is_varied([score]), width)
    room = (heights.MOST_INCHES - top - legend.height) / len(spans) - fixed
    key_height, lane_height = heights.fitted(notes.key_inches(keys) * has_keys, len(lanes), room)
    line_height = key_height + lane_height + fixed

    page = Page(left + width + MARGIN, top + line_height * len(spans) + legend.height)
    if heading:
        page.text(left, 0.26, heading, 12, fontweight="bold")
    for span in spans:
        y, axes = top + above, []
        if has_keys:
            axes.append(page.axes(left, y, width, key_height))
            notes.draw_keys(axes[0], score, colours.of_tracks(score), keys, key_height)
            y += key_height + BETWEEN_PARTS
        if lanes:
            axes.append(page.axes(left, y, width, lane_height))
            notes.draw_drums(axes[-1], score, colours.of_tracks(score), lanes, lane_height)
        for axis in axes:
            number = first_bar if axis is axes[0] else None
            bars.draw_bars(axis, score, grid.bar_ticks, span, span[0] + longest, number)
        bars.draw_chords(axes[0], score, span, width, NUMBERS)
        top += line_height
    legend.draw(page, left, top)
    return page.figure
