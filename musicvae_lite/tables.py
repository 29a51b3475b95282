"""Tables from JSON and TOML files of anyone's: bounded in bytes and depth, with one kind of error.

A parser of its own accord takes any amount of memory, overruns the stack on deep nesting, and spends
time in the square of the length of a dotted key.
"""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

LARGEST = 16 * 2**20  # bytes of a JSON file
LARGEST_TOML = 2**18  # bytes of a TOML file, which people write by hand
DEEPEST = 32  # tables within tables
_DOTTED = re.compile(r"""(?<![\w"'-])(?:(?:[\w-]{1,99}|"[^"\n]{0,99}"|'[^'\n]{0,99}')[ \t]*\.[ \t]*){33}""")


def read_json(path: Path) -> Any:
    """The contents of a JSON file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is too large, no UTF-8, no JSON (then a json.JSONDecodeError), or nested too deeply.
    """
    return parse_json(_text(path, LARGEST))


def parse_json(text: str | bytes) -> Any:
    """The same of a text. Raises ValueError."""
    if len(text) > LARGEST:
        raise ValueError(f"it has more than {LARGEST:,} bytes")
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError(f"it is nested more than {DEEPEST} deep") from None
    return _checked(value)


def read_toml(path: Path) -> dict[str, Any]:
    """The table of a TOML file. Raises OSError and ValueError as `read_json` does."""
    return parse_toml(_text(path, LARGEST_TOML))


def parse_toml(text: str) -> dict[str, Any]:
    """The same of a text. Raises ValueError."""
    if _DOTTED.search(text):
        raise ValueError(f"a name in it has more than {DEEPEST} parts")
    try:
        return _checked(tomllib.loads(text))
    except RecursionError:
        raise ValueError(f"it is nested more than {DEEPEST} deep") from None


def _text(path: Path, largest: int) -> str:
    with path.open("rb") as file:
        data = file.read(largest + 1)
    if len(data) > largest:
        raise ValueError(f"it has more than {largest:,} bytes")
    return data.decode("utf-8")


def _checked(value: Any) -> Any:
    """The value, which is nested no deeper than `DEEPEST`. Raises ValueError."""
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, (dict, list))
        ]
        if not level:
            return value
    raise ValueError(f"it is nested more than {DEEPEST} deep")
