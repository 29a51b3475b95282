"""Tables of numbers as coloured squares: blue for more, orange for less, the pale ones near nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from musicvae_lite.plot.pages import INK, Page, check_suffix, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CELL, NAMES, HEADING, TITLE, BETWEEN, MARGIN = 0.46, 1.0, 0.8, 0.5, 0.45, 0.45  # inches
FULL = 1.0  # the value of the strongest colour


def matrices(
    grids: Sequence[np.ndarray],
    titles: Sequence[str],
    rows: Sequence[str],
    columns: Sequence[str],
    path: str | Path,
    title: str = "",
) -> Path:
    """Draws tables to a file: see `draw_matrices`. Raises what `plot.strip` raises."""
    target = check_suffix(path)
    return save(draw_matrices(grids, titles, rows, columns, title), target)


def draw_matrices(
    grids: Sequence[np.ndarray],
    titles: Sequence[str],
    rows: Sequence[str],
    columns: Sequence[str],
    title: str = "",
) -> Figure:
    """Draws tables [R, C] of the same rows and columns side by side; the cell of a row's own name is framed.

    Args:
        titles: what stands above each table.
        rows, columns: their names.
    """
    width, height = CELL * len(columns), CELL * len(rows)
    top = HEADING + TITLE * bool(title) + 0.3
    page = Page(NAMES + len(grids) * width + (len(grids) - 1) * BETWEEN + MARGIN, top + height + 0.15)
    if title:
        page.text(0.1, 0.3, title, 12, fontweight="bold")
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    shades = LinearSegmentedColormap.from_list("less and more", ["#d1601f", "#ffffff", "#2f6fb3"])
    for index, (grid, name) in enumerate(zip(grids, titles, strict=True)):
        left = NAMES + index * (width + BETWEEN)
        page.text(left, TITLE * bool(title) + 0.2, name, 10, fontweight="bold")
        axis = page.axes(left, top, width, height)
        axis.imshow(np.clip(grid, -FULL, FULL), cmap=shades, vmin=-FULL, vmax=FULL, aspect="auto")
        for row, column in np.ndindex(grid.shape):
            value, is_own = grid[row, column], rows[row] == columns[column]
            ink = "white" if abs(value) > 0.65 * FULL else INK
            axis.text(
                column, row, f"{value:+.2f}", ha="center", va="center", fontsize=7.5, color=ink,
                fontweight="bold" if is_own else "normal",
            )  # fmt: skip
            if is_own:
                axis.add_patch(
                    Rectangle(
                        (column - 0.48, row - 0.48), 0.96, 0.96, fill=False, edgecolor=INK, linewidth=1.4
                    )
                )
        turned: dict[str, Any] = {"rotation": 40, "ha": "left", "rotation_mode": "anchor"}
        axis.set_xticks(range(len(columns)), columns, **turned, parse_math=False)
        axis.xaxis.set_ticks_position("top")
        axis.set_yticks(range(len(rows)), rows if index == 0 else [""] * len(rows), parse_math=False)
        axis.tick_params(length=0, labelsize=8, labelcolor=INK)
        for side in axis.spines.values():
            side.set_visible(False)
    return page.figure
