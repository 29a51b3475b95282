"""What music is called: a tune of a book, bars and tracks of a song."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

TUNE = re.compile(r"(.+)#([0-9]{1,9})", re.DOTALL)


def tune(path: str | os.PathLike[str], number: int) -> str:
    """The name of a tune of a book, counted from 1: tunes/book.abc#3."""
    return f"{os.fspath(path)}#{number}"


def parted(source: str | os.PathLike[str]) -> tuple[str, int | None]:
    """The book and the number of a tune; the name itself and None for any other name of a file."""
    name = os.fspath(source)
    found = TUNE.fullmatch(name)
    return (found[1], int(found[2])) if found else (name, None)


def stem(source: str | os.PathLike[str]) -> str:
    """The name of a file of music without folder and suffix: "book-3" for tunes/book.abc#3."""
    path, number = parted(source)
    name = Path(path).stem
    return name if number is None else f"{name}-{number}"


def span(first: int, last: int) -> str:
    """Such as "5-6"; "5" for one bar."""
    return f"{first}-{last}" if last > first else f"{first}"


def bars(first: int, last: int) -> str:
    """Such as "bars 5-6", or "bar 5"."""
    return f"{'bars' if last > first else 'bar'} {span(first, last)}"


def recorded(tracks: Sequence[int]) -> dict[str, int | list[int]]:
    """What a record says of the tracks taken, from their indices: the number of one under "track", which
    `--track` takes, those of several under "tracks"; counted from 1."""
    numbers = [track + 1 for track in tracks]
    return {"track": numbers[0]} if len(numbers) == 1 else {"tracks": numbers}
