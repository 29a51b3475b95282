"""What commands print: tables, JSON, progress, and which files they wrote.

Results go to stdout, everything else (progress, notes, errors) to stderr, so that `--json` can be
piped. rich is imported when something is shown. Files and their names may hold anything: what is printed
goes through `visible`, and nothing is read as markup.
"""

from __future__ import annotations

import json
import math
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from rich.console import Console

MAX_NAME = 24  # characters; a table's first column is kept on one line up to this length
_live: Console | None = None  # the console of the bar that is shown now
PLAIN_INTERVAL = 5.0  # seconds between progress lines when stderr is not a terminal
_CONTROLS = (*range(0x20), *range(0x7F, 0xA0))
_SPELT = {code: f"\\x{code:02x}" for code in _CONTROLS if chr(code) not in "\t\n"}
_IN_JSON = {code: f"\\u{code:04x}" for code in _CONTROLS if code >= 0x20}  # JSON writes the others so itself


def visible(text: str) -> str:
    """A text that cannot steer a terminal: control characters other than tabs and line breaks spelt out."""
    return text.translate(_SPELT)


def console(stderr: bool = False) -> Console:
    """A rich console; 80 columns wide when the output is not a terminal."""
    from rich.console import Console

    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)


def say(message: str) -> None:
    """One message on stderr, wrapped at the terminal's width; unwrapped into a file or pipe."""
    out = _live or console(stderr=True)
    out.print(visible(message), soft_wrap=not out.is_terminal)


def tell(*lines: str) -> None:
    """Lines on stdout; a line break within one, as of a name, is spelt out. Not for use with `--json`."""
    for line in lines:
        print(visible(line).replace("\n", r"\x0a"))


def note(message: str) -> None:
    """Something the user should know that is no error."""
    say(f"note: {message}")


def remark(replaced: Sequence[Path], warnings: Iterable[str]) -> None:
    """Says which files there were before, and what the user should know of the music, each once."""
    if replaced:
        more = f" (and {len(replaced) - 1} more)" if len(replaced) > 1 else ""
        note(f"{replaced[0].name}{more} was there already and has been replaced")
    for warning in dict.fromkeys(warnings):
        note(warning)


def wrote(*paths: str | Path) -> None:
    """Says which files a command made, one line each, on stdout. Not for use with `--json`."""
    tell(*(f"wrote {path}" for path in paths))


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> None:
    """Prints rows under their headings. Numbers are set to the right, long words are folded.

    Args:
        columns: headings; as many as each row has cells.
        rows: cells; floats are shown with four significant digits, None as an empty cell.
        title: a line above the table.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    rows = [list(row) for row in rows]
    grid = Table(
        title=Text(visible(title)) if title else None,
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        collapse_padding=True,
    )
    for index, heading in enumerate(columns):
        cells = [row[index] for row in rows if row[index] is not None]
        is_numeric = bool(cells) and all(isinstance(cell, int | float) for cell in cells)
        grid.add_column(
            Text(visible(heading)),
            justify="right" if is_numeric else "left",
            overflow="fold",
            no_wrap=is_numeric or (index == 0 and all(len(_cell(cell)) <= MAX_NAME for cell in cells)),
        )
    for row in rows:
        grid.add_row(*(Text(_cell(value)) for value in row))
    console().print(grid)


def print_json(value: Any) -> None:
    """Prints a value as JSON. numpy numbers and arrays, tuples and paths are converted; NaN is null."""
    is_unicode = (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    text = json.dumps(plain(value), indent=2, ensure_ascii=not is_unicode, allow_nan=False)
    print(text.translate(_IN_JSON))


def plain(value: Any) -> Any:
    """The same value in JSON's own types."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Path):
        return str(value)
    if hasattr(value, "tolist"):  # numpy and torch
        return plain(value.tolist())
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


class Progress:
    """How far long work has come, with its rate and the time left, on stderr.

        with Progress("reading", total=len(files), unit="files") as progress:
            for file in files:
                ...
                progress.advance()

    On a terminal this is a bar; elsewhere a plain line every few seconds.

    Args:
        what: the work, as a verb.
        total: how many units there are; None when nobody knows.
        unit: their name in the plural, for the rate.
        quiet: show nothing.
    """

    def __init__(self, what: str, total: int | None = None, unit: str = "", quiet: bool = False):
        self.what, self.total, self.unit, self.quiet = visible(what), total, unit, quiet
        self.done = self._skipped = 0
        self._bar: Any = None

    def __enter__(self) -> Self:
        self._begin = self._last = time.monotonic()
        out = console(stderr=True)
        if out.is_terminal and not self.quiet:
            from rich.progress import BarColumn, TextColumn
            from rich.progress import Progress as Bar

            what, figures = (
                TextColumn(field, markup=False) for field in ("{task.description}", "{task.fields[figures]}")
            )
            self._bar = Bar(what, BarColumn(bar_width=20), figures, console=out)
            self._task = self._bar.add_task(self.what, total=self.total, figures="")
            self._bar.start()
            global _live
            _live = out  # lines printed meanwhile go above the bar
        return self

    def skip_to(self, units: int) -> None:
        """Counts units that were done before now, by an earlier run: they do not change the rate."""
        self.done = self._skipped = units
        self._begin = time.monotonic()

    def advance(self, units: int = 1, note: str = "") -> None:
        """Counts units as done.

        Args:
            units: how many more.
            note: figures to show beside, such as "loss 1.23".
        """
        self.done += units
        now = time.monotonic()
        if self._bar:
            self._bar.update(
                self._task, completed=self.done, total=self.total, figures=self.figures(note, now)
            )
        elif not self.quiet and now - self._last >= PLAIN_INTERVAL:
            self._last = now
            say(f"{self.what}: {self.figures(note, now)}")

    def reach(self, done: int, total: int) -> None:
        """Counts what work says of itself: so many units done, of how many."""
        self.total = total
        self.advance(done - self.done)

    def figures(self, note: str, now: float) -> str:
        """Such as: 1200/5000, 240 files/s, 0:16 left, loss 1.23."""
        seconds = max(now - self._begin, 1e-9)
        rate = (self.done - self._skipped) / seconds
        parts = [f"{self.done}/{self.total}" if self.total else f"{self.done}"]
        parts.append(f"{rate:.{0 if rate >= 10 else 2}f} {self.unit}/s")
        if self.total and rate > 0:
            parts.append(f"{duration((self.total - self.done) / rate)} left")
        return visible(", ".join(parts + ([note] if note else [])))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar:
            self._bar.stop()
            global _live
            _live = None
        elif self._last > self._begin and kind is None:  # close what plain lines have begun
            say(f"{self.what}: {self.figures('', time.monotonic())}")


def duration(seconds: float) -> str:
    """Seconds as 0:05, 12:30 or 1:02:03."""
    whole = max(round(seconds), 0)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.4g}" if isinstance(value, float) else visible(str(value))
