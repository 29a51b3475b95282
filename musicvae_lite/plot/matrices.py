"""Tables of numbers as coloured squares: blue for more, orange for less, the pale ones near nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from musicvae_lite.plot.pages import FAINT_INK, INK, Page, check_suffix, save

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MEANING, LETTER = 0.24, 0.07  # inches: a line that says what the columns are, and a letter of it
CELL, NAMES, HEADING, TITLE, BETWEEN, MARGIN = 0.46, 1.0, 0.8, 0.5, 0.45, 0.45  # inches
FULL = 1.0  # the value of the strongest colour


def matrices(
    grids: Sequence[np.ndarray],
    titles: Sequence[str],
    rows: Sequence[str],
    columns: Sequence[str],
    path: str | Path,
    title: str = "",
    rows_are: str = "",
    columns_are: str = "",
) -> Path:
    """Draws tables to a file: see `draw_matrices`. Raises what `plot.strip` raises."""
    target = check_suffix(path)
    return save(draw_matrices(grids, titles, rows, columns, title, rows_are, columns_are), target)


def draw_matrices(
    grids: Sequence[np.ndarray],
    titles: Sequence[str],
    rows: Sequence[str],
    columns: Sequence[str],
    title: str = "",
    rows_are: str = "",
    columns_are: str = "",
) -> Figure:
    """Draws tables [R, C] of the same rows and columns side by side; the cell of a row's own name is framed.

    Args:
        titles: what stands above each table.
        rows, columns: their names.
        rows_are, columns_are: what these are, such as "what changed, in standard deviations".
    """
    width, height = CELL * len(columns), CELL * len(rows)
    names = TITLE * bool(title) + MEANING * bool(columns_are) + 0.2
    top = names + HEADING + 0.1
    tables = len(grids) * width + (len(grids) - 1) * BETWEEN + MARGIN
    page = Page(NAMES + max(tables, LETTER * len(columns_are)), top + height + 0.15)
    if title:
        page.text(0.1, 0.3, title, 12, fontweight="bold")
    page.text(NAMES, names - MEANING, columns_are, 8, FAINT_INK)
    page.text(NAMES - 0.05, top - 0.08, rows_are, 8, FAINT_INK, ha="right")
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    shades = LinearSegmentedColormap.from_list("less and more", ["#d1601f", "#ffffff", "#2f6fb3"])
    for index, (grid, name) in enumerate(zip(grids, titles, strict=True)):
        left = NAMES + index * (width + BETWEEN)
        page.text(left, names, name, 10, fontweight="bold")
        axis = page.axes(left, top, width, height)
        axis.imshow(np.clip(grid, -FULL, FULL), cmap=shades, vmin=-FULL, vmax=FULL, aspect="auto")
        for row, column in np.ndindex(grid.shape):
            value, is_own = float(grid[row, column]), rows[row] == columns[column]
            ink = "white" if abs(value) > 0.65 * FULL else INK
            axis.text(
                column, row, signed(value), ha="center", va="center", fontsize=7.5, color=ink,
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


def signed(value: float) -> str:
    """A number with its sign and two digits; what rounds to nothing has no sign."""
    return f"{value:+.2f}" if round(value, 2) else "0.00"
