"""`mvae vary`."""

from __future__ import annotations

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
    Split,
    Temperature,
    TrackOption,
    Wav,
)


def vary(
    file: Annotated[str, typer.Argument(help="Music: MIDI, ABC (book.abc#3) or MusicXML.")],
    amount: Annotated[
        float,
        typer.Option("--amount", min=0.0, max=1.0, help="How much changes: 0 nothing, 1 everything."),
    ] = 0.25,
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many.")] = 8,
    output: Output = None,
    model: Model = None,
    bars: BarsOption = None,
    track: TrackOption = None,
    temperature: Temperature = 0.0,
    seed: Seed = 0,
    chords: Chords = None,
    label: Label = None,
    split: Split = False,
    wav: Wav = False,
    flac: Flac = False,
    ogg: Ogg = False,
    plot: Plot = False,
    as_json: AsJson = False,
) -> None:
    """Make music that is like some music.

    The picture shows what went in before what came out.
    """
    from musicvae_lite.music import naming
    from mvae.takes_output import destination, open_model, parse_bars, report

    to = destination(output, f"{naming.stem(file)}-varied.mid", split, wav, flac, ogg, plot)
    to.check(count, [file])
    vae, picks, why = open_model(model, [file], [parse_bars(bars)], [track], chords, label)
    takes = vae.vary(picks[0], amount, count, temperature, seed, chords)
    before = [("input", takes.representation.to_score(picks[0].tokens))]
    report(takes, to, why, picks, before, as_json=as_json)
