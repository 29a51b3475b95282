"""What the image commands share: their options, and how they read and say things."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from musicvae_lite.resources import expand

if TYPE_CHECKING:
    from musicvae_lite.images.reading import Picture
    from musicvae_lite.images.sets import Pictures, PictureSet
    from musicvae_lite.models.image_vae import ImageVAE

Data = Annotated[
    str,
    typer.Argument(help="mnist, fashion-mnist, a folder of pictures or of idx files, an .npy or .npz file."),
]
Lies = Annotated[
    Path | None, typer.Option("--data", help="Folder where the files of mnist or fashion-mnist lie already.")
]
Output = Annotated[
    str | None,
    typer.Option(
        "-o", "--output", metavar="PATH", help="The PNG file, or a folder. (default: a name of its own)"
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Of all chance: the same seed gives the same file.")]
Grey = Annotated[bool, typer.Option("--grey", help="Make colour pictures grey for a model of grey ones.")]
Invert = Annotated[
    bool, typer.Option("--invert", help="Swap black and white first: digits are white on black.")
]
RECORD = ".json"  # suffix of what says how a picture was made
BESIDE = "{stem}" + RECORD
BRIGHT = 140  # the mean of pictures, of 255, from which they may be black on white
AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")]


def load_model(name: str) -> ImageVAE:
    """A model by name or folder, with threads and environment set."""
    from musicvae_lite import runtime

    runtime.prepare_environment()
    from musicvae_lite.models.image_vae import ImageVAE

    return ImageVAE.load(name)


def load_pictures(source: str, data: Path | None, model: ImageVAE, labelled: bool = True) -> PictureSet:
    """A set of pictures brought to a model's size, channels and labels; what was done to them is said.

    Args:
        labelled: whether a conditional model is told the labels of the set.
    """
    from musicvae_lite.images import sets
    from musicvae_lite.images.found import Wanted

    c, p = model.config, model.config.picture
    found = sets.load(source, data, Wanted(p.height, p.width, p.channels, p.patches, p.shrink))
    known = found.numbered_as(c.classes) if c.conditional and labelled else found
    say_notes(known.notes)
    return known


def choose(
    found: PictureSet, model: ImageVAE, part: str = "", least: int = 1, invert: bool = False
) -> tuple[Pictures, str]:
    """The pictures of a set that a model is used on, and their name; which they are is said.

    Args:
        part: test, validation, train or all. By default those for testing, where the set says itself which
            these are or the model was trained on the rest; all pictures otherwise.
        least: how many are needed; where fewer are for testing, all are taken.
        invert: swap black and white.
    """
    from musicvae_lite.training.images import trained_on

    its_own = trained_on(model)
    is_its_own = its_own != "" and found.digest == its_own
    if not part:
        part = "test" if (found.has_test or is_its_own) and len(found.test) >= least else "all"
    chosen = found.everything if part == "all" else getattr(found, part)
    name = "all pictures" if part == "all" else f"the {part} part"
    say_notes([f"{name} of {found.name}: {len(chosen):,}"])
    return chosen if is_its_own and not invert else shaded(chosen, model, invert), part


def shaded(pictures: Pictures, model: ImageVAE, invert: bool) -> Pictures:
    """The same with black and white swapped, if that is asked for; where it may be missing, that is said."""
    from musicvae_lite.images.sets import Pictures

    if invert:
        return Pictures(255 - pictures.pixels, pictures.labels)
    if len(pictures) and pictures.pixels.mean() > BRIGHT and model.config.picture.channels == 1:
        say_notes(["the pictures are mostly bright; models of MNIST know white on black: see --invert"])
    return pictures


def say_notes(notes: Sequence[str]) -> None:
    from mvae.output import note

    for text in dict.fromkeys(notes):
        note(text)


def finish(figures: dict[str, Any], as_json: bool, title: str = "", files: Sequence[Path] = ()) -> None:
    """The end of a command: a short table and the files, or all of it as JSON."""
    from mvae.output import print_json, table, wrote

    if as_json:
        print_json({**figures, "files": list(files)})
        return
    rows = [(name, value) for name, value in figures.items() if value is not None]
    if rows:
        table((title or "what", "value"), rows)
    wrote(*files)


def keep(
    command: str,
    model: ImageVAE,
    files: Sequence[Path],
    as_json: bool,
    figures: dict[str, Any],
    shown: Collection[str] = (),
    **told: Any,
) -> None:
    """The end of a command that draws: its record beside the picture, then as `finish`.

    Args:
        files: the picture, and what else was written.
        figures: what came out.
        shown: those of the figures that stand in the table.
        told: what is needed to make the picture again, such as the seed.
    """
    from musicvae_lite import __version__
    from musicvae_lite.writing import check_record, write_json
    from mvae.output import plain

    path = check_record(files[0].with_suffix(RECORD))
    written = [*files, path]
    made = {"command": f"image {command}", "version": __version__, "model": model.identity, **told}
    record = {**made, **figures}
    write_json(announced(path), plain({**record, "files": [file.name for file in written]}))
    finish(record if as_json else {name: figures[name] for name in shown}, as_json, files=written)


def take(
    model: ImageVAE,
    names: Sequence[str],
    lies: Path | None,
    count: int,
    grey: bool,
    invert: bool,
    labels: Sequence[str] = (),
) -> Pictures:
    """Clean pictures for a model: of the files named, or some of a data set (see `choose`).

    Args:
        labels: names of what they show, in turn; none leaves a data set its own.

    Raises:
        ConfigError: a conditional model is told nothing of what they show.
    """
    import numpy as np

    from musicvae_lite.errors import ConfigError
    from musicvae_lite.images.reading import SUFFIXES, read_picture
    from musicvae_lite.images.sets import Pictures

    numbers = [model.label(label) for label in labels]
    first = expand(names[0])
    if len(names) == 1 and (first.suffix.lower() not in SUFFIXES or first.is_dir()):
        found = load_pictures(names[0], lies, model, labelled=not labels)
        pictures = choose(found, model, invert=invert)[0].one_of_each(count)
    else:
        taken = [model.take(checked(read_picture(name), model, grey), grey, clean=True) for name in names]
        say_notes([note for _, notes in taken for note in notes])
        pixels = np.stack([np.round(x.numpy() * 255).astype(np.uint8) for x, _ in taken])
        pictures = shaded(Pictures(pixels), model, invert)
    if numbers:
        return Pictures(pictures.pixels, np.resize(np.array(numbers, np.int64), len(pictures)))
    if model.config.conditional and pictures.labels is None:
        known = ", ".join(model.config.classes)
        raise ConfigError(f"the model needs to know what the pictures show ({known}): say which with --label")
    return pictures


def checked(picture: Picture, model: ImageVAE, grey: bool) -> Picture:
    """A picture that a model takes. Raises NothingUsableError for colours that were not asked to be grey."""
    from musicvae_lite.errors import NothingUsableError

    if len(picture.pixels) == 3 and model.config.picture.channels == 1 and not grey:
        raise NothingUsableError(
            f"{picture.name}: is in colour, and this model takes grey pictures; --grey converts it"
        )
    return picture


def target(
    output: str | None,
    default: str,
    inputs: Sequence[str | Path] = (),
    suffixes: tuple[str, ...] = (".png",),
    beside: Sequence[str] = (),
    option: str = "--output",
) -> Path:
    """Where a result goes; in a folder, under its default name. Wrong usage for a name of another kind.

    Args:
        inputs: files and folders that are read.
        beside: names of files that are written too, with {stem} of this one.
        option: what the name was given by.

    Raises:
        ConfigError: an input would be overwritten, or by a record a JSON file that is none.
    """
    from musicvae_lite.errors import ConfigError
    from musicvae_lite.images.reading import check_target
    from musicvae_lite.images.sources import KNOWN
    from musicvae_lite.writing import check_record
    from mvae.usage import place, wrong_usage

    with wrong_usage(option):
        path = check_target(default if output is None else place(output, default), suffixes)
    given = [expand(name) for name in inputs if str(name) not in KNOWN]
    for file in (path, *(path.with_name(name.format(stem=path.stem)) for name in beside)):
        if file.exists() and any(_reads(source, file) for source in given):
            raise ConfigError(f"{file}: is an input, and would be overwritten; choose another name")
    if BESIDE in beside:
        check_record(path.with_suffix(RECORD))
    return path


def announced(file: Path) -> Path:
    """A file that is about to be written; that it replaces another is said."""
    if file.exists():
        say_notes([f"{file.name} is there already and will be replaced"])
    return file


def _reads(source: Path, file: Path) -> bool:
    """Whether a file is the source, or one of the pictures in that folder."""
    from musicvae_lite.images.sources import is_read
    from musicvae_lite.writing import is_one, lies_in

    return is_one(file, source) or (lies_in(file, source) and is_read(file, source))
