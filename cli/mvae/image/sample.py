"""`mvae image sample`."""

from __future__ import annotations

from typing import Annotated

import typer

from mvae.image.options import AsJson, Output, Seed


def sample(
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=10000, help="How many.")] = 64,
    output: Output = None,
    model: Annotated[
        str, typer.Option(help="A name of `mvae models`, a folder, or a run.")
    ] = "mnist-vae-conv",
    label: Annotated[str | None, typer.Option(help="What they show, for a conditional model.")] = None,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Draw new pictures."""
    from mvae.image.options import BESIDE, announced, keep, load_model, target

    path = target(output, "sample.png", beside=[BESIDE])
    vae = load_model(model)
    from musicvae_lite.images.reading import save_image
    from musicvae_lite.models import image_figures

    labels = None if label is None else [vae.label(label)] * count
    if labels is None and vae.config.conditional:
        classes = len(vae.config.classes)
        labels = [number % classes for number in range(count)]
    file = save_image(image_figures.samples(vae.sample(count, seed, labels)), announced(path))
    keep("sample", vae, [file], as_json, {}, seed=seed, label=label, count=count)
