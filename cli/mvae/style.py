"""`mvae style`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mvae.takes_output import (
    AsJson,
    BarsOption,
    Chords,
    Flac,
    Label,
    Model,
    Ogg,
    Output,
    Plot,
    Seed,
    Temperature,
    TrackOption,
    Wav,
)


def style(
    file: Annotated[str, typer.Argument(help="Music: MIDI, ABC (book.abc#3) or MusicXML.")],
    source: Annotated[
        list[Path], typer.Option("--from", help="Music of the style it has: a file or a folder; repeat it.")
    ],
    target: Annotated[
        list[Path], typer.Option("--to", help="Music of the style it shall have: a file or a folder.")
    ],
    strength: Annotated[
        float, typer.Option(min=-5.0, max=5.0, help="0 changes nothing, above 1 overdoes it.")
    ] = 1.0,
    output: Output = None,
    model: Model = None,
    bars: BarsOption = None,
    track: TrackOption = None,
    temperature: Temperature = 0.0,
    seed: Seed = 0,
    chords: Chords = None,
    label: Label = None,
    wav: Wav = False,
    flac: Flac = False,
    ogg: Ogg = False,
    plot: Plot = False,
    as_json: AsJson = False,
) -> None:
    """Move music from the style of one folder to that of another."""
    from musicvae_lite.errors import counted
    from musicvae_lite.music import naming
    from mvae.output import tell
    from mvae.takes_output import destination, open_model, parse_bars, report

    to = destination(output, f"{naming.stem(file)}-style.mid", False, wav, flac, ogg, plot)
    to.check(1, [file, *source, *target])
    vae, picks, why = open_model(model, [file], [parse_bars(bars)], [track], chords, label)

    from musicvae_lite.collections import styling
    from musicvae_lite.models.moves.writing import Writing

    takes = styling.transfer(vae, picks[0], source, target, strength, Writing(temperature, seed, chords))
    if not as_json:
        for side in ("from", "to"):
            heard = takes.record["heard"][side]
            tell(f"{side}  {counted(heard['songs'], 'song')}, {counted(heard['windows'], 'window')}")
    report(takes, to, why, picks, as_json=as_json)
