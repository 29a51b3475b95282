"""`mvae inspect`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from musicvae_lite.music.inspection import Inspection

MAX_TRACKS = 16  # more are counted, so that it all stays one screen
MAX_PLACES = 4


def inspect(
    file: Annotated[Path, typer.Argument(help="Music: MIDI, ABC (book.abc#3 for a tune), MusicXML.")],
    representation: Annotated[
        str | None,
        typer.Option("-r", "--representation", help="Try this one. (default: every preset)"),
    ] = None,
    bars: Annotated[int | None, typer.Option(help="Bars a window. (default: 2)")] = None,
    meter: Annotated[str | None, typer.Option(help="Meter of the windows. (default: 4/4)")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show what a song holds and what models would take."""
    from musicvae_lite.music.inspection import inspect_score
    from musicvae_lite.music.reading import read_song
    from musicvae_lite.music.representations import PRESETS, from_config
    from mvae.output import print_json

    representations: dict[str, Any] = dict(PRESETS)
    asked = {"name": representation, "bars": bars, "meter": meter}
    given = {key: value for key, value in asked.items() if value is not None}
    if given:
        one = from_config({"name": "melody", "bars": 2, "meter": "4/4"} | given)
        representations = {one.name: one}
    result = inspect_score(read_song(file), representations)
    if as_json:
        print_json(result.to_json())
    else:
        show(result)
    if not result.usable:
        raise typer.Exit(1)


def show(song: Inspection) -> None:
    """Everything on one screen."""
    from mvae.output import duration, note, table

    print(f"{song.source}" + (f'  "{song.title}"' if song.title else ""))
    print(f"{duration(song.seconds)} long, {song.bars} bars, {song.notes:,} notes")
    print(f"meter {_places(song.meters)}   tempo {_places(song.tempos)}")
    if song.chords:
        print(f"chords {_some(song.chords, 10)}")
    rows = [
        (
            track.number,
            track.name,
            track.program_name,
            track.notes,
            f"{track.lowest}-{track.highest}" if track.notes else "",
            f"{track.polyphony:.0%}",
            f"{track.off_grid:.0%}",
        )
        for track in song.tracks[:MAX_TRACKS]
    ]
    table(("track", "name", "program", "notes", "pitches", "overlap", "off grid"), rows)
    if len(song.tracks) > MAX_TRACKS:
        print(f"and {len(song.tracks) - MAX_TRACKS} tracks more")
    takes = [(t.label, f"{t.bars} x {t.meter}", t.windows, _shortened(t.bars_covered)) for t in song.takes]
    table(("model", "window", "windows", "starting in bars"), takes)
    missing = [
        (take.label, rule.code, _shortened(rule.bars), rule.detail)
        for take in song.takes
        for rule in take.rejections
    ]
    if missing:
        table(("why not more", "rule", "bars", "first of them"), missing)
    for choice in dict.fromkeys(take.choice for take in song.takes if take.choice):
        print(f"melody: {choice}")
    for warning in song.warnings:
        note(warning)


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
