"""`mvae blend` and `mvae average`."""

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
    Plot,
    Seed,
    Split,
    Temperature,
    Wav,
    output_option,
)


def blend(
    top_left: Annotated[str, typer.Argument(help="Music: MIDI, ABC (book.abc#3) or MusicXML.")],
    top_right: Annotated[str, typer.Argument(help="The second corner.")],
    bottom_left: Annotated[str, typer.Argument(help="The third.")],
    bottom_right: Annotated[str, typer.Argument(help="The fourth.")],
    width: Annotated[int, typer.Option(min=2, max=32, help="Columns of the grid.")] = 4,
    height: Annotated[int, typer.Option(min=2, max=32, help="Rows of the grid.")] = 4,
    output: Annotated[str | None, output_option("blend.mid")] = None,
    model: Model = None,
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
    """Fill a grid between four pieces of music."""
    from mvae.takes_output import destination, open_model, report

    corners = [top_left, top_right, bottom_left, bottom_right]
    to = destination(output, "blend.mid", split, wav, flac, ogg, plot)
    to.check(width * height, corners)
    vae, picks, why = open_model(model, corners, chords=chords, label=label)
    takes = vae.blend(*picks, width=width, height=height, temperature=temperature, seed=seed, chords=chords)
    report(takes, to, why, picks, as_json=as_json)


def average(
    files: Annotated[list[str], typer.Argument(help="Music: MIDI, ABC (book.abc#3) or MusicXML.")],
    output: Annotated[str | None, output_option("average.mid")] = None,
    model: Model = None,
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
    """Make the music that lies between several pieces."""
    from mvae.takes_output import destination, open_model, report

    to = destination(output, "average.mid", False, wav, flac, ogg, plot)
    to.check(1, files)
    vae, picks, why = open_model(model, files, chords=chords, label=label)
    takes = vae.average(*picks, temperature=temperature, seed=seed, chords=chords)
    report(takes, to, why, picks, as_json=as_json)
