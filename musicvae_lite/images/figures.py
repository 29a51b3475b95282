"""Grids of pictures with names for rows and columns, and animations.

Laid out pixel by pixel, so that every pixel of a picture stays a square of the figure.
"""

from __future__ import annotations

import io
from collections.abc import Sequence, Sized
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.images import lettering
from musicvae_lite.images.reading import as_bytes, in_channels, save_image, to_image

if TYPE_CHECKING:
    from PIL.Image import Image

INK, PAPER, LINE = "#30343b", "#ffffff", "#d5d8de"
GAP = 2  # pixels between the pictures of a grid
NAME, TITLE = 15, 20  # pixels of a font


def grid(pictures: np.ndarray, columns: int, scale: int = 0, gap: int = GAP) -> np.ndarray:
    """Pictures [N, C, H, W] in 0..1 row by row as one: uint8 [C, H', W'], each pixel scale x scale.

    Args:
        scale: 0 chooses one that makes a figure of about 1,000 pixels.
        gap: white pixels between, before scaling.

    Raises:
        NothingUsableError: there are no pictures.
    """
    check_some(pictures)
    count, channels, height, width = pictures.shape
    rows = -(-count // columns)
    sheet = np.full((channels, rows * (height + gap) - gap, columns * (width + gap) - gap), 255, np.uint8)
    for number, picture in enumerate(as_bytes(pictures)):
        top, left = number // columns * (height + gap), number % columns * (width + gap)
        sheet[:, top : top + height, left : left + width] = picture
    scale = scale or max(1, round(1000 / max(sheet.shape[1:])))
    return sheet.repeat(scale, 1).repeat(scale, 2)


def check_some(pictures: Sized) -> None:
    """Raises NothingUsableError where there are no pictures."""
    if not len(pictures):
        raise NothingUsableError("there are no pictures to draw")


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
        rows, columns: names; either may be empty. How names without a font are shown: `lettering.readable`.
        title: what stands above all of it.
        per_row: pictures a row; by default as many as there are names of columns.

    Raises:
        NothingUsableError: there are no pictures.
        ConfigError: it is not said how many make a row.
    """
    from PIL import Image, ImageDraw

    check_some(pictures)
    per_row = per_row or len(columns)
    if not per_row:
        raise ConfigError("a grid needs names of columns, or how many pictures make a row")
    rows, columns = lettering.readable(rows)[0], lettering.readable(columns)[0]
    count = -(-len(pictures) // per_row)
    side = pictures.shape[3] + GAP
    scale = max(1, round(64 / side), round(720 / (side * per_row)) if per_row * side < 720 else 1)
    sheet = in_channels(grid(pictures, per_row, scale), 3)
    step_x, step_y = side * scale, (pictures.shape[2] + GAP) * scale
    left = 12 + max((lettering.width(name, NAME) + 10 for name in rows), default=0)
    top = 12 + (38 if title else 0) + (26 if columns else 0)
    words = lettering.width(title, TITLE) + 24 if title else 0
    image = Image.new("RGB", (max(left + sheet.shape[2] + 12, words), top + sheet.shape[1] + 12), PAPER)
    image.paste(to_image(sheet), (left, top))
    draw = ImageDraw.Draw(image)
    if title:
        draw.text((12, 10), title, fill=INK, font=lettering.font(title, TITLE))
    for number, name in enumerate(columns):
        centre = left + number * step_x + (step_x - GAP * scale) / 2
        draw.text((centre, top - 6), name, fill=INK, font=lettering.font(name, NAME), anchor="ms")
    for number, name in enumerate(rows[:count]):
        centre = top + number * step_y + (step_y - GAP * scale) / 2
        draw.text((left - 10, centre), name, fill=INK, font=lettering.font(name, NAME), anchor="rm")
    return image


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
