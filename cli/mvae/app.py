"""`mvae`: a table of commands, each loaded when it is called, and one place where errors become words.

A new command is a module with a plain function and one line in COMMANDS. A group of commands is a
module with a `typer.Typer` and one line of the same kind.
"""

from __future__ import annotations

import errno
import io
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from musicvae_lite import runtime
from musicvae_lite.errors import MusicVAEError
from mvae.interrupts import interrupts_after_imports
from mvae.output import visible

INTERRUPTED = 130  # the exit code; what typer makes of Ctrl-C, without a word
MUSIC, MODELS, FILES, PICTURES = "Music", "Models and training", "Files and corpora", "Pictures"


@dataclass(frozen=True)
class Command:
    """Where a command lives, and its line in `mvae --help`.

    Attributes:
        target: "module:name" of a function with typer annotations, or of a `typer.Typer` for a group.
        help: first line of the function's docstring, or the group's help: a test compares the two.
        panel: the heading it stands under.
        hidden: for second names of a command.
    """

    target: str
    help: str
    panel: str
    hidden: bool = False


COMMANDS: dict[str, Command] = {
    "interpolate": Command("mvae.interpolate:interpolate", "Walk from one piece of music to another.", MUSIC),
    "sample": Command("mvae.sample:sample", "Draw new music from a model.", MUSIC),
    "generate": Command("mvae.sample:sample", "Draw new music from a model.", MUSIC, hidden=True),
    "reconstruct": Command("mvae.reconstruct:reconstruct", "Send music through a model and back.", MUSIC),
    "encode": Command("mvae.encode:encode", "Turn music into codes of a model's latent space.", MUSIC),
    "decode": Command("mvae.decode:decode", "Turn codes back into music.", MUSIC),
    "groove": Command("mvae.groove:app", "Give drums dynamics and timing.", MUSIC),
    "vary": Command("mvae.vary:vary", "Make music that is like some music.", MUSIC),
    "continue": Command("mvae.carry_on:carry_on", "Go on where some music ends.", MUSIC),
    "blend": Command("mvae.blend:blend", "Fill a grid between four pieces of music.", MUSIC),
    "average": Command("mvae.blend:average", "Make the music that lies between several pieces.", MUSIC),
    "style": Command(
        "mvae.style:style", "Move music from the style of one folder to that of another.", MUSIC
    ),
    "attributes": Command("mvae.attributes:app", "Give music more or less of an attribute.", MUSIC),
    "search": Command(
        "mvae.search:search", "Find the songs of a dataset that come nearest to some music.", MUSIC
    ),
    "personalize": Command(
        "mvae.personalize:personalize",
        "Learn the style of a few files, for `mvae sample --personal`.",
        MODELS,
    ),
    "studio": Command(
        "mvae.studio:studio", "Open the studio: play with the models on a page of this machine.", MUSIC
    ),
    "train": Command("mvae.train:train", "Train a model on a prepared dataset.", MODELS),
    "evaluate": Command(
        "mvae.evaluate:evaluate", "Measure a model on music: accuracy, notes, nats, bits.", MODELS
    ),
    "models": Command(
        "mvae.models:app", "List the trained models, show one, import Magenta's, export.", MODELS
    ),
    "render": Command("mvae.render:render", "Render music to audio: WAV, FLAC or OGG.", FILES),
    "play": Command("mvae.play:play", "Play music to a MIDI port: a synthesiser, a keyboard, a DAW.", FILES),
    "prepare": Command("mvae.prepare:prepare", "Turn folders of music into a dataset for training.", FILES),
    "inspect": Command("mvae.inspect:inspect", "Show what a song holds and what models would take.", FILES),
    "plot": Command("mvae.plot:plot", "Draw music as a piano-roll.", FILES),
    "image": Command("mvae.image.app:app", "Train and use the autoencoders of pictures.", PICTURES),
    "data": Command("mvae.data:app", "List public corpora, and fetch one.", FILES),
}


def load(name: str) -> Any:
    """The real command behind a name of the table, as typer builds it."""
    entry = COMMANDS[name]
    module, _, attribute = entry.target.partition(":")
    target = getattr(import_module(module), attribute)
    if isinstance(target, typer.Typer):
        command = typer.main.get_group(target)
    else:
        single = typer.Typer(add_completion=False)
        single.command(name)(target)
        command = typer.main.get_command(single)
    command.name = name
    return command


class CommandTable(TyperGroup):
    """A group that shows COMMANDS without importing them and imports only the one that is called."""

    def __init__(self, **settings: Any):
        super().__init__(**settings)
        for name, entry in COMMANDS.items():
            label = TyperCommand(
                name=name, help=entry.help, rich_help_panel=entry.panel, hidden=entry.hidden, callback=None
            )
            self.add_command(label, name)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        name, label, rest = super().resolve_command(ctx, args)
        return name, load(name) if name and label else None, rest

    def make_context(self, *given: Any, **settings: Any) -> Any:
        with _quoted():
            return super().make_context(*given, **settings)

    def invoke(self, ctx: Any) -> Any:
        with _quoted():
            return super().invoke(ctx)


@contextmanager
def _quoted() -> Iterator[None]:
    """Within, wrong usage quotes words of the command line as `visible` shows them."""
    try:
        yield
    except Exception as error:
        if isinstance(message := getattr(error, "message", None), str):
            error.message = visible(message)  # type: ignore[attr-defined]
        raise


app = typer.Typer(
    cls=CommandTable, no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode="rich"
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from musicvae_lite import __version__

        typer.echo(f"musicvae_lite {__version__}")
        raise typer.Exit()


@app.callback()
def options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the whole traceback of an error (or set MVAE_DEBUG=1).")
    ] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Interpolate, sample and train on music with variational autoencoders."""
    if debug:
        os.environ["MVAE_DEBUG"] = "1"  # the environment, so that worker processes know it too


def main(argv: Sequence[str] | None = None) -> None:
    """Runs `mvae` and exits.

    Exit codes: 0 done; 1 the input, a file or the disk will not do, said plainly; 2 wrong usage;
    70 a bug of this program; 130 interrupted.
    """
    _never_fail_to_print()
    with interrupts_after_imports():
        try:
            code = _run(argv)
        except KeyboardInterrupt:
            code = INTERRUPTED
        if code == INTERRUPTED:
            _say("stopped.")
    sys.exit(code)


def _run(argv: Sequence[str] | None) -> Any:
    """Runs `mvae` and gives the exit code."""
    try:
        app(list(argv) if argv is not None else None, prog_name="mvae")
    except SystemExit as end:
        is_unread = isinstance(end.__context__, BrokenPipeError)  # typer ends with 1 in that case
        return _flushed(0 if is_unread else end.code)
    except Exception as error:
        words, code = explain(error)
        if os.environ.get("MVAE_DEBUG"):
            print(visible(traceback.format_exc()), end="", file=sys.stderr)
        else:
            _say(words)
        return code


def explain(error: Exception) -> tuple[str, int]:
    """What to tell the user about an error, and the exit code."""
    if isinstance(error, MusicVAEError):
        return str(error), 1
    if isinstance(error, OSError) and error.errno is not None:
        words = {
            errno.ENOENT: "no such file or folder",
            errno.EACCES: "permission denied",
            errno.EPERM: "permission denied",
            errno.ENOSPC: "no space left on the disk",
            errno.EROFS: "the disk is read-only",
            errno.EISDIR: "is a folder, a file was expected",
            errno.ENOTDIR: "a part of the path is a file, a folder was expected",
        }.get(error.errno, (error.strerror or "the system refused").lower())
        path = error.filename2 or error.filename
        return (f"{path}: {words}" if path is not None else words), 1
    if runtime.is_out_of_memory(error):
        return "there is not memory enough: ask for less at once, or take a smaller model", 1
    summary = f"{type(error).__name__}: {error}".splitlines()[0]
    return (
        f"this is a bug in mvae ({summary}). "
        "To see where, run the same command as `mvae --debug ...` or with MVAE_DEBUG=1 set; "
        "that text is what a bug report needs.",
        70,
    )


def _say(message: str) -> None:
    from mvae.output import say

    place = runtime.processes()
    say(f"mvae: {message}" if place.is_first else f"mvae, process {place.rank}: {message}")


def _never_fail_to_print() -> None:
    """What a terminal or pipe cannot show becomes "?": other alphabets, names that are no Unicode.

    Where stdout or stderr are closed from the start, what goes there is lost.
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _flushed(code: Any) -> Any:
    """Empties stdout now: a pipe closed by its reader (`mvae ... | head`) is no error."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code
