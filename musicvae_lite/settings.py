"""Settings as frozen dataclasses, read from TOML or JSON tables with errors that name the field."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from typing import Any, TypeVar

from musicvae_lite.errors import ConfigError, shown

S = TypeVar("S")

LARGEST_FLOAT = 1e300
LONGEST_LIST = 1024


def from_table(cls: type[S], table: dict[str, Any], where: str) -> S:
    """Builds a settings dataclass from a plain table.

    Args:
        cls: a dataclass whose fields are plain values or tuples of them.
        table: keys and values as TOML or JSON gave them; lists become tuples.
        where: what the table is, for messages ("melody-2bar.toml, [training]").

    Raises:
        ConfigError: an unknown field (with the nearest known one), a missing field, a wrong type.
    """
    if not isinstance(table, dict):
        raise ConfigError(f"{where} must be a table of settings, not {shown(table)}")
    fields = {f.name: f for f in dataclasses.fields(cls)}  # type: ignore[arg-type]
    for key in table:
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1)
            hint = f"; did you mean '{near[0]}'?" if near else f"; known: {', '.join(fields)}"
            raise ConfigError(f"{where}: unknown setting '{key[:80]}'{hint}")
    hints = typing.get_type_hints(cls)
    values = {key: convert(value, hints[key], f"{where}: '{key}'") for key, value in table.items()}
    no_default = dataclasses.MISSING
    for name, f in fields.items():
        if name not in values and f.default is no_default and f.default_factory is no_default:
            raise ConfigError(f"{where}: setting '{name}' is missing")
    return cls(**values)


def to_table(settings: Any) -> dict[str, Any]:
    """The reverse of `from_table`: tuples become lists."""
    return {f.name: _plain(getattr(settings, f.name)) for f in dataclasses.fields(settings)}


def _plain(value: Any) -> Any:
    return [_plain(v) for v in value] if isinstance(value, (tuple, list)) else value


def convert(value: Any, hint: Any, where: str) -> Any:
    """A value as a field of a type takes it. Raises ConfigError, which begins with `where`."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        if value not in args:
            raise ConfigError(f"{where} is {shown(value)}; it can be {', '.join(map(repr, args))}")
        return value
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in args:
            return None
        return convert(value, next(a for a in args if a is not type(None)), where)
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise ConfigError(f"{where} must be a list, not {shown(value)}")
        if len(value) > LONGEST_LIST:
            raise ConfigError(f"{where} has {len(value):,} entries; {LONGEST_LIST:,} are the most")
        return tuple(convert(v, args[0], where) for v in value)
    if hint is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        if not -LARGEST_FLOAT <= value <= LARGEST_FLOAT:  # NaN, too, is not
            raise ConfigError(f"{where} must be a number with an end, not {shown(value)}")
        return float(value)
    if isinstance(hint, type) and (not isinstance(value, hint) or (hint is int and isinstance(value, bool))):
        raise ConfigError(f"{where} must be {_NAMES.get(hint, hint.__name__)}, not {shown(value)}")
    return value


_NAMES = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
