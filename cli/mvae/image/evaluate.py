"""`mvae image evaluate`."""

from __future__ import annotations

from typing import Annotated

import typer

from mvae.image.options import AsJson, Data, Invert, Lies, Seed


def evaluate(
    model: Annotated[str, typer.Argument(help="A name of `mvae models`, a model folder, or a run.")],
    data: Data,
    lies: Lies = None,
    part: Annotated[
        str,
        typer.Option(
            help="test, validation, train or all. (default: test where the set has such a part, or the model "
            "was trained on the rest of it; else all)"
        ),
    ] = "",
    invert: Invert = False,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Measure a model on pictures it was not trained on."""
    from mvae.image.options import choose, finish, load_model, load_pictures
    from mvae.usage import one_of

    if part:
        one_of(part, ("test", "validation", "train", "all"), "--part")
    vae = load_model(model)
    from musicvae_lite.training.image_evaluation import evaluate

    pictures = load_pictures(data, lies, vae)
    chosen, name = choose(pictures, vae, part, invert=invert)
    found = evaluate(vae.vae, vae.config, chosen, seed)
    decoder = sum(p.numel() for p in vae.vae.decoder.parameters())
    sizes = {"parameters": vae.describe()["parameters"], "decoder_parameters": decoder}
    finish({**found.to_json(), **sizes}, as_json, f"{name} of {pictures.name}")
