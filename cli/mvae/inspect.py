"""`mvae inspect`."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from musicvae_lite.music.inspection import Inspection, TakeReport
    from musicvae_lite.music.representations import Representation

MAX_TRACKS = 16  # more are counted, so that it all stays one screen
MAX_PROGRAMS = 3  # of a track
MAX_PLACES = 4


def inspect(
    file: Annotated[Path, typer.Argument(help="Music: MIDI, ABC (book.abc#3 for a tune), MusicXML.")],
    representation: Annotated[
        str | None,
        typer.Option("-r", "--representation", help="Try this one, drums or drums-16bar. (default: all)"),
    ] = None,
    bars: Annotated[
        int | None, typer.Option(min=1, help="Bars a window. (default: the representation's)")
    ] = None,
    meter: Annotated[str | None, typer.Option(help="Meter of the windows. (default: 4/4)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what a song holds and what models would take."""
    from musicvae_lite.music.inspection import inspect_score
    from musicvae_lite.music.reading import read_song
    from musicvae_lite.music.representations import PRESETS
    from musicvae_lite.music.score import Meter
    from musicvae_lite.training.preset_files import choose_representation
    from mvae.output import print_json
    from mvae.usage import wrong_usage

    if meter is not None:
        with wrong_usage("--meter"):
            Meter.parse(meter)
    representations: dict[str, Any] = dict(PRESETS)
    if any(setting is not None for setting in (representation, bars, meter)):
        name = "melody" if representation is None else representation
        representations = {name: choose_representation(name, bars=bars, meter=meter)}
    result = inspect_score(read_song(file), representations)
    if as_json:
        print_json(result.to_json())
    else:
        show(result, {name: _what(name, r) for name, r in representations.items()})
    if not result.usable:
        raise typer.Exit(1)


def show(song: Inspection, kinds: Mapping[str, str]) -> None:
    """Everything on one screen.

    Args:
        song: with takes under names.
        kinds: what goes by each of the names.
    """
    from musicvae_lite.errors import counted
    from mvae.output import console, duration, note, table, tell, visible

    tell(f"{song.source}" + (f'  "{song.title}"' if song.title else ""))
    tell(f"{duration(song.seconds)} long, {counted(song.bars, 'bar')}, {counted(song.notes, 'note')}")
    key = f"   key {_places(song.keys)}" if song.keys else ""
    tell(f"meter {_places(song.meters)}   tempo {_places(song.tempos)}{key}")
    if song.chords:
        tell(f"chords {_some(song.chords, 10)}")
    rows = [
        (
            track.number,
            track.name,
            _some(track.program_names, MAX_PROGRAMS),
            track.notes,
            f"{track.lowest}-{track.highest}" if track.notes else "",
            f"{track.polyphony:.0%}",
            f"{track.off_grid:.0%}",
        )
        for track in song.tracks[:MAX_TRACKS]
    ]
    table(("track", "name", "program", "notes", "pitches", "overlap", "off grid"), rows)
    if len(song.tracks) > MAX_TRACKS:
        tell(f"and {counted(len(song.tracks) - MAX_TRACKS, 'track')} more")
    takes = [
        (_names(group), kind, f"{first.bars} x {first.meter}", first.windows, _shortened(first.bars_covered))
        for kind, group in _alike(song.takes, kinds)
        for first in group[:1]
    ]
    table(("name", "what", "window", "windows", "starting in bars"), takes)
    missing: dict[tuple[str, str, str], list[TakeReport]] = {}
    for take in song.takes:
        for rule in take.rejections:
            missing.setdefault((rule.code, rule.bars, rule.detail), []).append(take)
    if missing:
        rows = [(_names(t), code, _shortened(bars), detail) for (code, bars, detail), t in missing.items()]
        table(("why not more", "rule", "bars", "first of them"), rows)
    chosen: dict[str, str] = {}
    for take in song.takes:
        if take.choice:
            chosen.setdefault(take.representation, take.choice)
    for name, choice in chosen.items():
        tell(*textwrap.wrap(visible(f"{name}: {choice}"), console().width, subsequent_indent="  "))
    for warning in dict.fromkeys(text for take in song.takes for text in take.warnings):
        note(warning)
    for warning in song.warnings:
        note(warning)


def _what(name: str, r: Representation) -> str:
    """What goes by a name with just this representation: a trained model, a recipe to train one by, or only
    datasets that `mvae prepare -r` makes."""
    from musicvae_lite import finding
    from musicvae_lite.errors import CheckpointError, ConfigError
    from musicvae_lite.models import catalogue
    from musicvae_lite.music import representations
    from musicvae_lite.training import preset_files

    try:
        if catalogue.representation(finding.find(name)) == r:
            return "model"
    except CheckpointError:
        pass
    try:
        if representations.from_config(preset_files.read(name)[1].get("representation", {})) == r:
            return "recipe"
    except ConfigError:
        pass
    return "dataset"


def _alike(takes: Sequence[TakeReport], kinds: Mapping[str, str]) -> list[tuple[str, list[TakeReport]]]:
    """Groups of takes of one kind and representation that find the same windows, each with its kind."""
    groups: dict[tuple, list[TakeReport]] = {}
    for take in takes:
        kind = kinds[take.label]
        key = (kind, take.representation, take.bars, take.meter, take.windows, take.bars_covered)
        groups.setdefault(key, []).append(take)
    return [(kind, group) for (kind, *_), group in groups.items()]


def _names(takes: Sequence[TakeReport]) -> str:
    """ "drums-2bar and 2 more": the first of several."""
    more = f" and {len(takes) - 1} more" if len(takes) > 1 else ""
    return takes[0].label + more


def _places(places: Sequence[Any]) -> str:
    """ "4/4, from bar 9 3/4"."""
    first, *rest = places
    words = [f"{first.value}", *(f"from bar {p.bar} {p.value}" for p in rest)]
    return _some(words, MAX_PLACES)


def _some(words: Sequence[str], most: int) -> str:
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more


def _shortened(bars: str) -> str:
    """At most six runs of bars."""
    return _some(bars.split(", "), 6)
