"""`mvae evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def evaluate(
    model: Annotated[str, typer.Argument(help="A shipped model's name, a model folder, or a training run.")],
    data: Annotated[Path, typer.Argument(help="A prepared dataset, or a file or folder of music.")],
    split: Annotated[
        str | None, typer.Option(help="Of a dataset: test, validation or train. (default: test)")
    ] = None,
    most: Annotated[int | None, typer.Option(help="Evaluate this many windows, drawn by the seed.")] = None,
    seed: Annotated[int, typer.Option(help="Of sampling.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure a model on music: accuracy, notes, nats, bits."""
    from musicvae_lite import runtime

    runtime.prepare_environment()
    from musicvae_lite.models.music_vae import MusicVAE
    from musicvae_lite.resources import expand
    from musicvae_lite.training.dataset import is_dataset, open_windows
    from musicvae_lite.training.evaluation import evaluate as measure
    from mvae.output import print_json, table

    if split is not None and expand(data).exists() and not is_dataset(data):
        raise typer.BadParameter(
            f"{data} is music, and all of it is evaluated; a dataset of `mvae prepare` has splits",
            param_hint="--split",
        )
    loaded = MusicVAE.load(model)
    windows = open_windows(data, loaded.representation, split or "test")
    result = measure(loaded.vae, loaded.representation, windows, seed, most, loaded.config.labels)
    if json:
        print_json({"model": model, "data": str(data), "seed": seed, **result.to_json()})
        return
    rows = [
        ["free-running, T=1, z mean", *_row(result.free_mean)],
        ["free-running, T=1, z sampled", *_row(result.free_sampled)],
        ["argmax, z mean", *_row(result.argmax)],
        ["teacher-forced, z mean", result.teacher_forced, None, None],
        ["always the commonest", result.commonest, None, None],
    ]
    table(["", "steps right", "note F1", "whole windows"], rows, title=f"{model} on {windows.name}")
    table(
        ["per window", "value"],
        [
            ["windows", result.windows],
            ["reconstruction, nats", result.reconstruction_nats],
            ["KL, bits", result.kl_bits],
            ["ELBO, nats", result.elbo_nats],
            ["active units", f"{result.active_units} of {result.units}"],
        ],
    )


def _row(figures: dict[str, float]) -> list[float]:
    return [figures["steps"], figures["note_f1"], figures["windows"]]
