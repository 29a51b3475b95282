"""`mvae train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from musicvae_lite.resources import expand


def train(
    preset: Annotated[str, typer.Argument(help="A shipped recipe, such as melody-2bar, or a TOML file.")],
    dataset: Annotated[Path, typer.Argument(help="A folder made by `mvae prepare`.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder of this run.")],
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run in that folder.")] = False,
    init_from: Annotated[
        str | None,
        typer.Option(help="Start from this model's weights, where they fit; 'none' from fresh ones."),
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Updates (default: the preset's).")] = None,
    batch: Annotated[int | None, typer.Option(help="Windows an update (default: the preset's).")] = None,
    beta: Annotated[
        float | None, typer.Option(help="Final weight of the KL (default: the preset's).")
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Of Adam (default: the preset's).")] = None,
    labels: Annotated[
        bool, typer.Option("--labels", help="Condition on the folders that songs lie in: one style in each.")
    ] = False,
    seed: Annotated[int | None, typer.Option(help="Of weights, order and noise.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = "auto",
    precision: Annotated[str, typer.Option(help="auto, bf16 or float32.")] = "auto",
    tensorboard: Annotated[
        bool, typer.Option("--tensorboard", help="Write TensorBoard logs too, into the run's folder.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the best weights' validation as JSON.")] = False,
) -> None:
    """Train a model on a prepared dataset."""
    from musicvae_lite import runtime
    from musicvae_lite.errors import ConfigError

    runtime.prepare_environment()
    from musicvae_lite.training.presets import load_preset
    from mvae.usage import check_training, one_of

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
    from musicvae_lite.training.dataset import WindowDataset
    from musicvae_lite.training.music import FOLDERS, MusicTask
    from mvae.training_progress import run_task

    if recipe.family != "music":
        raise ConfigError(f"{preset} is a preset of {recipe.family} models: `mvae {recipe.family} train`")
    if labels:
        recipe.model["labels"] = FOLDERS
    data, run = WindowDataset(dataset), expand(output)
    data.check(recipe.model["representation"], preset)
    digest = data.labelled_digest if "labels" in recipe.model else data.digest
    task = MusicTask(recipe, data.split("train"), data.split("validation"), digest)
    options = {**changes, "device": device, "precision": precision}
    again = ["mvae", "train", preset, str(dataset), "-o", str(output), *["--labels"] * labels]
    run_task(task, run, again, options, resume, tensorboard, json)
