"""`mvae plot`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from musicvae_lite.music.score import Score


def plot(
    files: Annotated[
        list[str],
        typer.Argument(metavar="FILE...", help="MIDI, ABC (book.abc#3) or MusicXML; several side by side."),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="PATH",
            help="A .png, .svg or .pdf file, or a folder. (default: FILE's name, .png)",
        ),
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
    from musicvae_lite.music.excerpt import read_bars
    from musicvae_lite.music.naming import stem
    from musicvae_lite.plot import piano_roll
    from musicvae_lite.plot import strip as draw_strip
    from musicvae_lite.plot.pages import check_suffix
    from musicvae_lite.plot.strips import MOST
    from musicvae_lite.resources import expand
    from musicvae_lite.results import check_targets
    from mvae.output import remark, wrote
    from mvae.takes_output import parse_bars, read_part
    from mvae.usage import place, wrong_usage

    name = f"{stem(files[0])}.png"
    with wrong_usage("--output"):
        target = None if output is None else check_suffix(place(output, name))
    span = parse_bars(bars)
    first = span[0] if span else 1
    read = read_part if len(files) == 1 else read_bars  # of several, one may be silent
    songs = [(stem(file), read(file, span)) for file in files]
    warnings = [warning for _, song in songs for warning in song.warnings]
    target = target or expand(Path(files[0]).with_name(name))
    check_targets([target], files)
    replaced = [target] if target.exists() else []
    if len(songs) == 1 and strip is None:
        piano_roll(songs[0][1], target, title, first)
    else:
        heading = title or (songs[0][1].title if len(songs) == 1 else "")
        panels = [part for name, song in songs for part in _cut(name, song, strip, first, len(songs) > 1)]
        if len(panels) > MOST:
            raise ConfigError(f"a strip holds at most {MOST} panels, not {len(panels)}: name --bars")
        names, scores, firsts = zip(*panels, strict=True)
        draw_strip(scores, names, target, heading, first_bars=firsts)
    remark(replaced, warnings)
    wrote(target)


def _cut(
    name: str, song: Score, bars: int | None, first: int, is_named: bool
) -> list[tuple[str, Score, int]]:
    """The panels of a song, the whole or parts of so many bars, each with the number of its first bar."""
    from musicvae_lite.music.excerpt import parts

    if bars is None:
        return [(name, song, first)]
    cut = enumerate(parts(song, bars, first))
    return [
        (f"{name}  {part}" if is_named else part, score, first + bars * number)
        for number, (part, score) in cut
    ]
