"""The config.json of magenta-js for models of ours: what `converters` reads, written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from musicvae_lite.errors import ConfigError
from musicvae_lite.magenta.converters import CHORDS, TYPE
from musicvae_lite.models.assembly import MusicConfig

TASKS = ("play", "tap", "humanize", "hits-control")  # that its groove converter knows


def spec_of(config: MusicConfig) -> dict[str, Any]:
    """The config.json of magenta-js for a model.

    Raises:
        ConfigError: magenta-js has no converter for its representation.
    """
    r = config.representation
    if r.name not in WRITERS:
        raise ConfigError(f"magenta-js has no converter for the representation '{r.name}'")
    if str(r.meter) != "4/4" or r.steps_per_quarter != (24 if r.name == "multitrack" else 4):
        raise ConfigError(
            f"magenta-js knows 4/4 in 16ths alone, not {r.meter} in {r.steps_per_quarter} a quarter"
        )
    args: dict[str, Any] = {"numSteps": r.steps}
    if getattr(config.decoder, "levels", ()):
        args["numSegments"] = config.decoder.levels[0]
    spec: dict[str, Any] = {"type": TYPE, "dataConverter": None}
    spec["dataConverter"] = {"type": WRITERS[r.name](config, args, spec), "args": args}
    chords = getattr(r, "chords", None)
    if chords is not None:
        spec["chordEncoder"] = {ours: theirs for theirs, ours in CHORDS.items()}[chords]
    return spec


def task_lost(config: MusicConfig) -> list[str]:
    """A sentence on the task of a groove model that magenta-js does not know; none where it does."""
    task = config.representation.task
    if task in TASKS:
        return []
    return [
        f"magenta-js knows no task '{task}': it gives such a model whatever is played, so leave out what the "
        "model is to add; `mvae models import` needs --config to know the task again"
    ]


def _write_melody(config: MusicConfig, args: dict[str, Any], spec: dict[str, Any]) -> str:
    r: Any = config.representation
    args |= _span(r)
    return "MelodyConverter"


def _write_shape(config: MusicConfig, args: dict[str, Any], spec: dict[str, Any]) -> str:
    args |= _span(config.representation)
    return "MelodyShapeConverter"


def _write_rhythm(config: MusicConfig, args: dict[str, Any], spec: dict[str, Any]) -> str:
    r: Any = config.representation
    if config.encoder.roll:
        raise ConfigError("magenta-js's rhythm encoders read no input for silence ('roll'), this one does")
    if not config.decoder.nade:
        spec["useBooleanDecoder"] = True
    if r.voices == "melody":
        args |= _span(r)
        return "MelodyRhythmConverter"
    _check_split(config)
    args |= {"melArgs": _span(r), "bassArgs": _span(r), "drumsArgs": _pitch_classes(r)}
    return "TrioRhythmConverter"


def _write_drums(config: MusicConfig, args: dict[str, Any], spec: dict[str, Any]) -> str:
    r: Any = config.representation
    args |= _pitch_classes(r)
    if r.form == "tokens":
        return "DrumsConverter" if config.encoder.roll else "DrumsOneHotConverter"
    if not config.encoder.roll:
        raise ConfigError(
            "magenta-js's drum encoders read one more input for silence ('roll'), this one does not"
        )
    if not config.decoder.nade:
        spec["useBooleanDecoder"] = True
    return "DrumRollConverter"


def _write_trio(config: MusicConfig, args: dict[str, Any], spec: dict[str, Any]) -> str:
    r: Any = config.representation
    _check_split(config)
    args |= {"melArgs": _span(r), "bassArgs": _span(r), "drumsArgs": _pitch_classes(r)}
    return "TrioConverter"


def _write_multitrack(config: MusicConfig, args: dict[str, Any], spec: dict[str, Any]) -> str:
    args |= {"stepsPerQuarter": 24, "totalSteps": 96, "numVelocityBins": 8}
    return "MultitrackConverter"


def _write_groove(config: MusicConfig, args: dict[str, Any], spec: dict[str, Any]) -> str:
    r: Any = config.representation
    args |= _pitch_classes(r)
    if r.task == "hits-control":
        spec["extraControls"] = [{"name": "hits", "depth": len(r.drum_map)}]
    args |= {"tapify": r.task == "tap", "humanize": r.task == "humanize"}
    return "GrooveConverter"


def _check_split(config: MusicConfig) -> None:
    if not config.decoder.split:
        raise ConfigError(
            "magenta-js gives each voice of a trio a core of its own ('split'), this model has one for all"
        )


def _span(r: Any) -> dict[str, int]:
    return {"minPitch": r.lowest, "maxPitch": r.highest}


def _pitch_classes(r: Any) -> dict[str, Any]:
    return (
        {}
        if r.drum_map.name == "magenta-9"
        else {"pitchClasses": [list(group) for group in r.drum_map.pitches]}
    )


WRITERS: dict[str, Callable[[MusicConfig, dict[str, Any], dict[str, Any]], str]] = {
    "melody": _write_melody,
    "shape": _write_shape,
    "rhythm": _write_rhythm,
    "drums": _write_drums,
    "trio": _write_trio,
    "multitrack": _write_multitrack,
    "groove": _write_groove,
}
