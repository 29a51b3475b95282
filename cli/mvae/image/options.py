"""What the image commands share: their options, and how they read and say things."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from musicvae_lite.resources import expand

if TYPE_CHECKING:
    from musicvae_lite.images.sets import PictureSet
    from musicvae_lite.models.image_vae import ImageVAE

Data = Annotated[
    str,
    typer.Argument(help="mnist, fashion-mnist, a folder of pictures or of idx files, an .npy or .npz file."),
]
Lies = Annotated[
    Path | None, typer.Option("--data", help="Folder where the files of mnist or fashion-mnist lie already.")
]
Output = Annotated[
    Path | None, typer.Option("-o", "--output", help="The PNG file. (default: a name of its own)")
]
Seed = Annotated[int, typer.Option(min=0, help="Of all chance: the same seed gives the same file.")]
Grey = Annotated[bool, typer.Option("--grey", help="Make colour pictures grey for a model of grey ones.")]
Invert = Annotated[
    bool, typer.Option("--invert", help="Swap black and white first: digits are white on black.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")]
Pictures = Annotated[list[str], typer.Argument(help="Pictures: PNG, JPEG, GIF, BMP, WebP or TIFF.")]


def load_model(name: str) -> ImageVAE:
    """A model by name or folder, with threads and environment set."""
    from musicvae_lite import runtime

    runtime.prepare_environment()
    from musicvae_lite.models.image_vae import ImageVAE

    return ImageVAE.load(name)


def load_pictures(source: str, data: Path | None, model: ImageVAE, quiet: bool = False) -> PictureSet:
    """A set of pictures brought to a model's size and channels; what was done to them is said."""
    from musicvae_lite.images import sets
    from musicvae_lite.images.folders import Wanted
    from mvae.output import note

    p = model.config.picture
    found = sets.load(source, data, Wanted(p.height, p.width, p.channels, p.patches, p.shrink))
    for text in () if quiet else found.notes:
        note(text)
    return found


def say_notes(notes: Sequence[str]) -> None:
    from mvae.output import note

    for text in dict.fromkeys(notes):
        note(text)


def finish(figures: dict[str, Any], files: Sequence[Path], as_json: bool, title: str = "") -> None:
    """The end of a command: a short table and the files, or all of it as JSON."""
    from mvae.output import print_json, table, wrote

    if as_json:
        print_json({**figures, "files": list(files)})
        return
    rows = [(name, value) for name, value in figures.items() if value is not None]
    if rows:
        table((title or "what", "value"), rows)
    wrote(*files)


def take(
    model: ImageVAE,
    names: Sequence[str],
    lies: Path | None,
    count: int,
    grey: bool,
    invert: bool,
    label: str | None = None,
) -> Any:
    """Clean pictures for a model (`Pictures`): of the files named, or some of a data set's test part."""
    import numpy as np

    from musicvae_lite.images.reading import SUFFIXES
    from musicvae_lite.images.sets import Pictures

    first = expand(names[0])
    if len(names) == 1 and (first.suffix.lower() not in SUFFIXES or first.is_dir()):
        found = load_pictures(names[0], lies, model)
        part = found.test if len(found.test) else found.train
        part = part.one_of_each(count)
        pixels, labels = part.pixels, part.labels
    else:
        taken = [model.take(name, grey, clean=True) for name in names]
        say_notes([note for _, notes in taken for note in notes])
        pixels, labels = np.stack([np.round(x.numpy() * 255).astype(np.uint8) for x, _ in taken]), None
        bright = pixels.mean() > 140 and not invert and model.config.picture.channels == 1
        if bright:
            say_notes(["the pictures are mostly bright; models of MNIST know white on black: see --invert"])
    if label is not None:
        labels = np.full(len(pixels), model.label(label), np.int64)
    return Pictures(255 - pixels if invert else pixels, labels)


def save_figure(image: Any, output: Path | None, default: str) -> Path:
    """Writes a figure to the file asked for; into a folder under its default name."""
    from musicvae_lite.images.reading import save_image

    return save_image(image, target(output, default))


def target(output: Path | None, default: str, suffixes: tuple[str, ...] = (".png",)) -> Path:
    """Where a result goes. Wrong usage for a name of another kind."""
    from musicvae_lite.errors import ConfigError
    from musicvae_lite.images.reading import check_target

    path = Path(default) if output is None else expand(output)
    try:
        return check_target(path / default if path.is_dir() else path, suffixes)
    except ConfigError as error:
        raise typer.BadParameter(str(error), param_hint="--output") from None
