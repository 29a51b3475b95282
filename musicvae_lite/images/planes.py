"""The plane of codes of two numbers, decoded place by place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from musicvae_lite.images import lettering
from musicvae_lite.images.figures import INK, LINE, PAPER, grid
from musicvae_lite.images.reading import in_channels, to_image

if TYPE_CHECKING:
    from PIL.Image import Image

USUAL, LARGEST = 1200, 2400  # pixels of the longer side of the pictures: about, and at most
NUMBER, AXIS, TITLE = 19, 23, 30  # pixels of a font
TICK, MARGIN = 6, 16  # pixels
BELOW, BESIDE = "first number of the code", "second number of the code"


def manifold(pictures: np.ndarray, x: np.ndarray, y: np.ndarray, title: str = "") -> Image:
    """A plane of codes, decoded.

    Args:
        pictures: [len(y) * len(x), C, H, W], rows from the top. Drawn without gaps, each pixel as a square;
            smaller, by the means of areas, where that would be more than LARGEST pixels.
        x, y: the first and the second number of the codes, rising.

    Raises:
        NothingUsableError: there are no pictures.
    """
    from PIL import Image, ImageDraw

    sheet = _fitted(to_image(in_channels(grid(pictures, len(x), 1, gap=0), 3)))
    marks_x, marks_y = _marks(x), _marks(y)
    numbers = max(lettering.width(name, NUMBER) for _, name in (*marks_x, *marks_y))
    room_x = max(sheet.width, lettering.width(BELOW, AXIS))
    room_y = max(sheet.height, lettering.width(BESIDE, AXIS))
    before, after = 2 * MARGIN + AXIS + numbers + TICK, MARGIN + NUMBER
    above, below = MARGIN + (TITLE + MARGIN if title else 0), TICK + NUMBER + AXIS + 2 * MARGIN
    width = max(before + room_x + after, lettering.width(title, TITLE) + 2 * MARGIN)
    image = Image.new("RGB", (width, above + room_y + below), PAPER)
    draw = ImageDraw.Draw(image)
    left = before + (width - before - after - sheet.width) // 2
    top = above + (room_y - sheet.height) // 2
    right, bottom = left + sheet.width, top + sheet.height
    image.paste(sheet, (left, top))
    step = sheet.width / len(x)
    for place, name in _apart(marks_x, (numbers + MARGIN) / step):
        middle = left + (place + 0.5) * step
        draw.line([(middle, bottom), (middle, bottom + TICK)], LINE, 2)
        draw.text((middle, bottom + TICK + 4), name, INK, lettering.font(name, NUMBER), "mt")
    step = sheet.height / len(y)
    for place, name in _apart(marks_y, 1.5 * NUMBER / step):
        middle = bottom - (place + 0.5) * step
        draw.line([(left - TICK - 1, middle), (left - 1, middle)], LINE, 2)
        draw.text((left - TICK - 5, middle), name, INK, lettering.font(name, NUMBER), "rm")
    centre = (left + right) // 2, (top + bottom) // 2
    line = bottom + TICK + NUMBER + MARGIN
    draw.text((centre[0], line), BELOW, INK, lettering.font(BELOW, AXIS), "mt")
    turned = _turned(BESIDE, AXIS)
    image.paste(INK, (left - before + MARGIN // 2, centre[1] - turned.height // 2), turned)
    if title:
        draw.text((width // 2, MARGIN), title, INK, lettering.font(title, TITLE), "mt")
    return image


def _fitted(sheet: Image) -> Image:
    """Enlarged by a whole factor, or made smaller by the means of areas."""
    from PIL import Image

    longer = max(sheet.size)
    if longer > LARGEST:
        width, height = (max(1, round(side * LARGEST / longer)) for side in sheet.size)
        return sheet.resize((width, height), Image.Resampling.BOX)
    factor = max(1, round(USUAL / longer))
    return sheet.resize((sheet.width * factor, sheet.height * factor), Image.Resampling.NEAREST)


def _turned(text: str, size: int) -> Image:
    """A line of text that runs upwards, as a mask."""
    from PIL import Image, ImageDraw

    mask = Image.new("L", (lettering.width(text, size), round(1.4 * size)))
    ImageDraw.Draw(mask).text((0, 0), text, 255, lettering.font(text, size))
    return mask.rotate(90, expand=True)


def _marks(values: np.ndarray) -> list[tuple[float, str]]:
    """Round numbers between rising values: their places among these, and their text."""
    from matplotlib.ticker import MaxNLocator

    ticks = MaxNLocator(8, steps=[1, 2, 5, 10]).tick_values(values[0], values[-1])
    marks = ticks[(ticks >= values[0]) & (ticks <= values[-1])]
    places = np.interp(marks, values, np.arange(len(values)))
    return [(float(place), f"{mark:g}") for place, mark in zip(places, marks, strict=True)]


def _apart(marks: Sequence[tuple[float, str]], room: float) -> list[tuple[float, str]]:
    """Of marks at rising places those with room between them, from the middle one outwards."""
    middle = len(marks) // 2
    kept = list(marks[middle : middle + 1])
    for mark in marks[middle + 1 :]:
        if mark[0] - kept[-1][0] >= room:
            kept.append(mark)
    for mark in reversed(marks[:middle]):
        if kept[0][0] - mark[0] >= room:
            kept.insert(0, mark)
    return kept
