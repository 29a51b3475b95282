"""`mvae render`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def render(
    file: Annotated[str, typer.Argument(help="Music: MIDI, ABC (book.abc#3) or MusicXML.")],
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="PATH",
            help="A .wav, .flac or .ogg file, or a folder. (default: FILE's name, .wav)",
        ),
    ] = None,
    soundfont: Annotated[
        Path | None, typer.Option(help="An SF2 or SF3 file. (default: pretty_midi's TimGM6mb)")
    ] = None,
    bars: Annotated[str | None, typer.Option("--bars", help="Only these, such as 5-8.")] = None,
    rate: Annotated[int, typer.Option(help="Frames a second.")] = 44100,
    mono: Annotated[bool, typer.Option("--mono", help="One channel and not two: half the size.")] = False,
) -> None:
    """Render music to audio: WAV, FLAC or OGG.

    Notes, programs and tempo are heard; volume, pan, pedal and pitch bend of a MIDI file are not.
    """
    from musicvae_lite.music.naming import stem
    from musicvae_lite.render import check_format, check_suffix, save_audio, synthesize, to_mono
    from musicvae_lite.resources import expand
    from musicvae_lite.results import check_targets
    from mvae.output import remark, wrote
    from mvae.takes_output import parse_bars, read_part
    from mvae.usage import place, wrong_usage

    name = f"{stem(file)}.wav"
    target = None if output is None else place(output, name)
    if target:
        with wrong_usage("--output"):
            check_suffix(target)
    with wrong_usage("--rate"):
        check_format(target or "song.wav", rate)
    song = read_part(file, parse_bars(bars))
    target = target or expand(Path(file).with_name(name))
    check_targets([target], [file, *([soundfont] if soundfont else [])])
    audio = synthesize(song, rate, soundfont)
    replaced = [target] if target.exists() else []
    save_audio(target, to_mono(audio) if mono else audio, rate)
    remark(replaced, song.warnings)
    wrote(target)
