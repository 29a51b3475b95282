"""What the colours and shades of a picture mean: the names of tracks, and soft to loud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from musicvae_lite.plot.colours import of_tracks, shaded
from musicvae_lite.plot.pages import FAINT_INK, Page

if TYPE_CHECKING:
    from musicvae_lite.music.score import Score

BOX, SPACE = 0.14, 0.06  # inches: a patch of colour, and from it to its name
GAP, LINE = 0.22, 0.22  # between entries, from line to line
SIZE = 8  # of letters, in points
SOFT, LOUD = "soft", "loud"
MOST_TRACKS = 16
LONGEST = 40  # characters of a name
VARIED = 16  # velocities that lie further apart than this are explained
SHADES = (20, 50, 80, 110)


def track_names(scores: Sequence[Score]) -> list[tuple[str, str]]:
    """Names, cut short, and colours of the tracks that sound, 16 at most.

    None where there is only one, or where a colour would mean one name in one score and another in the next.
    """
    entries: dict[int, tuple[str, str]] = {}
    for score in scores:
        colours = of_tracks(score)
        for index in np.unique(score.track).tolist():
            entry = _name(score, index), colours[index]
            if entries.setdefault(index, entry) != entry:
                return []
    if len(entries) < 2:
        return []
    rest = [(f"and {len(entries) - MOST_TRACKS} more", "")] * (len(entries) > MOST_TRACKS)
    return [entries[index] for index in sorted(entries)[:MOST_TRACKS]] + rest


def _name(score: Score, index: int) -> str:
    track = score.tracks[index]
    name = " ".join(track.name.split()) or ("drums" if track.is_drum else f"track {index + 1}")
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def is_varied(scores: Sequence[Score]) -> bool:
    """Whether some notes are clearly softer than others."""
    velocity = np.concatenate([score.velocity for score in scores])
    return len(velocity) > 0 and int(np.ptp(velocity)) > VARIED


@dataclass(frozen=True)
class Entry:
    """Attributes:
    name, colour: what it says; a colour of "" leaves the patch out.
    left, line: where it begins, in inches, and in which line, counted from 0.
    """

    name: str
    colour: str
    left: float
    line: int


@dataclass(frozen=True)
class Legend:
    """Entries from left to right, and soft to loud behind them, in lines.

    Attributes:
        shades: where soft to loud begins, and in which line; None where shades are not explained.
    """

    entries: tuple[Entry, ...] = ()
    shades: tuple[float, int] | None = None

    @property
    def height(self) -> float:
        """Inches below the picture."""
        lines = [entry.line + 1 for entry in self.entries]
        lines += [self.shades[1] + 1] if self.shades else []
        return max(lines) * LINE + 0.1 if lines else 0.0

    def draw(self, page: Page, left: float, top: float) -> None:
        for entry in self.entries:
            x, y = left + entry.left, top + LINE * (entry.line + 1)
            if entry.colour:
                _box(page, x, y, entry.colour)
            page.text(x + BOX + SPACE, y, entry.name, SIZE)
        if self.shades:
            x, y = left + self.shades[0], top + LINE * (self.shades[1] + 1)
            x += page.text(x, y, SOFT, SIZE, FAINT_INK) + SPACE
            for colour in shaded([FAINT_INK] * len(SHADES), np.array(SHADES)):
                _box(page, x, y, tuple(colour.tolist()))
                x += BOX
            page.text(x + SPACE, y, LOUD, SIZE, FAINT_INK)


def arranged(names: Sequence[tuple[str, str]], shades: bool, width: float) -> Legend:
    """Names and their colours in lines of so many inches, and soft to loud where `shades` are explained.

    A name that is wider than a line is cut.
    """
    ruler, entries, x, line = Page(1, 1), [], 0.0, 0
    for name, colour in names:
        shown, inches = _cut(name, width - BOX - SPACE, ruler)
        if x and x + BOX + SPACE + inches > width:
            x, line = 0.0, line + 1
        entries.append(Entry(shown, colour, x, line))
        x += BOX + SPACE + inches + GAP
    if not shades:
        return Legend(tuple(entries))
    inches = sum(ruler.text(0, 0, word, SIZE) + SPACE for word in (SOFT, LOUD)) + BOX * len(SHADES)
    return Legend(tuple(entries), (0.0, line + 1) if x and x + inches > width else (x, line))


def _cut(name: str, room: float, ruler: Page) -> tuple[str, float]:
    """As much of a name as has room in so many inches, and the inches it takes."""
    inches = ruler.text(0, 0, name, SIZE)
    while inches > room and len(name) > 1:
        name = f"{name[: max(int(len(name) * room / inches) - 2, 0)]}…"
        inches = ruler.text(0, 0, name, SIZE)
    return name, inches


def _box(page: Page, left: float, bottom: float, colour: str | tuple[float, ...]) -> None:
    from matplotlib.patches import Rectangle

    place = (left / page.width, 1 - bottom / page.height)
    size = (BOX / page.width, 0.1 / page.height)
    page.figure.add_artist(Rectangle(place, *size, facecolor=colour, linewidth=0))
