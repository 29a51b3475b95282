"""`mvae image denoise` and `mvae image upscale`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mvae.image.options import Grey, Invert, Seed, announced, target

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from musicvae_lite.models.image_vae import ImageVAE

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")  # of pictures that are written
MOST_PASSES = 4  # of a picture through a model that enlarges it
READ = "{stem}-read.png"  # what the model read, beside what it wrote
In = Annotated[Path, typer.Argument(help="A picture: PNG, JPEG, GIF, BMP, WebP or TIFF.")]
Out = Annotated[str, typer.Argument(help="The picture to write, .png, .jpg or .webp, or a folder.")]


def denoise(
    source: In,
    output: Out,
    model: Annotated[str, typer.Option(help="A model trained with noise.")] = "mnist-denoise",
    corrupt: Annotated[
        bool,
        typer.Option(
            "--corrupt", help="SOURCE is clean: add the model's noise first, keep it as OUT-read.png."
        ),
    ] = False,
    grey: Grey = False,
    invert: Invert = False,
    seed: Seed = 0,
) -> None:
    """Take the noise from a picture."""
    from musicvae_lite.errors import ConfigError
    from musicvae_lite.images.corruption import Noise
    from musicvae_lite.images.reading import as_bytes, write_picture
    from mvae.output import wrote

    beside = [READ] if corrupt else []
    path = target(output, f"{source.stem}-denoised.png", [source], SUFFIXES, beside, "OUTPUT")
    vae, pixels = _open(source, model, grey, invert)
    noise = vae.config.corruption
    if not isinstance(noise, Noise):
        raise ConfigError(f"{model} was not trained to take noise away: choose a model such as mnist-denoise")
    files = {}
    if corrupt:
        clean = _clean(vae, pixels, source)
        pixels = as_bytes(noise(clean[None], vae.generator(seed))[0].numpy())
        files[path.with_name(READ.format(stem=path.stem))] = pixels
    files[path] = _repair(vae, pixels, source, "denoising")
    wrote(*(write_picture(announced(file), written) for file, written in files.items()))


def upscale(
    source: In,
    output: Out,
    model: Annotated[str, typer.Option(help="A model trained to enlarge.")] = "texture-upscale",
    times: Annotated[
        int | None, typer.Option(help="How many times larger: 2, 4, 8, 16. (default: as the model does)")
    ] = None,
    grey: Grey = False,
    invert: Invert = False,
) -> None:
    """Enlarge a picture."""
    from musicvae_lite.errors import ConfigError
    from musicvae_lite.images.reading import write_picture
    from mvae.output import tell, wrote

    path = target(output, f"{source.stem}-larger.png", [source], SUFFIXES, option="OUTPUT")
    vae, pixels = _open(source, model, grey, invert)
    factor = vae.config.factor
    if factor == 1:
        raise ConfigError(f"{model} was not trained to enlarge: choose a model such as texture-upscale")
    times, reached = factor if times is None else times, 1
    *powers, last = (factor**power for power in range(1, MOST_PASSES + 1))
    if times not in (*powers, last):
        known = ", ".join(map(str, powers))
        raise typer.BadParameter(
            f"{model} enlarges {factor} times; it can be {known} or {last}", param_hint="--times"
        )
    while reached < times:
        pixels, reached = (
            _repair(vae, pixels, source, f"enlarging {reached * factor} times"),
            reached * factor,
        )
    tell(f"{pixels.shape[2]} x {pixels.shape[1]} pixels, {times} times larger")
    wrote(write_picture(announced(path), pixels))


def _open(source: Path, model: str, grey: bool, invert: bool) -> tuple[ImageVAE, np.ndarray]:
    """The model, and the picture's bytes [C, H, W] in its channels."""
    from musicvae_lite.images.reading import read_picture
    from musicvae_lite.images.sets import Pictures
    from mvae.image.options import checked, load_model, say_notes, shaded

    picture = read_picture(source)
    vae = load_model(model)
    pixels, _, notes = vae.pixels(checked(picture, vae, grey), grey)
    say_notes(notes)
    return vae, shaded(Pictures(pixels[None]), vae, invert).pixels[0]


def _clean(vae: ImageVAE, pixels: np.ndarray, source: Path) -> Tensor:
    """What noise is added to, [C, H, W] in 0..1: at the model's size, unless it takes every size."""
    import torch

    from musicvae_lite.images.reading import Picture
    from mvae.image.options import say_notes

    if vae.config.is_grid:
        return torch.from_numpy(pixels).float() / 255
    clean, notes = vae.take(Picture(pixels, str(source)), clean=True)
    say_notes(notes)
    return clean


def _repair(vae: ImageVAE, pixels: np.ndarray, source: Path, what: str) -> np.ndarray:
    from musicvae_lite.images.reading import Picture, as_bytes, grey_if_it_is
    from mvae.image.options import say_notes
    from mvae.output import Progress

    was_grey = pixels.shape[0] == 1 or bool((pixels == pixels[:1]).all())
    with Progress(what, unit="tiles") as progress:
        done, notes = vae.repair(Picture(pixels, str(source)), progress=progress.reach)
    say_notes(notes)
    written = as_bytes(done)
    return written[:1] if was_grey else grey_if_it_is(written) if written.shape[0] == 3 else written
