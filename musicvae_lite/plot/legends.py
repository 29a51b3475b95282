"""What the colours and shades of a picture mean: the names of tracks, and soft to loud."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from musicvae_lite.plot.colours import of_tracks, shaded
from musicvae_lite.plot.pages import FAINT_INK, Page

if TYPE_CHECKING:
    from musicvae_lite.music.score import Score

BOX, GAP, LINE = 0.14, 0.22, 0.22  # inches: a patch of colour, between entries, from line to line
MOST_TRACKS = 16
LONGEST = 40  # characters of a name
VARIED = 16  # velocities that lie further apart than this are explained
SHADES = (20, 50, 80, 110)
LETTER = 0.075  # inches of a letter, for finding out how many lines there will be


def track_names(score: Score) -> list[tuple[str, str]]:
    """Names, cut short, and colours of the tracks that sound, 16 at most; none where there is only one."""
    used = np.unique(score.track).tolist()
    if len(used) < 2:
        return []
    entries = []
    for index in used[:MOST_TRACKS]:
        track = score.tracks[index]
        name = " ".join(track.name.split()) or ("drums" if track.is_drum else f"track {index + 1}")
        entries.append((name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…", index))
    colours = of_tracks(score)
    rest = [(f"and {len(used) - MOST_TRACKS} more", "")] * (len(used) > MOST_TRACKS)
    return [(name, colours[index]) for name, index in entries] + rest


def is_varied(scores: Sequence[Score]) -> bool:
    """Whether some notes are clearly softer than others."""
    velocity = np.concatenate([score.velocity for score in scores])
    return len(velocity) > 0 and int(np.ptp(velocity)) > VARIED


def height(entries: Sequence[tuple[str, str]], shades: bool, width: float) -> float:
    """Inches that `draw` will need below the picture."""
    return (_lines(entries, shades, width)[-1] + 1) * LINE + 0.1 if entries or shades else 0.0


def draw(
    page: Page, entries: Sequence[tuple[str, str]], shades: bool, left: float, top: float, width: float
) -> None:
    """Draws the entries from left to right, and soft to loud behind them, in lines of so many inches."""
    lines = _lines(entries, shades, width)
    x, line = left, 0
    for (name, colour), own in zip(entries, lines, strict=False):
        x, line = (x if own == line else left), own
        y = top + LINE * (line + 1)
        if colour:
            _box(page, x, y, colour)
        x += BOX + 0.06 + page.text(x + BOX + 0.06, y, name, 8) + GAP
    if shades:
        x = x if lines[-1] == line else left
        y = top + LINE * (lines[-1] + 1)
        x += page.text(x, y, "soft", 8, FAINT_INK) + 0.06
        for colour in shaded([FAINT_INK] * len(SHADES), np.array(SHADES)):
            _box(page, x, y, tuple(colour.tolist()))
            x += BOX
        page.text(x + 0.06, y, "loud", 8, FAINT_INK)


def _box(page: Page, left: float, bottom: float, colour: str | tuple[float, ...]) -> None:
    from matplotlib.patches import Rectangle

    place = (left / page.width, 1 - bottom / page.height)
    size = (BOX / page.width, 0.1 / page.height)
    page.figure.add_artist(Rectangle(place, *size, facecolor=colour, linewidth=0))


def _inches(name: str) -> float:
    return BOX + 0.06 + len(name) * LETTER + GAP


def _lines(entries: Sequence[tuple[str, str]], shades: bool, width: float) -> list[int]:
    """The line that each entry stands in, counted from 0, and behind them that of the shades."""
    sizes = [_inches(name) for name, _ in entries]
    sizes += [_inches("soft  loud") + BOX * len(SHADES)] * shades
    lines, line, x = [], 0, 0.0
    for size in sizes:
        if x and x + size > width:
            line, x = line + 1, 0.0
        lines.append(line)
        x += size
    return lines
