"""`mvae decode`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mvae.takes_output import (
    AsJson,
    Chords,
    Flac,
    Label,
    Ogg,
    Output,
    Plot,
    Seed,
    Split,
    Temperature,
    Wav,
    model_option,
)


def decode(
    codes: Annotated[Path, typer.Argument(help="An .npz file of `mvae encode`, or an array [N, Z] as .npy.")],
    output: Output = None,
    model: Annotated[str | None, model_option("what encoded them")] = None,
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
    """Turn codes back into music.

    Tempo, program and loudness are those of the encoded music; of the first where takes are joined. So are
    the chords, for models that take some.
    """
    from musicvae_lite.models import catalogue
    from musicvae_lite.models.codes import Codes
    from mvae.output import note
    from mvae.takes_output import choose_model, destination, load_model, report

    given = Codes.load(codes)
    to = destination(output, f"{codes.stem}.mid", split, wav, flac, ogg, plot)
    to.check(len(given.z), [codes])
    folder, why = choose_model(model or given.model or None, chords=chords)
    if given.model and not model:
        why = f"{catalogue.name_of(folder)}: the one that encoded them"
    loaded = load_model(folder, label)
    warning = given.warning(catalogue.sha256(folder))
    if warning:
        note(warning)
    takes = loaded.decode_codes(given, temperature, seed, chords)
    takes.record["codes"] = str(codes)
    report(takes, to, why, as_json=as_json)
