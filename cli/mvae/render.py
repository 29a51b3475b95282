"""`mvae render`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def render(
    file: Annotated[Path, typer.Argument(help="Music: MIDI, ABC or MusicXML.")],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="A .wav, .flac or .ogg file (default: FILE's name, .wav)."),
    ] = None,
    soundfont: Annotated[
        Path | None, typer.Option(help="An SF2 or SF3 file (default: pretty_midi's TimGM6mb).")
    ] = None,
    rate: Annotated[int, typer.Option(help="Frames a second.")] = 44100,
) -> None:
    """Render music to audio: WAV, FLAC or OGG."""
    from musicvae_lite.music.reading import read_song
    from musicvae_lite.render import check_suffix, save_audio, synthesize
    from mvae.output import wrote

    target = output or file.with_suffix(".wav")
    check_suffix(target)
    wrote(save_audio(target, synthesize(read_song(file), rate, soundfont), rate))
