"""What the image commands share: their options, and how they read and say things."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from musicvae_lite.images.sets import PictureSet
    from musicvae_lite.models.image_vae import ImageVAE

Data = Annotated[
    str, typer.Argument(help="mnist, fashion-mnist, a folder of pictures or of idx files, an .npy or .npz file.")
]
Lies = Annotated[
    Path | None, typer.Option("--data", help="Folder where the files of mnist or fashion-mnist lie already.")
]
Output = Annotated[Path | None, typer.Option("-o", "--output", help="The PNG file. (default: a name of its own)")]
Seed = Annotated[int, typer.Option(min=0, help="Of all chance: the same seed gives the same file.")]
Grey = Annotated[bool, typer.Option("--grey", help="Make colour pictures grey for a model of grey ones.")]
Invert = Annotated[bool, typer.Option("--invert", help="Swap black and white first: digits are white on black.")]
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
