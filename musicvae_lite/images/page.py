"""One HTML page that holds its pictures: sections side by side, a table above; opens anywhere, offline."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from musicvae_lite.images.figures import png_bytes

if TYPE_CHECKING:
    from PIL.Image import Image

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #30343b; background: #f6f7f9; margin: 0 auto;
  padding: 2rem; max-width: 1320px; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h2 { font-size: 1.1rem; margin: 0; }
p { margin: .2rem 0 .8rem; color: #5d636e; }
table { border-collapse: collapse; background: #fff; margin: 1.2rem 0 2rem; width: 100%;
  border-radius: 8px; overflow: hidden; }
th, td { padding: .4rem .8rem; text-align: right; border-bottom: 1px solid #e6e8ec;
  font-variant-numeric: tabular-nums; }
th { color: #5d636e; font-weight: 600; font-size: .85rem; }
th:first-child, td:first-child { text-align: left; }
td.best { font-weight: 700; } td a { color: #2f6fb3; text-decoration: none; }
.sections { display: grid; grid-template-columns: repeat(auto-fill, minmax(560px, 1fr)); gap: 1.2rem; }
section { background: #fff; border-radius: 8px; padding: 1rem 1.2rem; }
figure { margin: .6rem 0 0; } figcaption { font-size: .85rem; color: #5d636e; }
img { max-width: 100%; display: block; }
"""


@dataclass(frozen=True)
class Section:
    """Attributes:
    name: its heading, and its anchor.
    about: a sentence below it.
    pictures: each with its caption.
    """

    name: str
    about: str
    pictures: Sequence[tuple[str, Image]]


@dataclass(frozen=True)
class Table:
    """Attributes:
    columns: headings.
    rows: cells; the first of each row names a section, None is an empty cell.
    lowest: names of the columns whose lowest number is shown in bold.
    apart: rows, by their first cell, that do not count for it.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str | float | int | None]]
    lowest: Sequence[str] = ()
    apart: Sequence[str] = ()


def page(title: str, about: str, table: Table, sections: Sequence[Section]) -> str:
    """The page as HTML."""
    body = "".join(_section(section) for section in sections)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>\n<body>'
        f"<h1>{html.escape(title)}</h1><p>{html.escape(about)}</p>\n{_table(table)}\n"
        f'<div class="sections">{body}</div></body></html>\n'
    )


def _table(table: Table) -> str:
    best = {}
    rivals = [row for row in table.rows if row[0] not in table.apart]
    for index, name in enumerate(table.columns):
        numbers = [row[index] for row in rivals if isinstance(row[index], int | float)]
        if name in table.lowest and numbers:
            best[index] = min(numbers)  # type: ignore[type-var]
    head = "".join(f"<th>{html.escape(name)}</th>" for name in table.columns)
    rows = []
    for row in table.rows:
        cells = [f'<td><a href="#{html.escape(str(row[0]))}">{html.escape(str(row[0]))}</a></td>']
        for index, value in enumerate(row[1:], start=1):
            is_best = index in best and value == best[index] and row in rivals
            cells.append(f"<td{' class=best' if is_best else ''}>{html.escape(_cell(value))}</td>")
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _section(section: Section) -> str:
    shown = "".join(
        f'<figure><figcaption>{html.escape(caption)}</figcaption><img alt="{html.escape(caption)}" '
        f'src="data:image/png;base64,{base64.b64encode(png_bytes(image)).decode()}"></figure>'
        for caption, image in section.pictures
    )
    name = html.escape(section.name)
    return f'<section id="{name}"><h2>{name}</h2><p>{html.escape(section.about)}</p>{shown}</section>'


def _cell(value: str | float | int | None) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4f}" if abs(value) < 1 else f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else value
