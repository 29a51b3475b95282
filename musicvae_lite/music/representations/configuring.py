"""Representations to plain values and back, the same way for every one."""

from __future__ import annotations

import types
import typing
from typing import Any, TypeVar

from musicvae_lite.errors import ConfigError, shown
from musicvae_lite.music.score import Meter
from musicvae_lite.settings import convert

R = TypeVar("R")


def to_config(representation: Any) -> dict[str, Any]:
    """Name and settings; those that are None are left out."""
    settings = {key: _plain(value) for key, value in vars(representation).items() if value is not None}
    return {"name": representation.name, **settings, "meter": str(representation.meter)}


def meaning(representation: Any, *settings: str) -> dict[str, Any]:
    """What every representation's numbers depend on, and these settings of its own."""
    names = ("bars", "steps_per_quarter", *settings)
    common = {"name": representation.name, "meter": str(representation.meter)}
    return common | {name: getattr(representation, name) for name in names}


def from_config(cls: type[R], config: dict[str, Any]) -> R:
    """The representation of such values. Raises ConfigError when a setting is unknown or out of range."""
    settings = {key: value for key, value in config.items() if key != "name"}
    unknown = sorted(set(settings) - set(cls.__dataclass_fields__))  # type: ignore[attr-defined]
    if unknown:
        raise ConfigError(f"the {cls.name} representation has no setting '{unknown[0]}'")  # type: ignore[attr-defined]
    if isinstance(settings.get("meter"), str):
        settings["meter"] = Meter.parse(settings["meter"])
    if not isinstance(settings.get("meter", Meter()), Meter):
        raise ConfigError(f"a meter is written like 4/4, not {shown(settings['meter'])}")
    hints = typing.get_type_hints(cls)
    where = f"the {cls.name} representation"  # type: ignore[attr-defined]
    for key, value in settings.items():
        if _is_plain(hints[key]):
            settings[key] = convert(value, hints[key], f"{where}: '{key}'")
    return cls(**settings)


def _is_plain(hint: Any) -> bool:
    """Whether a setting is a number, a word, a truth, a list of such, or perhaps nothing."""
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) in (tuple, typing.Union):
        parts = [arg for arg in typing.get_args(hint) if arg not in (type(None), ...)]
        return len(set(parts)) == 1 and _is_plain(parts[0])
    return hint in (int, float, str, bool)


def _plain(value: Any) -> Any:
    return value.to_config() if hasattr(value, "to_config") else value
