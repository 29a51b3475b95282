"""Counting what was rejected, and why: every reason keeps its first example."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Reason:
    """One line of the table of rejections.

    Attributes:
        code: short stable name of the rule.
        count: how often it struck: files, or stretches of a song.
        source: the first file (and tune, "#3") it struck, in order of files.
        bar: the bar there, counted from 1; 0 for the whole file or song.
        detail: one sentence about that example.
    """

    code: str
    count: int
    source: str
    bar: int
    detail: str

    @property
    def place(self) -> str:
        return f"{self.source}, bar {self.bar}" if self.bar else self.source


class Tally:
    """Counts of rejections by code. Adding in order of files makes it deterministic."""

    def __init__(self, reasons: Iterable[list[Any]] = ()):
        self._reasons = {row[0]: list(row) for row in reasons}

    def add(self, code: str, source: str, bar: int, detail: str, count: int = 1) -> None:
        known = self._reasons.get(code)
        if known is None:
            self._reasons[code] = [code, count, source, bar, detail]
        else:
            known[1] += count

    def merge(self, rows: Iterable[list[Any]]) -> None:
        """Adds the rows of a tally of later files."""
        for code, count, source, bar, detail in rows:
            self.add(code, source, bar, detail, count)

    def rows(self) -> list[list[Any]]:
        """Plain rows [code, count, source, bar, detail], in the order of first sight."""
        return list(self._reasons.values())

    def reasons(self) -> tuple[Reason, ...]:
        """The most frequent reason first."""
        reasons = [Reason(*row) for row in self._reasons.values()]
        return tuple(sorted(reasons, key=lambda reason: (-reason.count, reason.code)))


def reasons_text(reasons: Iterable[Reason]) -> str:
    """A plain table for messages: count, reason, and where it was met first."""
    return "\n".join(f"  {r.count:>8,}  {r.code:<14} {r.place}: {r.detail}" for r in reasons)
