"""`mvae image interpolate`."""

from __future__ import annotations

from typing import Annotated

import typer

from mvae.image.options import AsJson, Grey, Invert, Output


def interpolate(
    a: Annotated[str, typer.Argument(help="A picture.")],
    b: Annotated[str, typer.Argument(help="Another.")],
    steps: Annotated[int, typer.Option("-n", "--steps", min=2, max=200, help="Pictures, ends included.")] = 9,
    output: Output = None,
    model: Annotated[
        str, typer.Option(help="A name of `mvae models`, a folder, or a run.")
    ] = "mnist-vae-conv",
    label: Annotated[
        list[str] | None,
        typer.Option("--label", help="What they show, for a conditional model; twice for two."),
    ] = None,
    grey: Grey = False,
    invert: Invert = False,
    as_json: AsJson = False,
) -> None:
    """Walk from one picture to another: a strip and a GIF."""
    import numpy as np

    from mvae.image.options import BESIDE, announced, keep, load_model, say_notes, take, target

    path = target(output, "walk.png", [a, b], beside=["{stem}.gif", BESIDE])
    vae = load_model(model)
    from musicvae_lite.images import figures
    from musicvae_lite.images.reading import save_image
    from musicvae_lite.models.image_figures import inputs

    if vae.config.is_grid:
        from musicvae_lite.errors import ConfigError

        raise ConfigError(
            f"{model} repairs pictures: its codes hold the pictures, and nothing lies between them"
        )
    taken = take(vae, [a, b], None, 2, grey, invert, label or ())
    x, target_pictures, labels = inputs(vae, taken)
    walk = vae.interpolate(x[0], x[1], steps, labels)
    sheet = np.concatenate([target_pictures[:1].numpy(), walk, target_pictures[1:].numpy()])
    names = ["A", *(f"{step}/{steps - 1}" for step in range(steps)), "B"]
    strip = save_image(figures.labelled_grid(sheet, columns=names), announced(path))
    moving = figures.save_animation(walk, announced(path.with_suffix(".gif")))
    if (taken.pixels[0] == taken.pixels[1]).all():
        say_notes(["A and B are the same picture: every step is its reconstruction"])
    told = {"inputs": [a, b], "labels": label or [], "inverted": invert, "steps": steps}
    keep("interpolate", vae, [strip, moving], as_json, {}, **told)
