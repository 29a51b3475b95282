"""Representations to plain values and back, the same way for every one."""

from __future__ import annotations

from typing import Any, TypeVar

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.score import Meter

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
    return cls(**settings)


def _plain(value: Any) -> Any:
    return value.to_config() if hasattr(value, "to_config") else value
