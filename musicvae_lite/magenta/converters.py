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

TYPE = "MusicVAE"  # what a config.json calls these models
CHORDS = {"TriadChordEncoder": "triads", "PitchChordEncoder": "pitches"}
BAR = 16  # steps: 4/4 in 16ths, the only grid of magenta-js
MOST_STEPS = 1 << 14  # weights do not show how long a window is; a slip here must not cost all memory


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
    if not isinstance(spec, dict) or spec.get("type") != TYPE:
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
    if not isinstance(name, str) or name not in CONVERTERS:
        raise CheckpointError(f"{where}: dataConverter is {name!r}; it can be {', '.join(CONVERTERS)}")
    if not isinstance(args, dict):
        raise CheckpointError(f"{where}: {name}: 'args' should be a table, and is {args!r}")
    try:
        return CONVERTERS[name](name, args, spec)
    except ConfigError as error:
        raise CheckpointError(f"{where}: {name}: {error}") from error
    except (TypeError, ValueError, KeyError, AttributeError, ArithmeticError) as error:
        raise CheckpointError(
            f"{where}: {name}: an argument is missing or of the wrong type ({error!r})"
        ) from error


def _is_hits(controls: Any, spec: dict[str, Any]) -> bool:
    """Whether the extra controls are the hits that `specs` writes for grooves."""
    converter = spec.get("dataConverter")
    if not isinstance(converter, dict) or converter.get("type") != "GrooveConverter":
        return False
    names = [c.get("name") for c in controls if isinstance(c, dict)] if isinstance(controls, list) else []
    return names == ["hits"]


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
    if type(steps) is not int or not 1 <= steps <= MOST_STEPS or steps % BAR:
        raise ConfigError(
            f"numSteps is {steps!r}; it must be whole bars of {BAR} steps, and at most {MOST_STEPS}"
        )
    segments = args.get("numSegments") or 0
    if segments and (type(segments) is not int or segments < 1 or steps % segments):
        raise ConfigError(f"numSegments is {segments!r}, which does not divide {steps} steps")
    return steps, steps // BAR


def _melody(name: str, args: dict[str, Any], spec: dict[str, Any]) -> Converter:
    steps, bars = _bars(args)
    r = _built({"name": "melody", "bars": bars, **_range(args)}, spec)
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
    steps, bars = _bars(args)
    table = {"name": "rhythm", "bars": bars, **_range(args)}
    if name == "TrioRhythmConverter":
        table |= {"voices": "trio", **_shared_range(args), **_drum_map(args.get("drumsArgs") or {})}
    return Converter(name, _built(table, spec), steps, args.get("numSegments") or 0, f"rhythm-{bars}bar-js")


def _shape(name: str, args: dict[str, Any], spec: dict[str, Any]) -> Converter:
    steps, bars = _bars(args)
    r = _built({"name": "shape", "bars": bars, **_range(args)}, spec)
    return Converter(name, r, steps, args.get("numSegments") or 0, f"shape-{bars}bar-js")


def _trio(name: str, args: dict[str, Any], spec: dict[str, Any]) -> Converter:
    steps, bars = _bars(args)
    table = {"name": "trio", "bars": bars, **_shared_range(args), **_drum_map(args.get("drumsArgs") or {})}
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
    if odd or not 1 <= tracks <= steps <= MOST_STEPS or steps % tracks:
        raise ConfigError(
            f"'{(odd or ['numSteps'])[0]}' is {args.get((odd or ['numSteps'])[0])!r}, which is not supported"
        )
    r = _built({"name": "multitrack", "tracks": tracks, "events": steps // tracks}, spec)
    return Converter(name, r, steps, tracks, "multitrack-1bar-js", end=events.END)


def _range(args: dict[str, Any]) -> dict[str, int]:
    """The settings for the pitches of a melody."""
    return {"lowest": int(args.get("minPitch", 21)), "highest": int(args.get("maxPitch", 108))}


def _shared_range(args: dict[str, Any]) -> dict[str, int]:
    """The range that melody and bass of a trio share."""
    melody, bass = (_range(args.get(key) or {}) for key in ("melArgs", "bassArgs"))
    if melody != bass:
        raise ConfigError("melody and bass have ranges of their own, which is not supported")
    return melody


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
