"""`mvae plot`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

MOST_PANELS = 64


def plot(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="MIDI, ABC (book.abc#3) or MusicXML; several side by side."),
    ],
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="A .png, .svg or .pdf file. (default: FILE's name, .png)"),
    ] = None,
    bars: Annotated[str | None, typer.Option("--bars", help="Only these, such as 5-8.")] = None,
    strip: Annotated[
        int | None,
        typer.Option("--strip", min=1, metavar="BARS", help="Cut into panels of so many bars, side by side."),
    ] = None,
    title: Annotated[
        str | None, typer.Option("--title", help="What stands above. (default: the song's title)")
    ] = None,
) -> None:
    """Draw music as a piano-roll."""
    from musicvae_lite.errors import ConfigError
    from musicvae_lite.music.excerpt import parts, read_bars
    from musicvae_lite.music.picking import stem
    from musicvae_lite.plot import piano_roll
    from musicvae_lite.plot import strip as draw_strip
    from musicvae_lite.plot.pages import check_suffix
    from mvae.output import wrote
    from mvae.takes_output import parse_bars

    target = check_suffix(output or Path(files[0]).with_name(f"{stem(files[0])}.png"))
    place = parse_bars(bars)
    first = place[0] if place else 1
    songs = [(stem(file), read_bars(file, place)) for file in files]
    if len(songs) == 1 and strip is None:
        wrote(piano_roll(songs[0][1], target, title, first))
        return
    heading = songs[0][1].title if len(songs) == 1 else ""
    if strip is not None:
        names = [name for name, _ in songs] if len(songs) > 1 else [""]
        cut = zip(names, [parts(song, strip, first) for _, song in songs], strict=True)
        songs = [(f"{name}  {part}".strip(), score) for name, found in cut for part, score in found]
    if len(songs) > MOST_PANELS:
        raise ConfigError(f"a strip holds at most {MOST_PANELS} panels, not {len(songs)}: name --bars")
    wrote(draw_strip([score for _, score in songs], [name for name, _ in songs], target, title or heading))
