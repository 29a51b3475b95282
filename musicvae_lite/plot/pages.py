"""A page to draw on: axes placed in inches from its top left corner, then written as PNG, SVG or PDF."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from musicvae_lite.errors import ConfigError
from musicvae_lite.resources import expand
from musicvae_lite.writing import write_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SUFFIXES = (".png", ".svg", ".pdf")
INK, FAINT_INK = "#30343b", "#6b7078"
DPI = 140
POINTS = 72  # an inch
UNDATED = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}  # what would differ from run to run


class Page:
    """An empty white page.

    Args:
        width, height: inches.
    """

    def __init__(self, width: float, height: float):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.width, self.height = width, height
        self.figure: Figure = Figure(figsize=(width, height), facecolor="white")
        FigureCanvasAgg(self.figure)

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Axes without a frame; inches from the top left corner."""
        box = (left / self.width, 1 - (top + height) / self.height, width / self.width, height / self.height)
        axis = self.figure.add_axes(box)
        for side in axis.spines.values():
            side.set_visible(False)
        axis.tick_params(length=0, labelsize=7.5, labelcolor=INK, pad=3)
        return axis

    def text(self, left: float, top: float, text: str, size: float, colour: str = INK, **more: Any) -> float:
        """Writes a line whose baseline lies at `top`; returns its width in inches.

        Args:
            text: in any script; nothing in it is taken for a formula, and what is no Unicode becomes "?".
            more: what matplotlib's `Text` takes.
        """
        place = (left / self.width, 1 - top / self.height)
        text = text.encode("utf-8", "replace").decode()
        drawn = self.figure.text(*place, text, fontsize=size, color=colour, parse_math=False, **more)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*[gG]lyph")
            return drawn.get_window_extent().width / self.figure.dpi


def check_suffix(path: str | Path) -> Path:
    """The path, expanded. Raises ConfigError unless its suffix names a picture that can be written."""
    if Path(path).suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{path}: the name of a picture must end in one of {', '.join(SUFFIXES)}")
    return expand(path)


def picture_bytes(figure: Figure, form: str = "png", dpi: int = DPI) -> bytes:
    """A figure as the bytes of a file: png, svg or pdf. The same figure gives the same bytes."""
    from matplotlib import rc_context

    data = io.BytesIO()
    with warnings.catch_warnings(), rc_context({"svg.hashsalt": "musicvae_lite"}):
        warnings.filterwarnings("ignore", message=".*[gG]lyph")  # a title in any script
        figure.savefig(data, format=form, dpi=dpi, metadata=UNDATED.get(form))
    return data.getvalue()


def save(figure: Figure, path: Path) -> Path:
    """Writes a figure, whole or not at all, and returns the path. Raises MusicVAEError."""
    write_file(path, picture_bytes(figure, path.suffix[1:].lower()))
    return path
