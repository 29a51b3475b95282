"""Presets: named recipes for a model and its training, as TOML files that may build on each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from musicvae_lite import tables
from musicvae_lite.errors import ConfigError, shown
from musicvae_lite.resources import expand
from musicvae_lite.settings import from_table
from musicvae_lite.training.settings import ImageTraining, MusicTraining, TrainingSettings


@dataclass(frozen=True)
class Family:
    """What a preset of one family of models holds.

    Attributes:
        training: the class of its table [training].
        needs: keys that describe the model, all of which it must have.
        may: keys that describe the model and have a default.
    """

    training: type[TrainingSettings]
    needs: tuple[str, ...]
    may: tuple[str, ...] = ()


FAMILIES = {
    "music": Family(MusicTraining, ("z", "representation", "encoder", "decoder"), ("labels",)),
    "image": Family(
        ImageTraining,
        ("z", "encoder", "decoder"),
        ("likelihood", "conditional", "picture", "corruption", "regulariser"),
    ),
}


@dataclass(frozen=True)
class Preset:
    """A named recipe: tables for the model, settings for its training.

    Attributes:
        name: of the file, or of the folder a user's own TOML lies in.
        family: a name in `FAMILIES`.
        model: the tables the family's config is read from.
    """

    name: str
    about: str
    model: dict[str, Any]
    training: Any  # of the family's class of settings
    family: str = "music"


def presets_dir() -> Path:
    return Path(__file__).parent.parent / "presets"


def preset_names(family: str | None = None) -> list[str]:
    """Names of the shipped presets, of one family or all; they may lie in folders of their own."""
    names = sorted(path.stem for path in presets_dir().rglob("*.toml"))
    return [name for name in names if family is None or load_preset(name).family == family]


def load_preset(name: str, **overrides: Any) -> Preset:
    """A shipped preset by name, or a TOML file of the same form by path.

    A preset may name another as its `base` and then holds only what differs. Its `family` is "music"
    unless it says otherwise.

    Args:
        overrides: training settings that replace the preset's; None leaves the preset's. An `init_from`
            of "none" starts from fresh weights.

    Raises:
        ConfigError: no such preset, a file that is not TOML, an unknown setting.
    """
    path, table = _read(Path(name))
    family_name = table.pop("family", "music")
    if not isinstance(family_name, str) or family_name not in FAMILIES:
        raise ConfigError(f"{path}: family is {shown(family_name)}; it can be {', '.join(FAMILIES)}")
    family = FAMILIES[family_name]
    holds = ", ".join(("about", "family", *family.needs, *family.may, "training", "base"))
    for key in table:
        if key not in ("about", "training", *family.needs, *family.may):
            raise ConfigError(f"{path}: unknown setting '{key[:80]}'; a preset holds {holds}")
    missing = [key for key in family.needs if key not in table]
    if missing:
        raise ConfigError(f"{path}: '{missing[0]}' is missing; a preset holds {holds}")
    training = from_table(family.training, table.pop("training", {}), f"{path.name}, [training]")
    given = {key: value for key, value in overrides.items() if value is not None}
    if given.get("init_from") == "none":
        given["init_from"] = None
    return Preset(path.stem, table.pop("about", ""), table, replace(training, **given), family_name)


def _shipped(name: str) -> Path | None:
    return next((path for path in presets_dir().rglob("*.toml") if path.stem == name), None)


def _read(name: Path, above: tuple[Path, ...] = ()) -> tuple[Path, dict[str, Any]]:
    path = _shipped(str(name)) or (above[-1].parent if above else Path()) / expand(name)
    if path.suffix != ".toml" or not path.is_file():
        known = ", ".join(preset_names())
        raise ConfigError(f"no preset '{name}': shipped presets are {known}; or give a .toml file")
    try:
        table = tables.read_toml(path)
    except ValueError as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    if path.resolve() in [place.resolve() for place in above]:
        raise ConfigError(f"{above[-1]}: its base '{name}' builds on it in turn")
    base = table.pop("base", None)
    if base is None:
        return path, table
    if not isinstance(base, str):
        raise ConfigError(f"{path}: 'base' must be the name of a preset or a .toml file, not {shown(base)}")
    return path, _merged(_read(Path(base), (*above, path))[1], table)


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
