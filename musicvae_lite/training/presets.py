"""Presets: named recipes for a model and its training."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from musicvae_lite.errors import ConfigError, shown
from musicvae_lite.settings import convert, from_table
from musicvae_lite.training import preset_files
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
        name: of its file, without ".toml".
        family: a name in `FAMILIES`.
        model: the tables the family's config is read from.
    """

    name: str
    about: str
    model: dict[str, Any]
    training: Any  # of the family's class of settings
    family: str = "music"


def preset_names(family: str | None = None) -> list[str]:
    """Names of the shipped presets, of one family or all."""
    found = preset_files.names()
    return [name for name in found if family is None or load_preset(name).family == family]


def load_preset(name: str, **overrides: Any) -> Preset:
    """A shipped preset by name, or a TOML file of the same form by path.

    A preset may name another as its `base` and then holds only what differs. Its `family` is "music"
    unless it says otherwise.

    Args:
        overrides: training settings that replace the preset's; None leaves the preset's. An `init_from`
            of "none", here or in the file, starts from fresh weights.

    Raises:
        ConfigError: no such preset, a file that is not TOML, an unknown setting.
    """
    path, table = preset_files.read(name)
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
    about = convert(table.pop("about", ""), str, f"{path}: 'about'")
    training = from_table(family.training, table.pop("training", {}), f"{path.name}, [training]")
    given = {key: value for key, value in overrides.items() if value is not None}
    training = replace(training, **given)
    if training.init_from == "none":
        training = replace(training, init_from=None)
    return Preset(path.stem, about, table, training, family_name)
