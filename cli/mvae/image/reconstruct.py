"""`mvae image reconstruct`."""

from __future__ import annotations

from typing import Annotated

import typer

from mvae.image.options import AsJson, Grey, Invert, Lies, Output, Seed


def reconstruct(
    pictures: Annotated[list[str], typer.Argument(help="Pictures, or one data set or folder of them.")],
    output: Output = None,
    model: Annotated[
        str, typer.Option(help="A name of `mvae models`, a folder, or a run.")
    ] = "mnist-vae-conv",
    lies: Lies = None,
    count: Annotated[
        int, typer.Option("-n", "--count", min=1, max=10000, help="How many of a data set.")
    ] = 10,
    label: Annotated[str | None, typer.Option(help="What they show, for a conditional model.")] = None,
    grey: Grey = False,
    invert: Invert = False,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Send pictures through a model and back."""
    from mvae.image.options import BESIDE, announced, keep, load_model, take, target

    path = target(output, "reconstruction.png", pictures, beside=[BESIDE])
    vae = load_model(model)
    taken = take(vae, pictures, lies, count, grey, invert, () if label is None else (label,))
    from musicvae_lite.images.reading import save_image
    from musicvae_lite.models import image_figures
    from musicvae_lite.training.image_evaluation import evaluate

    figure = image_figures.reconstruction(vae, taken, seed=seed)
    found = {
        name: value
        for name, value in evaluate(vae.vae, vae.config, taken, seed).to_json().items()
        if value is not None
    }
    shown = [name for name in ("pictures", "bce", "psnr", "kl_bits") if name in found]
    file = save_image(figure, announced(path))
    told = {"seed": seed, "inputs": pictures, "label": label, "inverted": invert}
    keep("reconstruct", vae, [file], as_json, found, shown, **told)
