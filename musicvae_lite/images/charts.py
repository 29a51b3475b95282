"""Charts: points by class, lines over updates.

Drawn on canvases of their own: nothing here touches pyplot or needs a display.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from musicvae_lite.images import lettering
from musicvae_lite.images.figures import INK, LINE, PAPER

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

CLASS_COLOURS = (  # far from each other for those too who see red and green alike
    "#2f6fb3", "#dd7a20", "#0fa683", "#e6305c", "#43127f",
    "#502c20", "#777fff", "#4d5605", "#8a1762", "#0ca3be",
)  # fmt: skip
MARKERS = "o^sDvP*X"  # one after the other, each with all the colours
SHORT = 2  # letters of a name that may stand among the points
LONGEST = 40  # letters of a name in the legend
DPI = 150


def scatter(
    parts: Sequence[tuple[str, np.ndarray]],
    labels: np.ndarray | None,
    classes: Sequence[str],
    title: str = "",
    normal: Sequence[int] = (),
) -> Image:
    """Clouds of points side by side, coloured by class; beyond ten classes the shape tells them apart too.

    Names of a letter or two stand at the middle of their points; longer ones, and all where two would meet,
    in a legend below. How names without a font are shown: `lettering.readable`.

    Args:
        parts: a title and points [N, 2] for each panel.
        labels: [N] whole numbers; None draws all in one colour.
        normal: numbers of panels whose points are about N(0, I): equal areas hold equal shares of it, as in
            `manifold`, so that the crowded middle opens up.
    """
    from matplotlib.figure import Figure

    width, height = 6.2 * len(parts) + 0.2, 6.6 + (0.4 if title else 0)
    figure = Figure(figsize=(width, height), layout="constrained", facecolor=PAPER)
    axes = list(figure.subplots(1, len(parts), squeeze=False)[0])
    clouds = [_shares(cloud) if n in normal else cloud for n, (_, cloud) in enumerate(parts)]
    of_each = np.zeros(len(clouds[0]), np.int64) if labels is None else labels
    for number, (axis, cloud) in enumerate(zip(axes, clouds, strict=True)):
        _draw_points(axis, cloud, of_each)
        _frame(axis, cloud, number in normal)
        axis.set_title(parts[number][0], fontsize=12, color=INK, pad=10, parse_math=False)
    if title:
        figure.suptitle(title, fontsize=15, color=INK, fontweight="bold", parse_math=False)
    if labels is not None:
        names, there = lettering.readable(classes)[0], set(labels.tolist())
        named = {number: name for number, name in enumerate(names) if number in there}
        is_short = all(len(name) <= SHORT for name in named.values())
        if not (is_short and _name_points(figure, axes, clouds, labels, named)):
            _add_legend(figure, named)
    return render(figure)


def _shares(values: np.ndarray) -> np.ndarray:
    """The share of N(0, 1) below each value."""
    import torch

    return torch.special.ndtr(torch.from_numpy(values.astype(np.float64))).numpy()


def _draw_points(axis: Axes, points: np.ndarray, labels: np.ndarray) -> None:
    size = float(np.clip(40_000 / max(len(points), 1), 4, 30))
    order = np.random.default_rng(0).permutation(len(points))
    colours = np.array(CLASS_COLOURS)[labels % len(CLASS_COLOURS)]
    markers = labels // len(CLASS_COLOURS) % len(MARKERS)
    for some in np.array_split(order, 10):  # in turns, so that no class lies over all others
        for marker in np.unique(markers):
            own = some[markers[some] == marker]
            axis.scatter(
                *points[own].T, s=size, c=colours[own], marker=MARKERS[marker], alpha=0.7, linewidths=0,
                rasterized=True,
            )  # fmt: skip


def _frame(axis: Axes, points: np.ndarray, is_normal: bool) -> None:
    """The limits, the marks and the lines around; on shares of N(0, 1), the marks tell the numbers."""
    if is_normal:
        marks = np.array([-2, -1, -0.5, 0, 0.5, 1, 2])
        axis.set_xticks(_shares(marks), [f"{mark:g}" for mark in marks])
        axis.set_yticks(_shares(marks), [f"{mark:g}" for mark in marks])
        low, high, margin = np.zeros(2), np.ones(2), np.full(2, 0.02)
    else:
        low, high = np.quantile(points, 0.004, axis=0), np.quantile(points, 0.996, axis=0)
        margin = np.where(high > low, 0.06 * (high - low), 0.5)  # a line is no plane
    axis.set_xlim(low[0] - margin[0], high[0] + margin[0])
    axis.set_ylim(low[1] - margin[1], high[1] + margin[1])
    axis.tick_params(labelsize=8, labelcolor="#7a7f87", color=LINE)
    for spine in axis.spines.values():
        spine.set_color(LINE)


def _name_points(
    figure: Figure,
    axes: Sequence[Axes],
    clouds: Sequence[np.ndarray],
    labels: np.ndarray,
    named: dict[int, str],
) -> bool:
    """Writes the name of each class at its densest place, on a white halo; whether there was room for all.

    One that would meet another is left out.
    """
    from matplotlib.patheffects import withStroke

    texts = []
    for axis, cloud in zip(axes, clouds, strict=True):
        for number, name in named.items():
            x, y = _densest(cloud[labels == number])
            text = axis.text(
                x, y, name, fontsize=15, fontweight="bold",
                color=colour_of(number), ha="center", va="center", clip_on=True, parse_math=False,
                path_effects=[withStroke(linewidth=4, foreground="white")],
            )  # fmt: skip
            text.set_in_layout(False)
            texts.append(text)
    _use_fonts(figure)
    figure.draw_without_rendering()
    taken = []
    for text in texts:
        box = text.get_window_extent()
        if any(box.overlaps(other) for other in taken):
            text.remove()
        else:
            taken.append(box)
    return len(taken) == len(texts)


def _densest(points: np.ndarray) -> np.ndarray:
    """The one of points [N, 2] that is nearest to its neighbours."""
    some = points[:: max(1, len(points) // 400)]
    distances = np.linalg.norm(some[:, None] - some[None], axis=2)
    nearest = np.sort(distances, axis=1)[:, : max(2, len(some) // 5)].mean(1)
    return some[nearest.argmin()]


def _add_legend(figure: Figure, named: dict[int, str]) -> None:
    """Says below the panels which colour and shape is which class, as far as these differ."""
    from matplotlib.lines import Line2D

    shown = {n: _cut(name) for n, name in named.items() if n < len(CLASS_COLOURS) * len(MARKERS)}
    handles = [
        Line2D([], [], color=colour_of(n), marker=marker_of(n), linestyle="", markersize=7) for n in shown
    ]
    names = list(shown.values())
    if len(named) > len(shown):
        handles.append(Line2D([], [], linestyle=""))
        names.append(f"and {len(named) - len(shown)} more")
    width, height = figure.get_size_inches()
    room = max(lettering.width(name, 9) for name in names) + 28  # points
    rows = -(-len(names) // max(1, int(72 * width / room)))
    legend = figure.legend(
        handles, ["."] * len(names), loc="outside lower center", ncols=-(-len(names) // rows), fontsize=9,
        labelcolor=INK, frameon=False, handletextpad=0.3, columnspacing=1.2,
    )  # fmt: skip
    for text, name in zip(legend.get_texts(), names, strict=True):  # as they are, whatever is in them
        text.set_parse_math(False)
        text.set_text(name)
    figure.set_size_inches(width, height + 0.19 * rows + 0.2)


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def curves(
    lines: Mapping[str, tuple[np.ndarray, np.ndarray]], name: str, size: tuple[float, float] = (6.4, 2.6)
) -> Image:
    """Lines over updates.

    Args:
        lines: steps [N] and values [N] by the line's name, which a legend tells. One without values is left
            out, and the others keep their colours.
        name: what the values are, for the axis.
    """
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=size, layout="constrained", facecolor=PAPER)
    axis = figure.subplots()
    for number, (label, (steps, values)) in enumerate(lines.items()):
        marker = "o" if len(steps) < 15 else ""
        if len(steps):
            axis.plot(
                steps, values, color=colour_of(number), label=label, linewidth=1.6, marker=marker,
                markersize=4,
            )  # fmt: skip
    axis.legend(frameon=False, fontsize=8, labelcolor=INK)
    low, high = heights([values for _, values in lines.values() if len(values)])
    if high > low:
        axis.set_ylim(low - 0.06 * (high - low), high + 0.15 * (high - low))
    axis.set_xlim(left=0)
    axis.xaxis.set_major_locator(MaxNLocator("auto", steps=[1, 2, 5, 10], integer=True))
    axis.set_xlabel("updates", fontsize=9, color=INK)
    axis.set_ylabel(name, fontsize=9, color=INK)
    axis.tick_params(labelsize=8, labelcolor=INK, color=LINE)
    axis.grid(color=LINE, linewidth=0.5)
    for side in ("top", "right"):
        axis.spines[side].set_visible(False)
    return render(figure)


def heights(lines: Sequence[np.ndarray]) -> tuple[float, float]:
    """The lowest value of lines over updates, and the highest after the first tenth of each.

    A fall at the beginning would leave all the rest a flat line.
    """
    later = [line[len(line) // 10 :] for line in lines]
    return min(float(line.min()) for line in lines), max(float(line.max()) for line in later)


def colour_of(number: int) -> str:
    return CLASS_COLOURS[number % len(CLASS_COLOURS)]


def marker_of(number: int) -> str:
    return MARKERS[number // len(CLASS_COLOURS) % len(MARKERS)]


def render(figure: Figure) -> Image:
    """A matplotlib figure as a Pillow image."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    _use_fonts(figure)
    FigureCanvasAgg(figure)
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=DPI)
    return Image.open(data).convert("RGB")


def _use_fonts(figure: Figure) -> None:
    """Lets texts that need it take letters from all fonts there are; few of these have a bold face."""
    from matplotlib.text import Text

    for text in figure.findobj(Text):
        if isinstance(text, Text) and not lettering.own().has(text.get_text()):
            text.set_fontfamily(lettering.families())
            text.set_fontweight("normal")
