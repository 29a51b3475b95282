"""`mvae continue`."""

from __future__ import annotations

from typing import Annotated

import typer

from mvae.takes_output import (
    AsJson,
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


def carry_on(
    file: Annotated[str, typer.Argument(help="Music: MIDI, ABC (book.abc#3) or MusicXML.")],
    bars: Annotated[
        int | None,
        typer.Option("--bars", min=1, help="How many to add, of the model's meter. (default: one window)"),
    ] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Write the new bars without the music.")] = False,
    output: Output = None,
    model: Model = None,
    track: TrackOption = None,
    temperature: Temperature = 0.3,
    seed: Seed = 0,
    chords: Chords = None,
    label: Label = None,
    wav: Wav = False,
    flac: Flac = False,
    ogg: Ogg = False,
    plot: Plot = False,
    as_json: AsJson = False,
) -> None:
    """Go on where some music ends."""
    from musicvae_lite.music import naming
    from mvae.output import Progress
    from mvae.takes_output import destination, open_whole, report

    to = destination(output, f"{naming.stem(file)}-continued.mid", False, wav, flac, ogg, plot)
    to.check(1, [file])
    vae, [song], why = open_whole(model, [file], [track], chords, label)
    asked = None if track is None else track - 1
    with Progress("writing", unit="windows") as shown:
        takes = vae.carry_on(song, bars, asked, temperature, seed, chords, alone=alone, progress=shown.reach)
    report(takes, to, why, as_json=as_json)
