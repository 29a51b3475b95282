"""`mvae image train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from musicvae_lite.resources import expand
from mvae.image.options import Data, Lies


def train(
    preset: Annotated[str, typer.Argument(help="A name of `mvae image presets`, or a TOML file.")],
    data: Data,
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of this run.")],
    lies: Lies = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in that folder.")] = False,
    init_from: Annotated[
        str | None, typer.Option(help="Start from this model's weights, where they fit.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Updates (default: the preset's).")] = None,
    batch: Annotated[int | None, typer.Option(help="Pictures an update (default: the preset's).")] = None,
    beta: Annotated[
        float | None,
        typer.Option(help="Weight of the KL of a VAE; above 1 is a beta-VAE (default: the preset's)."),
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Of Adam (default: the preset's).")] = None,
    seed: Annotated[int | None, typer.Option(help="Of weights, order, split and noise.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, bf16 or float32.")] = "auto",
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write TensorBoard logs too, into the run's folder.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the best weights' validation as JSON.")] = False,
) -> None:
    """Train a preset on pictures."""
    from musicvae_lite import runtime

    runtime.prepare_environment()
    from musicvae_lite.errors import ConfigError
    from musicvae_lite.training.presets import load_preset, preset_names
    from mvae.usage import check_training, one_of, wrong_usage

    changes = {
        "steps": steps,
        "batch": batch,
        "beta": beta,
        "learning_rate": learning_rate,
        "seed": seed,
        "init_from": init_from,
    }
    check_training(changes)
    one_of(precision, ("auto", *runtime.PRECISIONS), "--precision")
    recipe = load_preset(preset, **changes)
    if recipe.family != "image":
        names = ", ".join(preset_names("image"))
        raise ConfigError(f"'{preset}' is a preset for {recipe.family}: `mvae train` takes it. Here: {names}")
    from musicvae_lite.images import sets
    from musicvae_lite.training.images import ImageTask, check_kl, unlearnt, wanted
    from mvae.output import note
    from mvae.training_progress import run_task

    if beta is not None:
        with wrong_usage("--beta"):
            check_kl(recipe)
    pictures = sets.load(data, lies, wanted(recipe))  # split alike whatever the seed: `evaluate` splits anew
    for text in (*pictures.notes, *unlearnt(pictures)) if runtime.processes().is_first else ():
        note(text)
    task, run = ImageTask(recipe, pictures), expand(output)
    options = {**changes, "data": lies, "device": device, "precision": precision}
    again = ["mvae", "image", "train", preset, data, "-o", str(output)]
    run_task(task, run, again, options, resume, tensorboard, json)
