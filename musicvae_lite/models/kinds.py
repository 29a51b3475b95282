"""Parts of a model chosen by their `kind`: from a table to the settings of that kind, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import Field, fields
from typing import Any

from musicvae_lite.errors import ConfigError, shown
from musicvae_lite.settings import from_table, to_table

LARGEST = 2**20  # of any size of a model
MOST_LAYERS = 64

Fault = Callable[[Field, Any, int, bool], str]


def of_kind(kinds: dict[str, type], table: Any, where: str, fault: Fault) -> Any:
    """The settings a table describes.

    Args:
        kinds: settings dataclasses by name.
        where: what the table belongs to, for messages.
        fault: says what is wrong with a size, given its field, the largest there may be, and whether it
            stands in a list; "" when nothing is.

    Raises:
        ConfigError: no table, an unknown kind or setting, too many layers, or a size with a fault.
    """
    if not isinstance(table, dict):
        raise ConfigError(f"{where} must be a table of settings, not {shown(table)}")
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        raise ConfigError(f"{where}: kind is {shown(kind)}; it can be {', '.join(kinds)}")
    settings = from_table(kinds[kind], {k: v for k, v in table.items() if k != "kind"}, where)
    for field in fields(settings):
        value, largest = getattr(settings, field.name), MOST_LAYERS if field.name == "layers" else LARGEST
        is_list = isinstance(value, tuple)
        if is_list and len(value) > MOST_LAYERS:
            raise ConfigError(f"{where}: '{field.name}' has {len(value)} entries; {MOST_LAYERS} are the most")
        for size in value if is_list else (value,):
            if told := fault(field, size, largest, is_list):
                raise ConfigError(f"{where}: '{field.name}' {told}")
    return settings


def table_of(kinds: dict[str, type], settings: Any) -> dict[str, Any]:
    """The table that `of_kind` reads."""
    kind = next(name for name, cls in kinds.items() if isinstance(settings, cls))
    return {"kind": kind, **to_table(settings)}
