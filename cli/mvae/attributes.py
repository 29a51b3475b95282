"""`mvae attributes`: music gets denser, more syncopated, wider."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from mvae.takes_output import (
    AsJson,
    BarsOption,
    Chords,
    Flac,
    Label,
    Model,
    Ogg,
    Output,
    Plot,
    Seed,
    Temperature,
    TrackOption,
    Wav,
)

if TYPE_CHECKING:
    from musicvae_lite.models.attributes.moving import Way as WayName

app = typer.Typer(no_args_is_help=True, help="Give music more or less of an attribute.")

TOLD = 0.5  # standard deviations beyond which a change that was not asked for is told

ModelArgument = Annotated[str, typer.Argument(help="A name of `mvae models`, or a folder.")]


class Way(StrEnum):
    GUIDE = "guide"
    DECORRELATED = "decorrelated"
    PLAIN = "plain"


@app.command()
def fit(
    model: ModelArgument,
    data: Annotated[Path, typer.Argument(help="A prepared dataset, or a folder of music.")],
    split: Annotated[
        str | None, typer.Option(help="Of a dataset: train, validation or test. (default: train)")
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o",
            "--output",
            help="Folder for its files; a model uses those that lie in its own. (default: there)",
        ),
    ] = None,
    most: Annotated[int, typer.Option(min=8, help="Windows to fit to.")] = 20_000,
    answers: Annotated[
        int, typer.Option(min=8, help="Samples to ask the decoder about, beside the windows.")
    ] = 60_000,
    seed: Seed = 0,
) -> None:
    """Find out how a model changes attributes, and keep that with it."""
    from musicvae_lite import runtime

    runtime.prepare_environment()
    from musicvae_lite import checkpoints, finding
    from musicvae_lite.collections import fitting
    from musicvae_lite.errors import ConfigError
    from musicvae_lite.models.music_vae import MusicVAE
    from musicvae_lite.resources import expand
    from musicvae_lite.training.dataset import open_windows
    from musicvae_lite.writing import check_folder
    from mvae.output import Progress, note, remark, tell, wrote
    from mvae.usage import split_of

    split = split_of(data, split, "train")
    target = expand(output) if output else finding.find(model)
    if output is None and finding.is_packaged(target):
        raise ConfigError(
            f"{model} comes with the package, and so does what is kept with it: copy {target} and fit the "
            "copy, or name another folder for the files with -o"
        )
    check_folder(target)
    finding.check_free(target, lambda config: True)
    vae = MusicVAE.load(model)
    windows = open_windows(data, vae.representation, split)
    with Progress("decoding", answers + min(most, len(windows)), "codes") as progress:
        found = fitting.fit(vae, windows, most, seed, answers, progress.advance)
    for way in found.ways:
        tell(f"{way}: " + ", ".join(found.choose(way).names))
    if left := [name for name in found.plain.names if name not in found.choose().names]:
        note(
            f"nothing moves these more than it moves others: {', '.join(left)} (--way plain has the paper's)"
        )
    before = [target / name for name in (checkpoints.VECTORS, checkpoints.GUIDE) if (target / name).exists()]
    written = found.save(target)
    remark([path for path in before if path in written], [])
    for path in before:
        if path not in written:
            note(f"{path.name} was there already and has been removed: the new fit has none")
    wrote(*written)


@app.command()
def apply(
    file: Annotated[str, typer.Argument(help="Music: MIDI, ABC (book.abc#3) or MusicXML.")],
    amounts: Annotated[list[str], typer.Argument(help="Such as density=+1 syncopation=-0.5.")],
    output: Output = None,
    model: Model = None,
    bars: BarsOption = None,
    track: TrackOption = None,
    way: Annotated[
        Way | None,
        typer.Option("--way", help="How the code is moved. (default: the one that comes nearest)"),
    ] = None,
    temperature: Temperature = 0.0,
    seed: Seed = 0,
    chords: Chords = None,
    label: Label = None,
    wav: Wav = False,
    flac: Flac = False,
    ogg: Ogg = False,
    plot: Plot = False,
    as_json: AsJson = False,
) -> None:
    """Give music more or less of attributes.

    The picture shows what went in beside what came out.
    """
    from musicvae_lite.music import naming
    from mvae.output import note
    from mvae.takes_output import destination, open_model, parse_bars, report

    wanted = _amounts(amounts)
    to = destination(output, f"{naming.stem(file)}-adjusted.mid", False, wav, flac, ogg, plot)
    to.check(1, [file])
    vae, picks, why = open_model(model, [file], [parse_bars(bars)], [track], chords, label)
    takes = vae.adjust(
        picks[0], temperature, seed, cast("WayName | None", way), chords=chords, amounts=wanted
    )
    before = [("input", takes.representation.to_score(picks[0].tokens))]
    asked, changed = takes.record["attributes"], takes.record["changed"]
    for name in [name for name in changed if name in asked]:
        wanted_change = f"{changed[name]:+.1f} of {asked[name]:+g} standard deviations"
        note(f"{name}: {wanted_change} (--way {takes.record['way']})")
    others = {name: change for name, change in changed.items() if name not in asked}
    if told := [f"{name} {change:+.1f}" for name, change in others.items() if abs(change) > TOLD]:
        note(f"also changed: {', '.join(told)}")
    report(takes, to, why, picks, before=before, as_json=as_json)


@app.command()
def table(
    model: ModelArgument,
    output: Annotated[
        str,
        typer.Option(
            "-o",
            "--output",
            metavar="PATH",
            help="The picture, or a folder; its numbers stand beside it as .json.",
        ),
    ] = "attributes.png",
    count: Annotated[int, typer.Option("-n", "--count", min=2, help="Samples to change.")] = 1024,
    way: Annotated[
        Way | None, typer.Option("--way", help="How codes are moved. (default: the first that the model has)")
    ] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Show what more and less of each attribute does to all of them, as a picture and in numbers."""
    from musicvae_lite import __version__, runtime
    from musicvae_lite.plot.pages import check_suffix
    from musicvae_lite.writing import check_folder, check_record, write_json
    from mvae import output as out
    from mvae.usage import place, wrong_usage

    with wrong_usage("--output"):
        picture = check_suffix(place(output, "attributes.png"))
    check_folder(picture.parent)
    numbers = check_record(picture.with_suffix(".json"))
    runtime.prepare_environment()
    from musicvae_lite.models.attributes.table import measure
    from musicvae_lite.models.music_vae import MusicVAE
    from musicvae_lite.plot import matrices
    from musicvae_lite.plot.matrices import signed

    vae = MusicVAE.load(model)
    found = measure(vae, vae.attributes.choose(cast("WayName | None", way)), count, seed)
    record = {
        "command": "attributes table",
        "version": __version__,
        "model": vae.identity,
        "seed": seed,
        "count": count,
        "way": way or vae.attributes.best,
        **found.to_table(),
    }
    replaced = [path for path in (picture, numbers) if path.exists()]
    write_json(numbers, out.plain({**record, "files": [picture.name, numbers.name]}))
    grids, sides = (found.added, found.subtracted), ("more", "less")
    matrices(
        grids, sides, found.vectors, found.attributes, picture,
        rows_are="asked for", columns_are="what changed, in standard deviations",
    )  # fmt: skip
    out.remark(replaced, [])
    if as_json:
        out.print_json({**record, "files": [picture, numbers]})
        return
    for side, grid in zip(sides, grids, strict=True):
        out.tell("", f"{side} of it: change of each attribute, in standard deviations")
        rows = [(name, *map(signed, row)) for name, row in zip(found.vectors, grid, strict=True)]
        out.table(("changed", *map(_short, found.attributes)), rows)
    leak = sum(found.leak.values()) / len(found.leak)
    out.tell(
        f"largest where it should be: {sum(found.right.values())} of {len(found.vectors)}; leak {leak:.2f}"
    )
    out.wrote(picture, numbers)


def _short(name: str) -> str:
    return name.replace("syncopation", "sync")[:7]


def _amounts(texts: Sequence[str]) -> dict[str, float]:
    """All of them by name, or wrong usage."""
    found: dict[str, float] = {}
    for name, amount in map(_amount, texts):
        if name in found:
            raise typer.BadParameter(f"'{name}' is asked for twice", param_hint="AMOUNTS")
        found[name] = amount
    return found


def _amount(text: str) -> tuple[str, float]:
    """ "density=+1" as a name and a number, or wrong usage."""
    name, equals, number = text.partition("=")
    try:
        if equals and name:
            return name.strip(), float(number)
    except ValueError:
        pass
    raise typer.BadParameter(f"'{text}' is not NAME=NUMBER, such as density=+1", param_hint="AMOUNTS")
