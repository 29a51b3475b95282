"""Figures: grids of pictures with names for rows and columns, scatters by class, strips, loss curves.

Drawn on canvases of their own: nothing here touches pyplot or needs a display. Grids are laid out pixel
by pixel, so that every pixel of a picture stays a square of the figure.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.images.reading import as_bytes, in_channels, save_image, to_image

if TYPE_CHECKING:
    from PIL.Image import Image

INK, PAPER, LINE = "#30343b", "#ffffff", "#d5d8de"
CLASS_COLOURS = (
    "#2f6fb3", "#e07b28", "#3a9a5f", "#c23b4a", "#8d5fb0",
    "#5d4037", "#d873b0", "#7a7f87", "#b3a12b", "#2aa5b8",
)  # fmt: skip
GAP = 2  # pixels between the pictures of a grid
DPI = 150


def grid(pictures: np.ndarray, columns: int, scale: int = 0, gap: int = GAP) -> np.ndarray:
    """Pictures [N, C, H, W] in 0..1 row by row as one: uint8 [C, H', W'], each pixel scale x scale.

    Args:
        scale: 0 chooses one that makes a figure of about 1,000 pixels.
        gap: white pixels between, before scaling.
    """
    if not len(pictures):
        raise NothingUsableError("there are no pictures to draw")
    count, channels, height, width = pictures.shape
    rows = -(-count // columns)
    sheet = np.full((channels, rows * (height + gap) - gap, columns * (width + gap) - gap), 255, np.uint8)
    for number, picture in enumerate(as_bytes(pictures)):
        top, left = number // columns * (height + gap), number % columns * (width + gap)
        sheet[:, top : top + height, left : left + width] = picture
    scale = scale or max(1, round(1000 / max(sheet.shape[1:])))
    return sheet.repeat(scale, 1).repeat(scale, 2)


def labelled_grid(
    pictures: np.ndarray,
    rows: Sequence[str] = (),
    columns: Sequence[str] = (),
    title: str = "",
    per_row: int = 0,
) -> Image:
    """A grid with names on the left and above.

    Args:
        pictures: [N, C, H, W] in 0..1, row by row.
        rows, columns: names; either may be empty.
        title: what stands above all of it.
        per_row: pictures a row; by default as many as there are names of columns.
    """
    per_row = per_row or len(columns)
    if not per_row:
        raise ConfigError("a grid needs names of columns, or how many pictures make a row")
    count = -(-len(pictures) // per_row)
    side = pictures.shape[3] + GAP
    scale = max(1, round(64 / side), round(720 / (side * per_row)) if per_row * side < 720 else 1)
    sheet = in_channels(grid(pictures, per_row, scale), 3)
    step_x, step_y = side * scale, (pictures.shape[2] + GAP) * scale
    font, big = _font(15), _font(20)
    left = 12 + max((_width(name, font) + 10 for name in rows), default=0)
    column_height = 26 if columns else 0
    top = 12 + (38 if title else 0) + column_height
    words = max([_width(title, big)] if title else [0])
    from PIL import Image, ImageDraw

    width = max(left + sheet.shape[2] + 12, words + 24)
    image = Image.new("RGB", (width, top + sheet.shape[1] + 12), PAPER)
    image.paste(to_image(sheet), (left, top))
    draw = ImageDraw.Draw(image)
    if title:
        draw.text((12, 10), title, fill=INK, font=big)
    for number, name in enumerate(columns):
        centre = left + number * step_x + (step_x - GAP * scale) / 2
        draw.text((centre, top - 6), name, fill=INK, font=font, anchor="ms")
    for number, name in enumerate(rows[:count]):
        centre = top + number * step_y + (step_y - GAP * scale) / 2
        draw.text((left - 10, centre), name, fill=INK, font=font, anchor="rm")
    return image


def scatter(
    parts: Sequence[tuple[str, np.ndarray]],
    labels: np.ndarray | None,
    classes: Sequence[str],
    title: str = "",
    normal: Sequence[int] = (),
) -> Image:
    """Clouds of points side by side, coloured by class, each class named at its middle.

    Args:
        parts: a title and points [N, 2] for each panel.
        labels: [N] whole numbers; None draws all in one colour.
        normal: numbers of panels whose points are about N(0, I): equal areas hold equal shares of it, as in
            `manifold`, so that the crowded middle opens up.
    """
    from matplotlib.figure import Figure

    figure = Figure(
        figsize=(6.2 * len(parts) + 0.2, 6.6 + (0.4 if title else 0)), layout="constrained", facecolor=PAPER
    )
    axes = figure.subplots(1, len(parts), squeeze=False)[0]
    size = float(np.clip(40_000 / max(len(parts[0][1]), 1), 4, 30))
    for number, (axis, (name, points)) in enumerate(zip(axes, parts, strict=True)):
        if number in normal:
            points = _shares(points)
            marks = np.array([-2, -1, -0.5, 0, 0.5, 1, 2])
            axis.set_xticks(_shares(marks), [f"{mark:g}" for mark in marks])
            axis.set_yticks(_shares(marks), [f"{mark:g}" for mark in marks])
        order = np.random.default_rng(0).permutation(len(points))  # no class lies over all others
        colours = CLASS_COLOURS[0]
        if labels is not None:
            colours = [colour_of(int(label)) for label in labels[order]]
        axis.scatter(*points[order].T, s=size, c=colours, alpha=0.55, linewidths=0, rasterized=True)
        low, high = np.quantile(points, 0.004, axis=0), np.quantile(points, 0.996, axis=0)
        margin = 0.06 * (high - low)
        margin = np.where(high > low, margin, 0.5)  # a line is no plane
        if number in normal:
            low, high, margin = np.zeros(2), np.ones(2), np.full(2, 0.02)
        axis.set_xlim(low[0] - margin[0], high[0] + margin[0])
        axis.set_ylim(low[1] - margin[1], high[1] + margin[1])
        if labels is not None:
            _name_classes(axis, points, labels, classes)
        axis.set_title(name, fontsize=12, color=INK, pad=10, parse_math=False)
        axis.tick_params(labelsize=8, labelcolor="#7a7f87", color=LINE)
        for spine in axis.spines.values():
            spine.set_color(LINE)
    if title:
        figure.suptitle(title, fontsize=15, color=INK, fontweight="bold", parse_math=False)
    return render(figure)


def _shares(values: np.ndarray) -> np.ndarray:
    """The share of N(0, 1) below each value."""
    import torch

    return torch.special.ndtr(torch.from_numpy(values.astype(np.float64))).numpy()


def _name_classes(axis: Any, points: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> None:
    """The name of each class at its densest place, on a white halo."""
    from matplotlib.patheffects import withStroke

    for number, name in enumerate(classes):
        own = points[labels == number]
        if not len(own):
            continue
        some = own[:: max(1, len(own) // 400)]
        distances = np.linalg.norm(some[:, None] - some[None], axis=2)
        nearest = np.sort(distances, axis=1)[:, : max(2, len(some) // 5)].mean(1)
        x, y = some[nearest.argmin()]
        axis.text(
            x, y, name, fontsize=15, fontweight="bold", color=colour_of(number), ha="center", va="center",
            path_effects=[withStroke(linewidth=4, foreground="white")], parse_math=False,
        )  # fmt: skip


def manifold(pictures: np.ndarray, x: np.ndarray, y: np.ndarray, title: str = "") -> Image:
    """A plane of codes, decoded.

    Args:
        pictures: [len(y) * len(x), C, H, W], rows from the top; drawn without gaps.
        x, y: the first and the second number of the codes, rising.
    """
    from matplotlib.figure import Figure

    sheet = grid(pictures, len(x), 1, gap=0)
    figure = Figure(figsize=(8.4, 8.6), layout="constrained", facecolor=PAPER)
    axis = figure.subplots()
    shown = sheet[0] if sheet.shape[0] == 1 else sheet.transpose(1, 2, 0)
    axis.imshow(shown, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    height, side = pictures.shape[2], pictures.shape[3]
    places, names = _marks(x)
    axis.set_xticks((places + 0.5) * side - 0.5, names)
    places, names = _marks(y)
    axis.set_yticks((len(y) - places - 0.5) * height - 0.5, names)
    axis.set_xlabel("first number of the code", fontsize=11, color=INK)
    axis.set_ylabel("second number of the code", fontsize=11, color=INK)
    axis.tick_params(labelsize=9, labelcolor=INK, color=LINE)
    for spine in axis.spines.values():
        spine.set_visible(False)
    if title:
        figure.suptitle(title, fontsize=15, color=INK, fontweight="bold", parse_math=False)
    return render(figure)


def _marks(values: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Round numbers between rising values, as places among these and as text."""
    from matplotlib.ticker import MaxNLocator

    ticks = MaxNLocator(8, steps=[1, 2, 5, 10]).tick_values(values[0], values[-1])
    marks = ticks[(ticks >= values[0]) & (ticks <= values[-1])]
    return np.interp(marks, values, np.arange(len(values))), [f"{mark:g}" for mark in marks]


def curves(
    runs: Mapping[str, tuple[np.ndarray, np.ndarray]], name: str, size: tuple[float, float] = (6.4, 2.6)
) -> Image:
    """Lines over updates.

    Args:
        runs: steps [N] and values [N] by the line's name.
        name: what the values are, for the axis.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, layout="constrained", facecolor=PAPER)
    axis = figure.subplots()
    for number, (label, (steps, values)) in enumerate(runs.items()):
        marker = "o" if len(steps) < 15 else ""
        axis.plot(
            steps, values, color=colour_of(number), label=label, linewidth=1.6, marker=marker, markersize=4
        )
    if len(runs) > 1:
        axis.legend(frameon=False, fontsize=8, labelcolor=INK)
    low, high = heights([values for _, values in runs.values()])
    if high > low:
        axis.set_ylim(low - 0.06 * (high - low), high + 0.15 * (high - low))
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


def render(figure: Any) -> Image:
    """A matplotlib figure as a Pillow image."""
    import warnings

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    FigureCanvasAgg(figure)
    data = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*[gG]lyph")  # names in any script
        figure.savefig(data, format="png", dpi=DPI)
    return Image.open(data).convert("RGB")


def png_bytes(image: Image) -> bytes:
    data = io.BytesIO()
    image.save(data, format="PNG", optimize=True)
    return data.getvalue()


def save_animation(pictures: np.ndarray, path: Path, seconds: float = 3.0, scale: int = 0) -> Path:
    """Pictures [N, C, H, W] in 0..1 as a GIF that goes there and back again."""
    scale = scale or max(1, round(224 / max(pictures.shape[2:])))
    frames = [to_image(picture.repeat(scale, 1).repeat(scale, 2)) for picture in as_bytes(pictures)]
    frames += frames[-2:0:-1]
    each = max(20, round(1000 * seconds / len(frames)))
    return save_image(
        frames[0], path, format="GIF", save_all=True, append_images=frames[1:], duration=each, loop=0
    )


def _font(size: int) -> Any:
    """matplotlib's own sans serif, which is there wherever matplotlib is."""
    from matplotlib import get_data_path
    from PIL import ImageFont

    return ImageFont.truetype(str(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), size)


def _width(text: str, font: Any) -> int:
    return round(font.getlength(text))
