"""`mvae image manifold`."""

from __future__ import annotations

from typing import Annotated

import typer

from mvae.image.options import AsJson, Output


def manifold(
    width: Annotated[
        int, typer.Option("-n", "--width", min=2, max=60, help="Pictures along each side.")
    ] = 20,
    output: Output = None,
    model: Annotated[str, typer.Option(help="A model whose code has 2 numbers.")] = "mnist-vae-2d",
    label: Annotated[str | None, typer.Option(help="What to show, for a conditional model.")] = None,
    as_json: AsJson = False,
) -> None:
    """Draw the plane of a model's 2-D codes, decoded."""
    from mvae.image.options import BESIDE, announced, keep, load_model, target

    path = target(output, "manifold.png", beside=[BESIDE])
    vae = load_model(model)
    from musicvae_lite.images.reading import save_image
    from musicvae_lite.models import image_figures

    figure = image_figures.manifold(vae, width, label, "What the decoder draws at each place of the plane")
    keep("manifold", vae, [save_image(figure, announced(path))], as_json, {}, label=label, width=width)
