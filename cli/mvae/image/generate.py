"""`mvae image generate`."""

from __future__ import annotations

from typing import Annotated

import typer

from mvae.image.options import AsJson, Output, Seed


def generate(
    label: Annotated[
        list[str] | None, typer.Option("--label", help="A class; may be given several times. (default: all)")
    ] = None,
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=100, help="Pictures of each.")] = 10,
    output: Output = None,
    model: Annotated[str, typer.Option(help="A conditional model.")] = "mnist-cvae",
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Draw pictures of the labels asked for."""
    from mvae.image.options import BESIDE, announced, keep, load_model, say_notes, target

    path = target(output, "generated.png", beside=[BESIDE])
    vae = load_model(model)
    from musicvae_lite.images import lettering
    from musicvae_lite.images.reading import save_image
    from musicvae_lite.models import image_figures

    file = save_image(image_figures.generation(vae, label or (), count, seed), announced(path))
    labels = label or list(vae.config.classes)
    say_notes(lettering.readable(labels)[1])
    keep("generate", vae, [file], as_json, {}, seed=seed, labels=labels, count=count)
