"""`mvae image embed`."""

from __future__ import annotations

from typing import Annotated

import typer

from mvae.image.options import AsJson, Data, Invert, Lies, Output, Seed


def embed(
    data: Data,
    output: Output = None,
    model: Annotated[str, typer.Option(help="A name of `mvae models`, a folder, or a run.")] = "mnist-vae-2d",
    lies: Lies = None,
    count: Annotated[int, typer.Option("-n", "--count", min=10, help="Points at most.")] = 10_000,
    codes: Annotated[
        str | None, typer.Option("--codes", metavar="PATH", help="Write codes and labels too, .npz.")
    ] = None,
    invert: Invert = False,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Draw codes as points by class, beside PCA."""
    import numpy as np

    from mvae.image.options import (
        BESIDE,
        announced,
        choose,
        keep,
        load_model,
        load_pictures,
        say_notes,
        target,
    )

    path = target(output, "embedding.png", [data], beside=[BESIDE])
    to = None if codes is None else target(codes, "codes.npz", [data], (".npz",), option="--codes")
    vae = load_model(model)
    found = load_pictures(data, lies, vae)
    from musicvae_lite.images import lettering
    from musicvae_lite.images.reading import save_image
    from musicvae_lite.models import image_figures

    part, _ = choose(found, vae, least=10, invert=invert)
    if len(part) > count:
        part = part.part(np.sort(np.random.default_rng(seed).permutation(len(part))[:count]))
    figure, agreeing = image_figures.embedding(vae, part, found.classes, seed=seed)
    if part.labels is not None:
        say_notes(lettering.readable(found.classes)[1])
    files = [save_image(figure, announced(path))]
    if to is not None:
        from musicvae_lite.writing import replacing

        x, _, labels = image_figures.inputs(vae, part, seed)
        with replacing(announced(to)) as temporary, open(temporary, "wb") as file:
            np.savez(
                file, z=vae.encode(x, labels), labels=np.array([] if part.labels is None else part.labels)
            )
        files.append(to)
    figures = {"points": len(part), **{f"knn_{name}": share for name, share in agreeing.items()}}
    keep("embed", vae, files, as_json, figures, [*figures], seed=seed, inputs=[data], inverted=invert)
