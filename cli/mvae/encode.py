"""`mvae encode`."""

from __future__ import annotations

from typing import Annotated

import typer

from mvae.takes_output import AsJson, BarsOption, Model, Seed, TrackOption


def encode(
    files: Annotated[list[str], typer.Argument(metavar="FILE...", help="Music: MIDI, ABC or MusicXML.")],
    output: Annotated[
        str, typer.Option("-o", "--output", metavar="PATH", help="An .npz file, or a folder.")
    ] = "codes.npz",
    model: Model = None,
    bars: BarsOption = None,
    track: TrackOption = None,
    every: Annotated[
        bool,
        typer.Option(
            "--every", help="All windows of each file, a bar apart; files without any are left out."
        ),
    ] = False,
    sample: Annotated[
        bool, typer.Option("--sample", help="Draw each code from its posterior. (default: its mean)")
    ] = False,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Turn music into codes of a model's latent space.

    The file holds the array `z`, one row a window, and `record`, which says where each came from; for models
    that chords condition also `control`, those of each window.
    """
    from musicvae_lite import runtime
    from musicvae_lite.errors import counted
    from musicvae_lite.models import catalogue
    from musicvae_lite.models.codes import Codes, check_name
    from musicvae_lite.music import picking
    from musicvae_lite.writing import check_folder
    from mvae.output import note, print_json, remark, table, tell, wrote
    from mvae.takes_output import choose_model, parse_part
    from mvae.usage import place, wrong_usage

    part = parse_part(bars, every, by="--every")
    with wrong_usage("--output"):
        target = check_name(place(output, "codes.npz"))
    check_folder(target.parent)
    songs = [picking.load(file) for file in files]
    index = None if track is None else track - 1
    folder, why = choose_model(model, songs, [part] * len(songs), [index] * len(songs))
    r = catalogue.representation(folder)
    if every:
        picks, refusals = picking.every_of(songs, r, index)
        if refusals:
            left = f"{len(refusals)} of {len(songs)} songs hold no window and are left out"
            note(f"{left}, the first: {refusals[0]}")
    else:
        picks = [picking.pick(song, r, part, index) for song in songs]

    runtime.prepare_environment()
    from musicvae_lite.models.music_vae import MusicVAE

    codes: Codes = MusicVAE.load(folder).codes(*picks, sample=sample, seed=seed)
    replaced = [target] if target.exists() else []
    path = codes.save(target)
    remark(replaced, [warning for picked in picks for warning in picked.warnings])
    if as_json:
        print_json({**codes.record, "shape": codes.z.shape, "files": [path]})
        return
    for pick in picks[:1] if every else picks:
        tell(pick.describe())
    tell(f"model  {why}")
    lengths = (codes.z**2).sum(1) ** 0.5
    rows = [(label, float(length)) for label, length in zip(codes.labels(), lengths, strict=True)]
    table(("code", "length"), rows[:20])
    tell(f"{counted(len(codes.z), 'code')} of {codes.z.shape[1]} numbers")
    wrote(path)
