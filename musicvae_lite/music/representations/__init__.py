"""Representations by name. A new one is one file and one line here."""

from __future__ import annotations

from typing import Any

from musicvae_lite.errors import ConfigError, shown
from musicvae_lite.music.representations.base import Example, Extraction, Rejection, Representation
from musicvae_lite.music.representations.drums import DrumsRepresentation
from musicvae_lite.music.representations.groove import GrooveRepresentation
from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.music.representations.multitrack import MultitrackRepresentation
from musicvae_lite.music.representations.pianoroll import PianorollRepresentation
from musicvae_lite.music.representations.rhythm import RhythmRepresentation
from musicvae_lite.music.representations.shape import ShapeRepresentation
from musicvae_lite.music.representations.trio import TrioRepresentation
from musicvae_lite.music.score import Meter

REGISTRY = {
    cls.name: cls
    for cls in (
        MelodyRepresentation,
        DrumsRepresentation,
        GrooveRepresentation,
        TrioRepresentation,
        PianorollRepresentation,
        MultitrackRepresentation,
        ShapeRepresentation,
        RhythmRepresentation,
    )
}

PRESETS = {
    "melody-2bar": MelodyRepresentation(bars=2),
    "melody-16bar": MelodyRepresentation(bars=16),
    "melody-2bar-waltz": MelodyRepresentation(bars=2, meter=Meter(3, 4)),
    "melody-2bar-jig": MelodyRepresentation(bars=2, meter=Meter(6, 8)),
    "melody-2bar-chords": MelodyRepresentation(bars=2, chords="triads"),
    "drums-2bar": DrumsRepresentation(bars=2),
    "drums-2bar-nade": DrumsRepresentation(bars=2, form="hits"),
    "drums-2bar-nade-full": DrumsRepresentation(bars=2, form="hits", drum_map="magenta-61"),
    "drums-16bar": DrumsRepresentation(bars=16),
    "groove-2bar": GrooveRepresentation(bars=2),
    "groove-4bar": GrooveRepresentation(bars=4),
    "groove-2bar-humanize": GrooveRepresentation(bars=2, task="humanize"),
    "groove-2bar-tap": GrooveRepresentation(bars=2, task="tap"),
    "groove-2bar-add-hihat": GrooveRepresentation(bars=2, task="add-hihat"),
    "groove-2bar-hits-control": GrooveRepresentation(bars=2, task="hits-control"),
    "trio-2bar": TrioRepresentation(bars=2),
    "trio-4bar": TrioRepresentation(bars=4),
    "trio-16bar": TrioRepresentation(bars=16),
    "pianoroll-2bar": PianorollRepresentation(bars=2),
    "pianoroll-16bar": PianorollRepresentation(bars=16),
    "multitrack-1bar": MultitrackRepresentation(),
    "multitrack-1bar-chords": MultitrackRepresentation(chords="triads", chords_throughout=True),
    "multitrack-track": MultitrackRepresentation(
        tracks=1, min_tracks=1, min_events=4, chords="triads", chords_throughout=True
    ),
    "shape-2bar": ShapeRepresentation(bars=2),
    "rhythm-2bar": RhythmRepresentation(bars=2),
    "rhythm-2bar-trio": RhythmRepresentation(bars=2, voices="trio"),
}


def from_config(config: dict[str, Any]) -> Representation:
    """Rebuilds a representation from what its `to_config` gave.

    Raises:
        ConfigError: the name or a setting is unknown, or a setting is out of range.
    """
    name = config.get("name") if isinstance(config, dict) else config
    if not isinstance(name, str) or name not in REGISTRY or name is config:
        raise ConfigError(f"no representation is called {shown(name)}: there are {', '.join(REGISTRY)}")
    return REGISTRY[name].from_config(config)


def choose(name: str, **settings: Any) -> Representation:
    """A preset or a representation by name, with other settings where they are given.

    Args:
        name: "drums-2bar", or "drums" for its usual settings.
        settings: those that are None stay what they are.

    Raises:
        ConfigError: the name or a setting is unknown, or a setting is out of range.
    """
    if name not in PRESETS and name not in REGISTRY:
        known = f"{', '.join(REGISTRY)}, and as presets {', '.join(PRESETS)}"
        raise ConfigError(f"no representation is called '{name}': there are {known}")
    config = PRESETS[name].to_config() if name in PRESETS else {"name": name}
    return from_config(config | {key: value for key, value in settings.items() if value is not None})


__all__ = [
    "PRESETS",
    "REGISTRY",
    "DrumsRepresentation",
    "Example",
    "Extraction",
    "GrooveRepresentation",
    "MelodyRepresentation",
    "MultitrackRepresentation",
    "PianorollRepresentation",
    "Rejection",
    "Representation",
    "RhythmRepresentation",
    "ShapeRepresentation",
    "TrioRepresentation",
    "choose",
    "from_config",
]
