"""`mvae play`."""

from __future__ import annotations

from typing import Annotated

import typer


def play(
    file: Annotated[str | None, typer.Argument(help="Music: MIDI, ABC (book.abc#3) or MusicXML.")] = None,
    port: Annotated[
        str | None,
        typer.Option("--port", help="Name of the port, a part of it, or its number. (default: the first)"),
    ] = None,
    loop: Annotated[bool, typer.Option("--loop", help="Over and over, until Ctrl-C.")] = False,
    bars: Annotated[str | None, typer.Option("--bars", help="Only these, such as 5-8.")] = None,
    list_ports: Annotated[bool, typer.Option("--list", help="List the ports, and play nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="With --list: the names as JSON.")] = False,
) -> None:
    """Play music to a MIDI port: a synthesiser, a keyboard, a DAW."""
    from musicvae_lite.live import ports
    from mvae.output import print_json, table

    if list_ports:
        names = ports.names()
        if as_json:
            print_json(names)
        elif names:
            table(("number", "port"), list(enumerate(names, 1)))
        else:
            ports.choose(None, names)  # says that there is none
        return
    if as_json:
        raise typer.BadParameter("it goes with --list alone", param_hint="--json")
    if file is None:
        raise typer.BadParameter("name a file to play, or ask for --list", param_hint="FILE")
    _play(file, port, loop, bars)


def _play(file: str, port: str | None, loop: bool, bars: str | None) -> None:
    from contextlib import closing

    from musicvae_lite.errors import counted
    from musicvae_lite.live import ports
    from musicvae_lite.live.player import Player
    from musicvae_lite.live.stopping import orderly
    from musicvae_lite.live.timeline import timeline
    from mvae.output import Progress, duration, say
    from mvae.takes_output import parse_bars, read_part

    music = timeline(read_part(file, parse_bars(bars)))
    name = ports.choose(port, ports.names())
    count = len(music.bars) - 1
    again = ", over and over" if loop else ""
    with closing(ports.open_port(name)) as opened, orderly():
        say(f"playing on {name}: {counted(count, 'bar')}, {duration(music.length)}{again}; Ctrl-C stops")
        with Progress("playing", None if loop else count, "bars") as progress:
            Player(opened).play(music, loop, lambda bar: progress.advance())
