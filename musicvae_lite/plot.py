"""Piano-rolls: pitch upwards, time to the right, one colour a track, pale notes are soft ones.

Pictures are drawn on a canvas of their own, so nothing here touches pyplot or needs a display.
"""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.music.files import expand, write_file
from musicvae_lite.music.grid import Grid

if TYPE_CHECKING:
    from musicvae_lite.music.score import Score

SUFFIXES = (".png", ".svg", ".pdf")
COLOURS = ("#2f6fb3", "#d1601f", "#2b8a5c", "#8d4fa8", "#b8323f", "#8a6d1d", "#1b8f9e", "#6b6f76")
FIRST, LAST = "#2f6fb3", "#d1601f"  # the ends of an interpolation
INK, BAR_LINE, BEAT_LINE, BLACK_KEY = "#30343b", "#a9aeb8", "#e3e5ea", "#f3f4f7"
NOTE_NAMES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
DRUM_NAMES = {
    35: "kick 2", 36: "kick", 37: "side stick", 38: "snare", 39: "clap", 40: "snare 2", 41: "low tom 2",
    42: "closed hat", 43: "low tom", 44: "pedal hat", 45: "mid tom 2", 46: "open hat", 47: "mid tom",
    48: "high tom 2", 49: "crash", 50: "high tom", 51: "ride", 52: "china", 53: "ride bell", 54: "tambourine",
    55: "splash", 56: "cowbell", 57: "crash 2", 59: "ride 2", 69: "cabasa", 70: "maracas", 75: "claves",
}  # fmt: skip
ROW_QUARTERS = 32  # quarter notes a line holds before the roll goes on in the next
MAX_ROWS = 12  # longer songs get longer lines
MAX_HEIGHT = 40.0  # inches
DPI = 140
NARROW = 18  # semitones


def piano_roll(score: Score, path: str | Path, title: str | None = None) -> Path:
    """Draws a score: bars and beats as lines, note names, drums in lanes below, loudness as shade.

    Args:
        score: what to draw. Long songs go on in further lines, 12 at most.
        path: ends in .png, .svg or .pdf.
        title: what stands above; the score's own title when None.

    Returns:
        The path written.

    Raises:
        NothingUsableError: the score has no notes.
        ConfigError: another suffix.
        MusicVAEError: the file could not be written.
    """
    target = _checked(path)
    if not len(score):
        raise NothingUsableError(f"{score.source or 'the score'}: there are no notes to draw")
    from matplotlib.figure import Figure

    bars = _bar_lines(score)
    rows = _rows(bars, score.ticks_per_quarter)
    is_drum = _drum_mask(score)
    low, high = _pitch_range([score])
    drums = np.unique(score.pitch[is_drum])
    parts = [_height(low, high)] * (not is_drum.all()) + [len(drums) * 0.2 + 0.15] * bool(len(drums))
    longest = max(end - begin for begin, end in rows) / score.ticks_per_quarter
    height = max(sum(parts) * len(rows) + 1.2, 2.4)
    size = (min(max(longest * 0.38, 5.0), 15.0) + 1.0, min(height, MAX_HEIGHT))
    figure = Figure(figsize=size, layout="constrained", facecolor="white")
    figure.get_layout_engine().set(h_pad=0.03, hspace=0.02)  # type: ignore[union-attr]
    axes = figure.subplots(len(rows) * len(parts), 1, squeeze=False, height_ratios=parts * len(rows))[:, 0]
    for index, (begin, end) in enumerate(rows):
        here = list(axes[index * len(parts) : (index + 1) * len(parts)])
        span = (begin, end, begin + longest * score.ticks_per_quarter)
        if not is_drum.all():
            _draw_pitched(here[0], score, _tracks_in_colour(score), low, high)
        if len(drums):
            _draw_drums(here[-1], score, drums, _tracks_in_colour(score))
        for axis in here:
            _draw_time(axis, score, bars, span, numbers=axis is here[0])
    _legend(figure, score)
    heading = score.title if title is None else title
    if heading:
        _title(figure, heading)
    return _save(figure, target)


def strip(scores: Sequence[Score], labels: Sequence[str], path: str | Path, title: str = "") -> Path:
    """Draws several short scores side by side on one pitch axis: the steps of an interpolation.

    Two-bar scores stand five in a line, longer ones below each other. Colours run from the first
    score's to the last one's; a score without notes stays an empty frame. Drums are drawn only
    where no score holds anything else.

    Args:
        scores: what to draw, in order; one to a few dozen.
        labels: a short name for each.
        path: ends in .png, .svg or .pdf.
        title: what stands above.

    Returns:
        The path written.

    Raises:
        NothingUsableError: no score has notes.
        ConfigError: another suffix, or not one label a score.
        MusicVAEError: the file could not be written.
    """
    target = _checked(path)
    if len(labels) != len(scores):
        raise ConfigError(f"{len(scores)} scores need as many labels, not {len(labels)}")
    if not any(len(score) for score in scores):
        raise NothingUsableError("none of the scores has notes to draw")
    from matplotlib.colors import LinearSegmentedColormap, to_hex
    from matplotlib.figure import Figure

    low, high = _pitch_range(scores)
    lines = [_bar_lines(score) for score in scores]
    quarters = max(bars[-1] / s.ticks_per_quarter for s, bars in zip(scores, lines, strict=True))
    columns = _columns(len(scores), quarters)
    count = math.ceil(len(scores) / columns)
    width = min(max(columns * quarters * 0.3, 6.0), 15.0)
    drums = _common_drums(scores)
    height = len(drums) * 0.2 + 0.15 if len(drums) else _height(low, high) * (1.0 if columns > 1 else 0.7)
    size = (width + 0.6, min(count * (max(height, 0.8) + 0.32) + 0.5, MAX_HEIGHT))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(count, columns, squeeze=False, sharey=True).ravel()
    shades = LinearSegmentedColormap.from_list("ends", [FIRST, "#7a5aa6", LAST])
    for index, (score, label, bars) in enumerate(zip(scores, labels, lines, strict=True)):
        colour = to_hex(shades(index / max(len(scores) - 1, 1)))
        axis = axes[index]
        same = [colour] * max(len(score.tracks), 1)
        if len(drums):
            _draw_drums(axis, score, drums, same)
        else:
            _draw_pitched(axis, score, same, low, high)
        end = quarters * score.ticks_per_quarter
        _draw_time(axis, score, bars, (0, end, end), numbers=columns == 1 and index == 0)
        axis.set_title(
            label, fontsize=9, color=colour, fontweight="bold", loc="left", pad=3, parse_math=False
        )
        if index % columns:
            axis.tick_params(labelleft=False)
    for axis in axes[len(scores) :]:
        axis.set_axis_off()
    if title:
        _title(figure, title)
    return _save(figure, target)


def _checked(path: str | Path) -> Path:
    if Path(path).suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{path}: the name of a picture must end in one of {', '.join(SUFFIXES)}")
    return expand(path)


def _save(figure: Any, path: Path) -> Path:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    FigureCanvasAgg(figure)
    data = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*[gG]lyph")  # a title in any script
        figure.savefig(data, format=path.suffix[1:].lower(), dpi=DPI)
    write_file(path, data.getvalue())
    return path


def _title(figure: Any, text: str) -> None:
    figure.suptitle(text, fontsize=12, color=INK, fontweight="bold", parse_math=False)


def _height(low: int, high: int) -> float:
    """Inches for a range of pitches; a narrow one gets room to name every white key."""
    return (high - low) * (0.12 if high - low <= NARROW else 0.075)


def _bar_lines(score: Score) -> np.ndarray:
    """Ticks of all bar lines, the closing one included: float64 [bars + 1]."""
    stretches = Grid.of(score).stretches
    lines: list[float] = []
    for stretch in stretches:
        length = stretch.meter.quarters * score.ticks_per_quarter
        lines += [stretch.tick + length * bar for bar in range(stretch.bars + stretch.cut)]
    last = stretches[-1]
    return np.array([*lines, last.tick + last.meter.quarters * score.ticks_per_quarter * last.bars])


def _rows(bars: np.ndarray, ticks_per_quarter: int) -> list[tuple[float, float]]:
    """Begin and end of every line, in ticks: whole bars, about the same number in each."""
    quarters = (bars[-1] - bars[0]) / ticks_per_quarter
    count = min(max(math.ceil(quarters / ROW_QUARTERS), 1), MAX_ROWS, len(bars) - 1)
    each = math.ceil((len(bars) - 1) / count)
    if each > 4:
        each = -(-each // 4) * 4  # lines of 4, 8, 12 bars read best
    starts = range(0, len(bars) - 1, each)
    return [(float(bars[first]), float(bars[min(first + each, len(bars) - 1)])) for first in starts]


def _columns(count: int, quarters: float) -> int:
    """How many panels of an interpolation stand in a line, so that no line is nearly empty."""
    most = max(int(40 / max(quarters, 1.0)), 1)
    return math.ceil(count / math.ceil(count / most))


def _drum_mask(score: Score) -> np.ndarray:
    """Which notes are drums: bool [N]."""
    if not len(score):
        return np.zeros(0, dtype=bool)
    return np.array([track.is_drum for track in score.tracks], dtype=bool)[score.track]


def _common_drums(scores: Sequence[Score]) -> np.ndarray:
    """All drum pitches of scores that hold nothing else; empty as soon as one does."""
    if not all(_drum_mask(score).all() for score in scores):
        return np.zeros(0, dtype=np.int32)
    return np.unique(np.concatenate([score.pitch for score in scores]))


def _pitch_range(scores: Sequence[Score]) -> tuple[int, int]:
    """Lowest and one above the highest pitch shown, at least an octave apart."""
    pitches = np.concatenate([score.pitch[~_drum_mask(score)] for score in scores])
    if not len(pitches):
        return 60, 72
    low, high = int(pitches.min()) - 1, int(pitches.max()) + 2
    missing = max(13 - (high - low), 0)
    return low - missing // 2, high + (missing + 1) // 2


def _tracks_in_colour(score: Score) -> list[str]:
    return [COLOURS[index % len(COLOURS)] for index in range(len(score.tracks))]


def _shaded(colours: Sequence[str], track: np.ndarray, velocity: np.ndarray) -> np.ndarray:
    """RGB [N, 3] of each note: its track's colour, mixed with white the softer it is."""
    from matplotlib.colors import to_rgb

    base = np.array([to_rgb(colour) for colour in colours])[track]
    strength = 0.35 + 0.65 * np.clip(velocity / 100, 0, 1)
    return 1 - (1 - base) * strength[:, None]


def _draw_notes(axis: Any, score: Score, keep: np.ndarray, y: np.ndarray, colours: Sequence[str]) -> None:
    """Boxes for the kept notes at heights y [kept]."""
    from matplotlib.collections import PolyCollection

    begin, end = score.start[keep].astype(float), score.end[keep].astype(float)
    gap = np.minimum(score.ticks_per_quarter / 24, (end - begin) / 4)  # repeated notes stay apart
    left, right, bottom, top = begin, end - gap, y - 0.42, y + 0.42
    corners = np.stack([left, bottom, left, top, right, top, right, bottom], axis=1).reshape(-1, 4, 2)
    shade = _shaded(colours, score.track[keep], score.velocity[keep])
    axis.add_collection(
        PolyCollection(list(corners), facecolors=shade, edgecolors=shade * 0.8, linewidths=0.5)
    )


def _draw_pitched(axis: Any, score: Score, colours: Sequence[str], low: int, high: int) -> None:
    keep = ~_drum_mask(score)
    for pitch in range(low, high):
        if pitch % 12 in (1, 3, 6, 8, 10):
            axis.axhspan(pitch - 0.5, pitch + 0.5, color=BLACK_KEY, linewidth=0, zorder=0)
        if pitch % 12 == 0:
            axis.axhline(pitch - 0.5, color=BEAT_LINE, linewidth=0.8, zorder=0)
    if keep.any():
        _draw_notes(axis, score, keep, score.pitch[keep].astype(float), colours)
    span = high - low
    named = (0, 2, 4, 5, 7, 9, 11) if span <= NARROW else (0, 7) if span <= 30 else (0,)
    shown = [pitch for pitch in range(low, high) if pitch % 12 in named]
    axis.set_yticks(shown, [f"{NOTE_NAMES[pitch % 12]}{pitch // 12 - 1}" for pitch in shown])
    axis.set_ylim(low - 0.5, high - 0.5)


def _draw_drums(axis: Any, score: Score, drums: np.ndarray, colours: Sequence[str]) -> None:
    keep = _drum_mask(score)
    lane = np.searchsorted(drums, score.pitch[keep]).astype(float)
    for index in range(0, len(drums), 2):
        axis.axhspan(index - 0.5, index + 0.5, color=BLACK_KEY, linewidth=0, zorder=0)
    _draw_notes(axis, score, keep, lane, colours)
    axis.set_yticks(range(len(drums)), [DRUM_NAMES.get(int(pitch), str(pitch)) for pitch in drums])
    axis.set_ylim(-0.6, len(drums) - 0.4)


def _draw_time(
    axis: Any, score: Score, bars: np.ndarray, span: tuple[float, float, float], numbers: bool
) -> None:
    """Bar and beat lines from span[0] to span[1] on an axis that ends at span[2]."""
    begin, end, right = span
    for change, until in zip(score.meters, [*(m.tick for m in score.meters[1:]), math.inf], strict=True):
        beat = change.meter.beat_quarters * score.ticks_per_quarter
        beats = np.arange(change.tick, min(until, end), beat)
        axis.vlines(
            beats[beats >= begin], 0, 1, transform=axis.get_xaxis_transform(),
            colors=BEAT_LINE, linewidths=0.6, zorder=0.5,
        )  # fmt: skip
    here = np.flatnonzero((bars >= begin) & (bars <= end))
    axis.vlines(
        bars[here], 0, 1, transform=axis.get_xaxis_transform(), colors=BAR_LINE, linewidths=1.0, zorder=0.6
    )
    axis.set_xlim(begin, right)
    for side in axis.spines.values():
        side.set_visible(False)
    axis.tick_params(length=0, labelsize=7.5, labelcolor=INK, pad=3)
    names = here[bars[here] < end] if numbers else here[:0]
    every = max(math.ceil(len(names) / 24), 1)
    axis.set_xticks(bars[names][::every], [str(bar + 1) for bar in names[::every]], ha="left")
    axis.xaxis.set_ticks_position("top")


def _legend(figure: Any, score: Score) -> None:
    from matplotlib.patches import Patch

    used = np.unique(score.track)
    if len(used) < 2:
        return
    colours = _tracks_in_colour(score)
    handles = []
    for index in used[:12]:
        track = score.tracks[index]
        name = track.name.lstrip("_") or ("drums" if track.is_drum else f"track {index + 1}")
        handles.append(Patch(color=colours[index], label=name))
    legend = figure.legend(
        handles=handles, loc="outside lower center", ncols=min(len(handles), 6), frameon=False, fontsize=8
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
