"""The converters that magenta-js checkpoints name, as representations of ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from musicvae_lite.errors import CheckpointError, ConfigError
from musicvae_lite.magenta.structure import Structure
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.stock.decoders import StockDecoderSettings
from musicvae_lite.models.stock.encoders import StockEncoderSettings
from musicvae_lite.music import representations
from musicvae_lite.music.representations import events
from musicvae_lite.music.representations.base import Representation

CHORDS = {"TriadChordEncoder": "triads", "PitchChordEncoder": "pitches"}
BAR = 16  # steps: 4/4 in 16ths, the only grid of magenta-js


@dataclass(frozen=True)
class Converter:
    """A converter with its arguments.

    Attributes:
        type: its name, such as "MelodyConverter".
        representation: what it is here.
        steps: steps a window.
        segments: of a hierarchical model; 0 for flat ones.
        default_name: what to call a model that no stock configuration matches.
        roll: its encoder reads drums as zeros and ones.
        end: the token that ends a segment.
    """

    type: str
    representation: Representation
    steps: int
    segments: int
    default_name: str
    roll: bool = False
    end: int | None = None

    def config(self, found: Structure) -> MusicConfig:
        """The model of a checkpoint with this converter; its sizes are still to be put in."""
        length = self.steps // self.segments if self.segments else 0
        up, down = ((length, self.segments), (self.segments, length)) if self.segments else ((), ())
        encoder = StockEncoderSettings(
            levels=up if found.encoder_levels else (), roll=self.roll, end=self.end
        )
        decoder = StockDecoderSettings(
            levels=down if found.conductor_levels else (), split=found.is_split, nade=found.nade, end=self.end
        )
        return MusicConfig(self.representation, encoder, decoder, found.z)


def converter_of(spec: Any, where: str) -> Converter:
    """From a magenta-js config.json.

    Raises:
        CheckpointError: it is no MusicVAE's, or something in it has no counterpart here.
    """
    if not isinstance(spec, dict) or spec.get("type") != "MusicVAE":
        kind = spec.get("type") if isinstance(spec, dict) else spec
        raise CheckpointError(f"{where}: type is {kind!r}; what is read here is a MusicVAE")
    if spec.get("conditionOnKey"):
        raise CheckpointError(
            f"{where}: the model is told keys ('conditionOnKey'), which no representation here is"
        )
    controls = spec.get("extraControls") or []
    if controls and not _is_hits(controls, spec):
        raise CheckpointError(f"{where}: the model is told more than chords ('extraControls'): not supported")
    table = spec.get("dataConverter")
    name, args = (table.get("type"), table.get("args") or {}) if isinstance(table, dict) else (None, None)
    if name not in CONVERTERS or not isinstance(args, dict):
        raise CheckpointError(f"{where}: dataConverter is {name!r}; it can be {', '.join(CONVERTERS)}")
    try:
        return CONVERTERS[name](name, args, spec)
    except ConfigError as error:
        raise CheckpointError(f"{where}: {name}: {error}") from error
    except (TypeError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"{where}: {name}: an argument is missing or of the wrong type ({error!r})"
        ) from error


def _is_hits(controls: Any, spec: dict[str, Any]) -> bool:
    """Whether the extra controls are the hits that `spec_of` writes for grooves."""
    is_groove = (
        isinstance(spec.get("dataConverter"), dict) and spec["dataConverter"].get("type") == "GrooveConverter"
    )
    return is_groove and isinstance(controls, list) and [c.get("name") for c in controls] == ["hits"]


def _built(table: dict[str, Any], spec: dict[str, Any]) -> Representation:
    if spec.get("chordEncoder"):
        table = {**table, "chords": _chords(spec["chordEncoder"])}
    return representations.from_config(table)


def _chords(encoder: str) -> str:
    if encoder not in CHORDS:
        raise ConfigError(
            f"chords are given by a {encoder}, which is not known; known are {', '.join(CHORDS)}"
        )
    return CHORDS[encoder]


def _bars(args: dict[str, Any]) -> tuple[int, int]:
    """Steps and bars of a window."""
    steps = args.get("numSteps")
    if type(steps) is not int or steps < 1 or steps % BAR:
        raise ConfigError(f"numSteps is {steps!r}; it must be whole bars of {BAR} steps")
    segments = args.get("numSegments") or 0
    if segments and (type(segments) is not int or segments < 1 or steps % segments):
        raise ConfigError(f"numSegments is {segments!r}, which does not divide {steps} steps")
    return steps, steps // BAR


def _melody(name: str, args: dict[str, Any], spec: dict[str, Any]) -> Converter:
    steps, bars = _bars(args)
    lowest, highest = int(args.get("minPitch", 21)), int(args.get("maxPitch", 108))
    r = _built({"name": "melody", "bars": bars, "lowest": lowest, "highest": highest}, spec)
    return Converter(name, r, steps, args.get("numSegments") or 0, f"melody-{bars}bar-js")


def _drums(name: str, args: dict[str, Any], spec: dict[str, Any]) -> Converter:
    steps, bars = _bars(args)
    form = "hits" if name == "DrumRollConverter" else "tokens"
    table = {"name": "drums", "bars": bars, "form": form, **_drum_map(args)}
    roll = name != "DrumsOneHotConverter"
    return Converter(
        name, _built(table, spec), steps, args.get("numSegments") or 0, f"drums-{bars}bar-js", roll
    )


def _rhythm(name: str, args: dict[str, Any], spec: dict[str, Any]) -> Converter:
    """When notes begin, and nothing of their pitch: drums, as magenta-js writes them too."""
    steps, bars = _bars(args)
    parts = (
        {"note": [38]} if name == "MelodyRhythmConverter" else {"melody": [38], "bass": [36], "drums": [42]}
    )
    table = {"name": "drums", "bars": bars, "form": "hits", "drum_map": {"name": "rhythm", "classes": parts}}
    return Converter(name, _built(table, spec), steps, args.get("numSegments") or 0, f"rhythm-{bars}bar-js")


def _shape(name: str, args: dict[str, Any], spec: dict[str, Any]) -> Converter:
    raise ConfigError("the ups and downs of a melody without its pitches have no counterpart here")


def _trio(name: str, args: dict[str, Any], spec: dict[str, Any]) -> Converter:
    steps, bars = _bars(args)
    melody, bass, drums = (args.get(key) or {} for key in ("melArgs", "bassArgs", "drumsArgs"))
    ranges = {(int(part.get("minPitch", 21)), int(part.get("maxPitch", 108))) for part in (melody, bass)}
    if len(ranges) > 1:
        raise ConfigError("melody and bass have ranges of their own, which is not supported")
    lowest, highest = ranges.pop()
    table = {"name": "trio", "bars": bars, "lowest": lowest, "highest": highest, **_drum_map(drums)}
    return Converter(name, _built(table, spec), steps, args.get("numSegments") or 0, f"trio-{bars}bar-js")


def _groove(name: str, args: dict[str, Any], spec: dict[str, Any]) -> Converter:
    if args.get("splitInstruments"):
        raise ConfigError("'splitInstruments' is not supported: here a step holds all drums")
    steps, bars = _bars(args)
    task = "tap" if args.get("tapify") else "humanize" if args.get("humanize") else "play"
    task = "hits-control" if spec.get("extraControls") else task
    r = _built({"name": "groove", "bars": bars, "task": task, **_drum_map(args)}, spec)
    return Converter(name, r, steps, args.get("numSegments") or 0, f"groove-{bars}bar-js")


def _multitrack(name: str, args: dict[str, Any], spec: dict[str, Any]) -> Converter:
    tracks, steps = int(args["numSegments"]), int(args["numSteps"])
    wanted = {"totalSteps": 96, "numVelocityBins": 8, "stepsPerQuarter": 24}
    odd = [key for key, value in wanted.items() if args.get(key) != value]
    odd += [key for key, value in (("minPitch", 0), ("maxPitch", 127)) if (args.get(key) or value) != value]
    if odd or steps % tracks:
        raise ConfigError(
            f"'{(odd or ['numSteps'])[0]}' is {args.get((odd or ['numSteps'])[0])!r}, which is not supported"
        )
    r = _built({"name": "multitrack", "tracks": tracks, "events": steps // tracks}, spec)
    return Converter(name, r, steps, tracks, "multitrack-1bar-js", end=events.END)


def _drum_map(args: dict[str, Any]) -> dict[str, Any]:
    """The setting for pitch classes of the checkpoint's own; none for the usual nine."""
    classes = args.get("pitchClasses")
    if not classes:
        return {}
    drums = {f"drum {number}": [int(pitch) for pitch in group] for number, group in enumerate(classes, 1)}
    return {"drum_map": {"name": "magenta-js", "classes": drums}}


CONVERTERS: dict[str, Callable[[str, dict[str, Any], dict[str, Any]], Converter]] = {
    "MelodyConverter": _melody,
    "MelodyRhythmConverter": _rhythm,
    "MelodyShapeConverter": _shape,
    "DrumsConverter": _drums,
    "DrumRollConverter": _drums,
    "DrumsOneHotConverter": _drums,
    "TrioConverter": _trio,
    "TrioRhythmConverter": _rhythm,
    "MultitrackConverter": _multitrack,
    "GrooveConverter": _groove,
}


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
    spec: dict[str, Any] = {"type": "MusicVAE", "dataConverter": None}
    spec["dataConverter"] = {"type": WRITERS[r.name](config, args, spec), "args": args}
    chords = getattr(r, "chords", None)
    if chords is not None:
        spec["chordEncoder"] = {ours: theirs for theirs, ours in CHORDS.items()}[chords]
    return spec


def _write_melody(config: MusicConfig, args: dict[str, Any], spec: dict[str, Any]) -> str:
    r: Any = config.representation
    args |= {"minPitch": r.lowest, "maxPitch": r.highest}
    return "MelodyConverter"


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
    if not config.decoder.split:
        raise ConfigError(
            "magenta-js gives each voice of a trio a core of its own ('split'), this model has one for all"
        )
    span = {"minPitch": r.lowest, "maxPitch": r.highest}
    args |= {"melArgs": dict(span), "bassArgs": dict(span), "drumsArgs": _pitch_classes(r)}
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


def _pitch_classes(r: Any) -> dict[str, Any]:
    return (
        {}
        if r.drum_map.name == "magenta-9"
        else {"pitchClasses": [list(group) for group in r.drum_map.pitches]}
    )


WRITERS: dict[str, Callable[[MusicConfig, dict[str, Any], dict[str, Any]], str]] = {
    "melody": _write_melody,
    "drums": _write_drums,
    "trio": _write_trio,
    "multitrack": _write_multitrack,
    "groove": _write_groove,
}
