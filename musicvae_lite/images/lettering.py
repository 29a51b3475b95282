"""Fonts for the names that stand in figures: matplotlib's own, then those of other scripts if installed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

OWN = "DejaVu Sans"  # Latin, Greek, Cyrillic, Arabic, Hebrew and more; comes with matplotlib
OTHERS = (
    "Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans JP", "Noto Sans SC", "Noto Sans KR",
    "Source Han Sans", "IPAexGothic", "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Nanum Gothic",
    "MS Gothic", "Yu Gothic", "Microsoft YaHei", "SimHei", "Malgun Gothic", "Nirmala UI", "Leelawadee UI",
    "Hiragino Sans", "Hiragino Sans GB", "PingFang HK", "Apple SD Gothic Neo", "Arial Unicode MS",
    "Noto Sans Devanagari", "Noto Sans Bengali", "Noto Sans Tamil", "Noto Sans Thai", "FreeSans",
)  # fmt: skip
REGULAR = 400  # the weight of a font that is neither light nor bold


@dataclass(frozen=True)
class Font:
    """A font file.

    Attributes:
        characters: the code points that it draws.
    """

    family: str
    path: str
    characters: frozenset[int]

    def has(self, text: str) -> bool:
        return all(ord(c) in self.characters or c.isspace() for c in text)


@cache
def own() -> Font:
    from matplotlib import get_data_path

    path = str(Path(get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf")
    return Font(OWN, path, _characters(path))


@cache
def others() -> tuple[Font, ...]:
    """Those of OTHERS that are installed and can be read, in that order."""
    from matplotlib.font_manager import fontManager

    found: dict[str, Font] = {}
    for entry in sorted(fontManager.ttflist, key=lambda entry: abs(_weight(entry) - REGULAR)):
        is_first = getattr(entry, "index", 0) == 0  # of the faces of its file
        if entry.name in OTHERS and entry.name not in found and entry.style == "normal" and is_first:
            try:
                found[entry.name] = Font(entry.name, entry.fname, _characters(entry.fname))
            except (OSError, RuntimeError):
                continue
    return tuple(found[name] for name in OTHERS if name in found)


def _weight(entry: Any) -> int:
    return entry.weight if isinstance(entry.weight, int) else REGULAR


def _characters(path: str) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(path).get_charmap())


def _fonts() -> Iterator[Font]:
    yield own()
    yield from others()


def families() -> list[str]:
    """The families for matplotlib, which takes each letter from the first that has it."""
    return [font.family for font in _fonts()]


def font(text: str, size: int) -> Any:
    """A Pillow font of `size` pixels that has all letters of a text; matplotlib's own where none has."""
    from PIL import ImageFont

    found = next((font for font in _fonts() if font.has(text)), own())
    return ImageFont.truetype(found.path, size)


def width(text: str, size: int) -> int:
    """Pixels that a line of text takes."""
    return round(font(text, size).getlength(text))


def readable(names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names as figures show them, and notes.

    Returns:
        Each name, on one line; "class 1" and so on, by its place, where no installed font has all its
        letters. And a sentence that says which is which, if there are such.
    """
    shown, told = [], []
    for number, name in enumerate((" ".join(name.split()) for name in names), start=1):
        is_known = any(font.has(name) for font in _fonts())
        shown.append(name if is_known else f"class {number}")
        if not is_known:
            told.append(f"class {number} is {name}")
    if not told:
        return shown, []
    return shown, [f"no installed font has the letters of some names, so in the figure {', '.join(told)}"]
