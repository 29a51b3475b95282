"""Choosing the windows of a song that a model works on, and saying which."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError, NothingUsableError, counted, shown
from musicvae_lite.music import naming
from musicvae_lite.music.grid import Grid, accepts
from musicvae_lite.music.representations.base import Extraction, Rejection, Representation
from musicvae_lite.music.score import Score
from musicvae_lite.music.soundness import checked
from musicvae_lite.music.takes import Style

if TYPE_CHECKING:
    import pretty_midi

    Song = str | Path | Score | pretty_midi.PrettyMIDI

Bars = tuple[int, int]  # first and last bar of the song, counted from 1

MOST_REASONS = 5
ADVICE = {
    "meter": "a model for that meter is needed; `mvae models` lists those at hand, and `mvae train` makes "
    "more (by the presets melody-2bar-waltz for 3/4 and melody-2bar-jig for 6/8)",
    "short": "a model of fewer bars is needed; `mvae models` lists what there is",
    "drums": "a melody model needs a pitched track",
    "off-grid": "quantise the song first",
    "range": "transpose the song first",
}
ELSEWHERE = ("few-notes", "rest", "off-grid", "range")  # what other bars of a song may not have


@dataclass(frozen=True, eq=False)
class Pick:
    """One window and where it lies.

    Attributes:
        tokens: [T, ...].
        bars: first and last bar of the song, counted from 1.
        score: the song it was taken from.
        ticks: where it begins and ends.
        choice: which tracks were taken, and why.
        tracks: indices of those tracks.
        reason: why these bars.
        control: [T, ...], what conditions the window, such as its chords; None when nothing does.
        warnings: what the user should know of the song and the tracks taken.
        percussive: whether drums alone were taken.
    """

    tokens: np.ndarray
    bars: Bars
    score: Score
    ticks: tuple[int, int]
    choice: str
    tracks: tuple[int, ...]
    reason: str = "as asked"
    control: np.ndarray | None = None
    warnings: tuple[str, ...] = ()
    percussive: bool = False

    @property
    def track(self) -> int:
        """The first of the tracks taken, -1 when none."""
        return self.tracks[0] if self.tracks else -1

    @property
    def stem(self) -> str:
        """The song's name without folder and suffix, fit for the name of a file."""
        return naming.stem(self.score.source) or "music"

    def style(self) -> Style:
        """Tempo, program, loudness and key at this place of the song."""
        mine = self.score.track == self.track
        here = mine & (self.score.start < self.ticks[1]) & (self.score.end > self.ticks[0])
        heard = here if here.any() else mine
        return Style.at(self.score, self.track, self.ticks[0], heard, self.percussive)

    def describe(self) -> str:
        """Such as: a.mid, bars 5-6, the first that fit (track 2 'Flute': the only pitched track)."""
        return f"{_name(self.score)}, {naming.bars(*self.bars)}, {self.reason} ({self.choice})"

    def to_record(self) -> dict[str, Any]:
        """Plain values that say where the window came from; tracks counted from 1."""
        return {
            "file": self.score.source,
            "bars": list(self.bars),
            **naming.recorded(self.tracks),
            "choice": self.choice,
            **self.style().to_record(),
        } | ({"warnings": list(self.warnings)} if self.warnings else {})


def parse_bars(text: str) -> Bars:
    """Reads "5-6", or "5" for one bar. Raises ConfigError for anything else."""
    found = re.fullmatch(r"\s*(\d{1,6})\s*(?:-\s*(\d{1,6})\s*)?", text)
    if not found or int(found[1]) < 1 or int(found[2] or found[1]) < int(found[1]):
        raise ConfigError(f"'{text}' names no bars: write the first and the last, counted from 1, like 5-6")
    return int(found[1]), int(found[2] or found[1])


def load(music: Song) -> Score:
    """Anything that holds a song, as a Score. Raises ReadError, and ConfigError for a Score that is none."""
    if isinstance(music, Score):
        return checked(music)
    if isinstance(music, (str, Path)):
        from musicvae_lite.music.reading import read_song

        return read_song(music)
    return Score.from_pretty_midi(music)


def pick(
    music: Song, representation: Representation, bars: Bars | None = None, track: int | None = None
) -> Pick:
    """The window at certain bars, or the first one whose first bar holds notes.

    Args:
        bars: first and last bar of the song, counted from 1, as many as the representation spans.
        track: index of the track to take; by default the representation chooses.

    Raises:
        NothingUsableError: no window there; the message names file, bars and rule.
        ConfigError: there is no such track, or bars are no two numbers.
        ReadError: the file cannot be read.
    """
    score = load(music)
    if bars is None:
        found = _windows(score, representation, None, track)
        opening = found.tokens[:, : representation.steps // representation.bars]
        sounds = (opening != representation.silence).any(tuple(range(1, opening.ndim)))
        rows = np.argsort(~sounds, kind="stable")
    else:
        bars = _pair(bars)
        found = _windows(score, representation, _check_count(bars, representation, score), track)
        rows = np.flatnonzero((found.bar == bars[0]) & (found.step == 0))
    if not len(rows):
        raise NothingUsableError(_why_not(score, representation, found, bars))
    reason = "the first that fit" if bars is None else "as asked"
    return _pick(score, representation, found, int(rows[0]), reason)


def every(music: Song, representation: Representation, track: int | None = None) -> list[Pick]:
    """Every window of a song, one bar apart. Raises as `pick` does, so the list is never empty."""
    score = load(music)
    found = _windows(score, representation, None, track)
    if not len(found):
        raise NothingUsableError(_why_not(score, representation, found, None))
    reason = f"1 of {len(found)} windows"
    return [_pick(score, representation, found, row, reason) for row in range(len(found))]


def every_of(
    songs: Sequence[Song], representation: Representation, track: int | None = None
) -> tuple[list[Pick], list[NothingUsableError]]:
    """Every window of many songs as `every` gives them, and of each song without any, why.

    Raises:
        NothingUsableError: none of them has a window; it is that of the first.
    """
    picks: list[Pick] = []
    refusals: list[NothingUsableError] = []
    for song in songs:
        try:
            picks += every(song, representation, track)
        except NothingUsableError as error:
            refusals.append(error)
    if refusals and not picks:
        raise refusals[0]
    return picks, refusals


def _windows(score: Score, r: Representation, hop: int | None, track: int | None) -> Extraction:
    track = None if track is None else runtime.whole("track", track)
    try:
        return r.windows(score, hop, track)
    except ConfigError as error:
        raise ConfigError(f"{_name(score)}: {error}") from error


def _pick(score: Score, r: Representation, found: Extraction, row: int, reason: str) -> Pick:
    grid = Grid.of(score, r.steps_per_quarter)
    begin = int(found.tick[row])
    step = grid.quantise(np.array([begin]))[0]
    last = int(grid.bar_of_step(step + r.grid_steps - 1)[0][0])
    ticks = (begin, begin + round(r.grid_steps * grid.step_ticks))
    bars = (int(found.bar[row]), last)
    control = None if found.control is None else found.control[row]
    told = (*score.warnings, *found.warnings)
    return Pick(
        found.tokens[row], bars, score, ticks, found.choice, found.tracks, reason, control, told, r.percussive
    )


def _pair(bars: object) -> Bars:
    """Bars as they were asked for. Raises ConfigError where they are no two whole numbers."""
    try:
        first, last = bars  # type: ignore[misc]
        return runtime.whole("a bar", first), runtime.whole("a bar", last)
    except (TypeError, ValueError, ConfigError):
        raise ConfigError(
            f"bars are {shown(bars)}; they are the numbers of the first and the last, such as (5, 6)"
        ) from None


def _check_count(bars: Bars, r: Representation, score: Score) -> int | None:
    """Steps from bar to bar of the song at those bars. Raises when they are too few or too many."""
    first, last = bars
    grid = Grid.of(score, r.steps_per_quarter)
    where = f"{_name(score)}: {naming.bars(*bars)}"
    if first < 1 or last < first:
        raise NothingUsableError(f"{where}: write the first and the last, counted from 1, like 5-6")
    if first > grid.bars and len(score):
        raise NothingUsableError(f"{where}: the song ends with bar {grid.bars}")
    here = [stretch for stretch in grid.stretches if stretch.bar <= first][-1]
    if not accepts(r.meter, here.meter):
        return None
    wanted = round(r.grid_steps / here.bar_steps)
    if last - first + 1 != wanted:
        if first == 1 and grid.has_pickup:
            raise NothingUsableError(
                f"{where}: bar 1 is a pickup, shorter than the bars behind it: begin with bar 2"
            )
        takes = f"{wanted} of them ({r.bars} of {r.meter})" if wanted != r.bars else f"{wanted}"
        raise NothingUsableError(
            f"{where}: {counted(last - first + 1, 'bar')} of {here.meter}, and this model takes {takes}: "
            f"try {first}-{first + wanted - 1}, or another model of `mvae models`"
        )
    return round(here.bar_steps)


def _why_not(score: Score, r: Representation, found: Extraction, bars: Bars | None) -> str:
    reasons = [x for x in found.rejections if bars is None or _touches(x, bars)]
    lines = [
        f"  {naming.bars(x.bar, x.last) + ': ' if x.bar else ''}{x.with_advice}"
        for x in reasons[:MOST_REASONS]
    ]
    if len(reasons) > MOST_REASONS:
        lines.append(f"  ... and {len(reasons) - MOST_REASONS} more; `mvae inspect` shows them all")
    ends = Grid.of(score, r.steps_per_quarter).bars
    if bars and bars[1] > ends and not reasons:
        lines.append(f"  the song ends with bar {ends}")
    if bars and len(found):
        starts = sorted(set(found.bar.tolist()))
        lines.append(
            f"  windows begin at bars {', '.join(map(str, starts[:12]))}{' ...' * (len(starts) > 12)}"
        )
    lines += [f"  {text}" for text in dict.fromkeys(_advice(x.code, ends > r.bars) for x in reasons) if text]
    wanted = f"{counted(r.bars, 'bar')} of {r.meter} {r.name}"
    what = f"{naming.bars(*bars)} cannot be used" if bars else f"no {wanted} in it"
    return "\n".join([f"{_name(score)}: {what}" + (":" if lines else ""), *lines])


def _advice(code: str, has_others: bool) -> str:
    """What to do about a rejection, "" for nothing; whether the song has bars beside those of one window."""
    ways = [ADVICE[code]] if code in ADVICE else []
    if code in ELSEWHERE and has_others:
        ways.append("name other bars with --bars")
    return ", or ".join(ways)


def _touches(reason: Rejection, bars: Bars) -> bool:
    return reason.bar == 0 or (reason.bar <= bars[1] and max(reason.bar, reason.last) >= bars[0])


def _name(score: Score) -> str:
    return score.source or score.title or "the music"
