"""`mvae plot`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def plot(
    file: Annotated[Path, typer.Argument(help="Music: MIDI, ABC or MusicXML.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="A .png, .svg or .pdf file (default: FILE's name, .png)."),
    ] = None,
) -> None:
    """Draw music as a piano-roll."""
    from musicvae_lite.music.reading import read_song
    from musicvae_lite.plot import piano_roll
    from mvae.output import wrote

    wrote(piano_roll(read_song(file), output or file.with_suffix(".png")))
