"""`mvae search`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mvae.takes_output import AsJson, BarsOption, Model, TrackOption


def search(
    file: Annotated[str, typer.Argument(help="Music: MIDI, ABC (book.abc#3) or MusicXML.")],
    data: Annotated[Path, typer.Argument(help="A prepared dataset, or a folder of music.")],
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many songs.")] = 10,
    split: Annotated[
        str | None, typer.Option(help="Of a dataset: train, validation or test. (default: train)")
    ] = None,
    model: Model = None,
    bars: BarsOption = None,
    track: TrackOption = None,
    as_json: AsJson = False,
) -> None:
    """Find the songs of a dataset that come nearest to some music.

    The music is also moved to other keys, an octave up and down at most. Where that brings it nearer, the
    find lies so many semitones above it, or with a minus below it.
    """
    from musicvae_lite.errors import counted
    from mvae.output import Progress, note, print_json, table, tell
    from mvae.takes_output import open_model, parse_bars
    from mvae.usage import split_of

    split = split_of(data, split, "train")
    vae, picks, why = open_model(model, [file], [parse_bars(bars)], [track])

    from musicvae_lite.collections import searching
    from musicvae_lite.training.dataset import copies_removed

    with Progress("searching", unit="windows", quiet=as_json) as shown:
        found = searching.search(vae, picks[0], data, count, split, shown.reach)
    if removed := copies_removed(data):
        note(
            f"{data}: {counted(removed, 'window')} that were copies of others are not in this dataset: songs "
            "that share a phrase are found by one of them; search the folder of music itself to see all"
        )
    if as_json:
        names = ("distance", "semitones", "song", "title", "bar")
        print_json([{name: getattr(near, name) for name in names} for near in found])
        return
    tell(f"input  {picks[0].describe()}", f"model  {why}")
    rows = [(f"{near.distance:.2f}", near.semitones, near.bar, near.song, near.title) for near in found]
    table(("distance", "semitones", "bar", "song", "title"), rows)
