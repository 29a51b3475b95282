"""`mvae reconstruct`."""

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
    Temperature,
    TrackOption,
    Wav,
    Whole,
)


def reconstruct(
    file: Annotated[str, typer.Argument(help="Music: MIDI, ABC (book.abc#3) or MusicXML.")],
    output: Output = None,
    model: Model = None,
    bars: BarsOption = None,
    track: TrackOption = None,
    temperature: Temperature = 0.0,
    seed: Seed = 0,
    chords: Chords = None,
    label: Label = None,
    whole: Whole = False,
    wav: Wav = False,
    flac: Flac = False,
    ogg: Ogg = False,
    plot: Plot = False,
    as_json: AsJson = False,
) -> None:
    """Send music through a model and back.

    The picture shows what went in beside what came out.
    """
    from musicvae_lite.music import naming
    from mvae.takes_output import destination, open_model, open_whole, parse_part, report

    place = parse_part(bars, whole)
    default = f"{naming.stem(file)}-reconstruction.mid"
    to = destination(output, default, False, wav, flac, ogg, plot)
    to.check(1, [file])
    if whole:
        from musicvae_lite.models import whole_songs

        loaded, [song], why = open_whole(model, [file], [track], chords, label)
        asked = None if track is None else track - 1
        takes = whole_songs.reconstruct(loaded, song, asked, temperature, seed, chords)
        report(takes, to, why, before=[("input", song)], as_json=as_json)
        return
    loaded, [chosen], why = open_model(model, [file], [place], [track], chords, label)
    takes = loaded.reconstruct(chosen, temperature=temperature, seed=seed, chords=chords)
    columns = [("as the input", [f"{share:.0%}" for share in takes.agreement(chosen.tokens)])]
    before = [("input", takes.representation.to_score(chosen.tokens))]
    report(takes, to, why, [chosen], before, columns, as_json)
