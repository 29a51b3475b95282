"""Presets as TOML files that may build on each other: names, tables, and the representation they tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from musicvae_lite import tables
from musicvae_lite.errors import ConfigError, shown
from musicvae_lite.music import representations
from musicvae_lite.music.representations import Representation
from musicvae_lite.resources import expand


def presets_dir() -> Path:
    return Path(__file__).parent.parent / "presets"


def names() -> list[str]:
    """Names of the shipped presets; they may lie in folders of their own."""
    return sorted(path.stem for path in presets_dir().rglob("*.toml"))


def read(name: str | Path) -> tuple[Path, dict[str, Any]]:
    """Where a shipped preset, or a TOML file by path, lies, and its table laid over that of its `base`.

    Raises:
        ConfigError: no such preset, a file that is not TOML, one that builds on itself.
    """
    return _read(Path(name))


def choose_representation(name: str, **settings: Any) -> Representation:
    """A representation by a name of its own or of a preset, with other settings where they are given.

    Args:
        name: "drums-2bar", "drums" for its usual settings, a preset of music such as "melody-2bar-exact", or
            a TOML file of one.
        settings: those that are None stay what they are.

    Raises:
        ConfigError: the name or a setting is unknown, a setting is out of range, or it is no preset of music.
    """
    is_known = name in representations.PRESETS or name in representations.REGISTRY
    if is_known or not (_shipped(name) or name.endswith(".toml")):
        return representations.choose(name, **settings)
    path, table = read(name)
    config = table.get("representation")
    if not isinstance(config, dict):
        raise ConfigError(f"{path}: it holds no table [representation], as a preset of music does")
    given = {key: value for key, value in settings.items() if value is not None}
    return representations.from_config(config | given)


def _shipped(name: str) -> Path | None:
    return next((path for path in presets_dir().rglob("*.toml") if path.stem == name), None)


def _read(name: Path, above: tuple[Path, ...] = ()) -> tuple[Path, dict[str, Any]]:
    path = _shipped(str(name)) or (above[-1].parent if above else Path()) / expand(name)
    if path.suffix != ".toml" or not path.is_file():
        known = ", ".join(names())
        raise ConfigError(f"no preset '{name}': shipped presets are {known}; or give a .toml file")
    try:
        table = tables.read_toml(path)
    except ValueError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    if path.resolve() in [place.resolve() for place in above]:
        raise ConfigError(f"{above[-1]}: its base '{name}' builds on it in turn")
    base, table = table.pop("base", None), _placed(table, path.parent)
    if base is None:
        return path, table
    if not isinstance(base, str):
        raise ConfigError(f"{path}: 'base' must be the name of a preset or a .toml file, not {shown(base)}")
    return path, _merged(_read(Path(base), (*above, path))[1], table)


def _placed(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A preset's table, with the file of its drum map where that lies beside the preset, as its base does."""
    settings = table.get("representation")
    if not isinstance(settings, dict):
        return table
    name = settings.get("drum_map")
    if not isinstance(name, str) or not name.lower().endswith(".toml"):
        return table
    beside = folder / expand(name)
    return {**table, "representation": {**settings, "drum_map": str(beside)}} if beside.is_file() else table


def _merged(base: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """The base with the changes laid over it, table by table; another `kind` takes a table whole."""
    result = dict(base)
    for key, value in changes.items():
        old = base.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            kind = old.get("kind")
            value = _merged(old, value) if value.get("kind", kind) == kind else value
        result[key] = value
    return result
