"""Drum maps: which MIDI pitches count as which drum.

The maps that come with the package are the TOML files in this folder; a user's own has the same form:
a table `classes` from the name of a drum to its pitches, the one to write first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from musicvae_lite import tables
from musicvae_lite.errors import ConfigError, shown
from musicvae_lite.resources import expand

FOLDER = Path(__file__).parent
NONE = 255  # class of a pitch that no drum has
MOST = 128


@dataclass(frozen=True)
class DrumMap:
    """Drums in order, each with its pitches.

    Attributes:
        name: of the map.
        drums: names.
        pitches: MIDI numbers of each drum, the one to write first; no pitch in two drums.
    """

    name: str
    drums: tuple[str, ...]
    pitches: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        where = f"drum map '{self.name}'"
        if not 1 <= len(self.drums) <= MOST or len(set(self.drums)) != len(self.drums):
            raise ConfigError(f"{where}: it needs from 1 to {MOST} drums, each with a name of its own")
        if len(self.pitches) != len(self.drums):
            raise ConfigError(f"{where}: {len(self.drums)} drums, but pitches for {len(self.pitches)}")
        owner: dict[int, str] = {}
        for drum, group in zip(self.drums, self.pitches, strict=True):
            if not group:
                raise ConfigError(f"{where}: '{drum}' has no pitch")
            for pitch in group:
                if isinstance(pitch, bool) or not isinstance(pitch, int) or not 0 <= pitch <= 127:
                    raise ConfigError(
                        f"{where}: '{drum}' has pitch {shown(pitch)}; a pitch is a number, 0 to 127"
                    )
                if pitch in owner:
                    raise ConfigError(f"{where}: pitch {pitch} is both '{owner[pitch]}' and '{drum}'")
                owner[pitch] = drum

    def __len__(self) -> int:
        return len(self.drums)

    @property
    def written(self) -> np.ndarray:
        """The pitch each drum is written with, int64 [C]."""
        return np.array([group[0] for group in self.pitches])

    @property
    def classes(self) -> np.ndarray:
        """The drum of every pitch, uint8 [128]; NONE where there is none."""
        table = np.full(128, NONE, dtype=np.uint8)
        for number, group in enumerate(self.pitches):
            table[list(group)] = number
        return table

    def index(self, drum: str) -> int:
        """The number of a drum. Raises ConfigError when the map has no such drum."""
        if drum not in self.drums:
            raise ConfigError(f"drum map '{self.name}' has no '{drum}': it has {', '.join(self.drums)}")
        return self.drums.index(drum)

    def to_config(self) -> str | dict[str, Any]:
        """The name of a map that comes with the package, or the whole of any other."""
        if self.name in names() and named(self.name) == self:
            return self.name
        classes = {d: list(p) for d, p in zip(self.drums, self.pitches, strict=True)}
        return {"name": self.name, "classes": classes}


def names() -> list[str]:
    """Maps that come with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@cache
def named(name: str) -> DrumMap:
    """A map that comes with the package. Raises ConfigError when there is none of that name."""
    if name not in names():
        known = ", ".join(names())
        raise ConfigError(
            f"no drum map is called '{name}': there are {known}; a file of your own ends in .toml"
        )
    return _build(name, tables.read_toml(FOLDER / f"{name}.toml"))


def find(given: str | Path | dict[str, Any] | DrumMap) -> DrumMap:
    """A map by its name, from a TOML file of the user's, or from what `to_config` gave.

    Raises:
        ConfigError: there is no such map or file, or it is no drum map.
    """
    if isinstance(given, DrumMap):
        return given
    if isinstance(given, dict):
        return _build(str(given.get("name", "own")), given)
    if str(given).lower().endswith(".toml"):
        path = expand(given)
        try:
            table = tables.read_toml(path)
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{given}: this drum map cannot be read ({error})") from error
        except ValueError as error:
            raise ConfigError(f"drum map '{path.stem}': it is no TOML ({error})") from error
        return _build(path.stem, table)
    return named(str(given))


def _build(name: str, table: dict[str, Any]) -> DrumMap:
    unknown = sorted(set(table) - {"name", "classes", "split"})
    if unknown:
        raise ConfigError(f"drum map '{name}': it has no setting '{unknown[0]}'")
    classes = table.get("classes")
    if not isinstance(classes, dict) or not all(isinstance(group, list) for group in classes.values()):
        raise ConfigError(f"drum map '{name}': write a table [classes] with lines like kick = [36, 35]")
    drums, pitches = tuple(classes), tuple(tuple(group) for group in classes.values())
    if table.get("split"):
        drums = tuple(f"{drum}-{pitch}" for drum, group in classes.items() for pitch in group)
        pitches = tuple((pitch,) for group in pitches for pitch in group)
    return DrumMap(name, drums, pitches)
