"""`mvae interpolate`."""

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
    Whole,
)

STEPS = 9  # takes, unless asked otherwise


def interpolate(
    a: Annotated[str, typer.Argument(metavar="A", help="Music: MIDI, ABC (book.abc#3) or MusicXML.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The same, where the walk ends.")],
    steps: Annotated[
        int | None,
        typer.Option("-n", "--steps", min=2, help=f"How many takes, ends included. (default: {STEPS})"),
    ] = None,
    output: Output = None,
    model: Model = None,
    bars: BarsOption = None,
    bars_b: Annotated[str | None, typer.Option("--bars-b", help="The same for B.")] = None,
    track: TrackOption = None,
    track_b: Annotated[int | None, typer.Option("--track-b", min=1, help="The same for B.")] = None,
    temperature: Temperature = 0.0,
    seed: Seed = 0,
    chords: Chords = None,
    label: Label = None,
    whole: Whole = False,
    even: Annotated[
        bool | None,
        typer.Option(
            "--even/--by-code",
            help="Takes equally far apart to the ear, or (always, of more than 256) in the code. "
            "(default: --even)",
        ),
    ] = None,
    split: Split = False,
    wav: Wav = False,
    flac: Flac = False,
    ogg: Ogg = False,
    plot: Plot = False,
    as_json: AsJson = False,
) -> None:
    """Walk from one piece of music to another.

    The ends are the reconstructions of A and B; tempo, program and loudness are A's. With --whole, a
    song as long as the longer one begins as A and ends as B.
    """
    from musicvae_lite.music import naming
    from mvae.takes_output import destination, open_model, open_whole, parse_part, report

    places = [parse_part(bars, whole), parse_part(bars_b, whole, "--bars-b")]
    if whole:
        for given, option in ((steps, "--steps"), (even, "--even/--by-code")):
            if given is not None:
                raise typer.BadParameter(
                    "--whole makes one song that goes by the code; leave out one of the two",
                    param_hint=option,
                )
    count = 1 if whole else steps or STEPS
    default = f"{naming.stem(a)}-to-{naming.stem(b)}.mid"
    to = destination(output, default, split, wav, flac, ogg, plot)
    to.check(count, [a, b])
    if whole:
        from musicvae_lite.models import whole_songs

        loaded, [song_a, song_b], why = open_whole(model, [a, b], [track, track_b], chords, label)
        asked = (None if number is None else number - 1 for number in (track, track_b))
        takes = whole_songs.interpolate(loaded, song_a, song_b, temperature, seed, chords, *asked)
        report(takes, to, why, as_json=as_json)
        return
    loaded, [first, last], why = open_model(model, [a, b], places, [track, track_b], chords, label)
    takes = loaded.interpolate(first, last, count, temperature, seed, chords, even is not False)
    alike = [[f"{share:.0%}" for share in takes.agreement(pick.tokens)] for pick in (first, last)]
    columns = [("as A", alike[0]), ("as B", alike[1])]
    report(takes, to, why, [first, last], columns=columns, as_json=as_json)
