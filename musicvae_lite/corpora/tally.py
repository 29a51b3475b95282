"""Counting what was rejected, and why: every reason keeps its first example."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import PurePath
from typing import Any

from musicvae_lite.music import naming


@dataclass(frozen=True)
class Reason:
    """One line of the table of rejections.

    Attributes:
        code: short stable name of the rule.
        count: how often it struck: files, or stretches of a song.
        source: the first file (and tune, "#3") it struck, in order of files.
        bar: the bar there, counted from 1; 0 for the whole file or song.
        detail: one sentence about that example.
        folder: number, from 0, of the folder given that `source` is relative to; None where one alone was.
    """

    code: str
    count: int
    source: str
    bar: int
    detail: str
    folder: int | None = None

    def place(self, folders: Sequence[str]) -> str:
        """Where the example lies, such as "a.mid, bar 3"; below its folder where several were given.

        Args:
            folders: those given, a file by its own path.
        """
        path = self.source if self.folder is None else _below(folders[self.folder], self.source)
        return f"{path}, bar {self.bar}" if self.bar else path

    def to_dict(self) -> dict[str, Any]:
        """As the manifest records it: without a folder where there is but one."""
        return {name: value for name, value in asdict(self).items() if value is not None}


def _below(given: str, source: str) -> str:
    file, _ = naming.parted(source)
    above = os.path.dirname(given) if PurePath(given).name == file else given  # a file that was given itself
    return os.path.join(above, source)


class Tally:
    """Counts of rejections by code. Adding in order of files makes it deterministic."""

    def __init__(self, reasons: Iterable[list[Any]] = ()):
        self._reasons = {row[0]: list(row) for row in reasons}

    def add(
        self, code: str, source: str, bar: int, detail: str, folder: int | None = None, count: int = 1
    ) -> None:
        known = self._reasons.get(code)
        if known is None:
            self._reasons[code] = [code, count, source, bar, detail, folder]
        else:
            known[1] += count

    def merge(self, rows: Iterable[list[Any]]) -> None:
        """Adds the rows of a tally of later files."""
        for code, count, source, bar, detail, folder in rows:
            self.add(code, source, bar, detail, folder, count)

    def rows(self) -> list[list[Any]]:
        """Plain rows [code, count, source, bar, detail, folder], in the order of first sight."""
        return list(self._reasons.values())

    def reasons(self) -> tuple[Reason, ...]:
        """The most frequent reason first."""
        reasons = [Reason(*row) for row in self._reasons.values()]
        return tuple(sorted(reasons, key=lambda reason: (-reason.count, reason.code)))


def reasons_text(reasons: Iterable[Reason], folders: Sequence[str]) -> str:
    """A plain table for messages: count, reason, and where it was met first, below the folders given."""
    return "\n".join(f"  {r.count:>8,}  {r.code:<14} {r.place(folders)}: {r.detail}" for r in reasons)
