"""`mvae personalize`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from mvae.takes_output import AsJson, Seed


def personalize(
    files: Annotated[list[Path], typer.Argument(help="Your music: files and folders.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of what is learnt.")] = Path(
        "personal"
    ),
    model: Annotated[
        str, typer.Option("--model", help="A name of `mvae models`, or a folder.")
    ] = "melody-2bar",
    steps: Annotated[int, typer.Option(min=1, help="Updates; seconds, not minutes.")] = 600,
    z: Annotated[int, typer.Option(min=1, help="Numbers of a code of what is learnt.")] = 4,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Learn the style of a few files, for `mvae sample --personal`."""
    from musicvae_lite import runtime

    runtime.prepare_environment()
    from musicvae_lite.collections.personal import check_target
    from musicvae_lite.collections.personal import personalize as learn
    from musicvae_lite.models.music_vae import MusicVAE
    from mvae.output import print_json, tell, wrote

    check_target(output)
    personal = learn(MusicVAE.load(model), files, steps, z, seed)
    folder = personal.save(output)
    if as_json:
        print_json({**personal.record, "folder": str(folder)})
        return
    tell(f"learnt from {personal.record['windows']} windows in {steps} steps")
    wrote(folder)
    tell(shlex.join(["mvae", "sample", "--personal", str(folder), "--model", model]))
