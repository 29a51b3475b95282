"""`mvae image codes`."""

from __future__ import annotations

from typing import Annotated

import typer

from mvae.image.options import AsJson, Grey, Invert, Lies, Output, Seed


def codes(
    pictures: Annotated[list[str], typer.Argument(help="Pictures, or one data set or folder of them.")],
    output: Output = None,
    model: Annotated[
        str, typer.Option(help="A name of `mvae models`, a folder, or a run.")
    ] = "mnist-vae-conv",
    lies: Lies = None,
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=100, help="How many of a data set.")] = 8,
    label: Annotated[str | None, typer.Option(help="What they show, for a conditional model.")] = None,
    grey: Grey = False,
    invert: Invert = False,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Show codes as pictures, and what noise on them does."""
    from mvae.image.options import BESIDE, announced, keep, load_model, take, target

    path = target(output, "codes.png", pictures, beside=[BESIDE])
    vae = load_model(model)
    taken = take(vae, pictures, lies, count, grey, invert, () if label is None else (label,))
    from musicvae_lite.images.reading import save_image
    from musicvae_lite.models import image_figures

    file = save_image(image_figures.codes(vae, taken, seed=seed), announced(path))
    figures = {"pictures": len(taken), "z": vae.config.z}
    keep("codes", vae, [file], as_json, figures, seed=seed, inputs=pictures, label=label, inverted=invert)
