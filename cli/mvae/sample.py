"""`mvae sample`, also `mvae generate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mvae.takes_output import (
    AsJson,
    Chords,
    Flac,
    Label,
    Ogg,
    Plot,
    Seed,
    Split,
    Temperature,
    Wav,
    output_option,
)

if TYPE_CHECKING:
    from musicvae_lite.music.representations import Representation
    from musicvae_lite.music.takes import Takes


def sample(
    count: Annotated[int, typer.Option("-n", "--count", min=1, help="How many.")] = 8,
    output: Annotated[str | None, output_option("MODEL-sample.mid")] = None,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help="Its name or folder. (default: melody-2bar, or one that follows --chords)",
        ),
    ] = None,
    personal: Annotated[
        Path | None, typer.Option(help="A folder of `mvae personalize`: samples stay near its files.")
    ] = None,
    temperature: Temperature = 0.5,
    spread: Annotated[
        float,
        typer.Option(
            min=0.0, max=2.0, help="Below 1 nearer to the middles of what was learnt: tamer, plainer."
        ),
    ] = 1.0,
    seed: Seed = 0,
    chords: Chords = None,
    label: Label = None,
    tempo: Annotated[float, typer.Option(help="Quarter notes a minute.")] = 120.0,
    program: Annotated[
        int | None, typer.Option(min=0, max=127, help="General MIDI program. (default: 0, a piano)")
    ] = None,
    precision: Annotated[
        str, typer.Option(help="float32; or bf16, faster for hundreds of them on new processors; or auto.")
    ] = "float32",
    split: Split = False,
    wav: Wav = False,
    flac: Flac = False,
    ogg: Ogg = False,
    plot: Plot = False,
    as_json: AsJson = False,
) -> None:
    """Draw new music from a model."""
    from musicvae_lite import runtime
    from musicvae_lite.models import catalogue
    from musicvae_lite.music.takes import Style
    from mvae.takes_output import choose_model, destination, load_model, report
    from mvae.usage import one_of, wrong_usage

    with wrong_usage("--tempo"):
        style = Style(tempo, program or 0)
    one_of(precision, ("auto", *runtime.PRECISIONS), "--precision")
    made_with = catalogue.made_with(personal) if model is None and personal is not None else None
    folder, why = choose_model(model or made_with, chords=chords)
    if made_with:
        why = f"{made_with}: the one that {personal} was made with"
    to = destination(output, f"{catalogue.name_of(folder)}-sample.mid", split, wav, flac, ogg, plot)
    to.check(count)
    vae = load_model(folder, label).with_precision(precision)
    _check_program(program, vae.representation, catalogue.name_of(folder))
    if personal is None:
        takes = vae.sample(count, temperature, seed, style, chords, spread)
    else:
        from musicvae_lite.collections.personal import Personal

        takes = Personal.load(personal).sample(vae, count, temperature, seed, style, chords, spread)
    report(_as_long_as(chords, takes), to, why, as_json=as_json)


def _check_program(program: int | None, representation: Representation, name: str) -> None:
    """Refuses a program that the model's music cannot be written with."""
    from musicvae_lite.music.inspection import compress

    able = representation.programs
    if program is None or program in able:
        return
    if able:
        told = f"{name} can write a melody with {compress(able)}, not with {program}"
    else:
        told = f"{name} says itself what plays: leave it out"
    raise typer.BadParameter(told, param_hint="--program")


def _as_long_as(chords: str | None, takes: Takes) -> Takes:
    """Takes under a line of chords without what fills the last of several windows behind its end."""
    from musicvae_lite.music.chords.encodings import bars_of

    window = takes.representation.bars
    asked = 0 if chords is None else len(bars_of(chords, window))
    return takes.until(asked) if asked > window else takes
