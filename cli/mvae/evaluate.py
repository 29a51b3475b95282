"""`mvae evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

FIGURES = {"steps": "steps right", "note_f1": "note F1", "windows": "whole windows"}  # of every decoding


def evaluate(
    model: Annotated[str, typer.Argument(help="A shipped model's name, a model folder, or a training run.")],
    data: Annotated[Path, typer.Argument(help="A prepared dataset, or a file or folder of music.")],
    split: Annotated[
        str | None, typer.Option(help="Of a dataset: test, validation or train. (default: test)")
    ] = None,
    most: Annotated[
        int | None, typer.Option(min=1, help="Evaluate this many windows, drawn by the seed.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of sampling.")] = 0,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure a model on music: accuracy, notes, nats, bits."""
    from musicvae_lite import runtime
    from musicvae_lite.errors import NothingUsableError

    runtime.prepare_environment()
    from musicvae_lite.models.music_vae import MusicVAE
    from musicvae_lite.training.dataset import open_windows
    from musicvae_lite.training.evaluation import evaluate as measure
    from mvae.output import note, print_json, table
    from mvae.usage import split_of

    split = split_of(data, split, "test")
    loaded = MusicVAE.load(model)
    windows = open_windows(data, loaded.representation, split)
    if not len(windows):
        raise NothingUsableError(f"{windows.name} holds no windows to evaluate on: {_elsewhere(data)}")
    result = measure(loaded.vae, loaded.representation, windows, seed, most, loaded.config.labels)
    active, labels = result.active_units, result.labels or {}
    if unlabelled := labels.get(""):
        note(
            f"{unlabelled:,} of {result.windows:,} windows have no label that {model} knows: they were "
            "measured without one. A song's label is its folder's name; in a dataset of one folder alone "
            "songs have none"
        )
    if json:
        measured = {"data": str(data), **_measured(data, split, bool(loaded.config.labels))}
        print_json({"model": model, **measured, "most": most, "seed": seed, **result.to_json()})
        return
    rows = [
        ["free-running, T=1, z mean", *_row(result.free_mean)],
        ["free-running, T=1, z sampled", *_row(result.free_sampled)],
        ["argmax, z mean", *_row(result.argmax)],
    ]
    if result.teacher_forced is not None:
        rows.append(["teacher-forced, z mean", result.teacher_forced, None, None])
    rows.append(["always the commonest", result.commonest, None, None])
    table(["", *FIGURES.values()], rows, title=f"{model} on {windows.name}")
    further = [
        [name.replace("_", " ").replace("f1", "F1"), value, result.free_sampled[name], result.argmax[name]]
        for name, value in result.free_mean.items()
        if name not in FIGURES
    ]
    if further:
        table(["further figures", "T=1, z mean", "T=1, z sampled", "argmax, z mean"], further)
    table(
        ["per window", "value"],
        [
            ["windows", result.windows],
            ["reconstruction, nats", result.reconstruction_nats],
            ["KL, bits", result.kl_bits],
            ["ELBO, nats", result.elbo_nats],
            ["active units", "-" if active is None else f"{active} of {result.units}"],
        ],
    )
    if labels:
        table(["measured under the label", "windows"], [[name or "(none)", n] for name, n in labels.items()])


def _row(figures: dict[str, float]) -> list[float]:
    return [figures[name] for name in FIGURES]


def _measured(data: Path, split: str, labelled: bool) -> dict[str, str | None]:
    """The split of a dataset that was measured, and the dataset's digest, as a run of training records it."""
    from musicvae_lite.training.dataset import WindowDataset, is_dataset

    if not is_dataset(data):
        return {"split": None, "digest": None}
    dataset = WindowDataset(data)
    return {"split": split, "digest": dataset.labelled_digest if labelled else dataset.digest}


def _elsewhere(dataset: Path) -> str:
    """What splits of a dataset to evaluate on instead of an empty one."""
    from musicvae_lite.corpora.recipe import SPLITS
    from musicvae_lite.training.dataset import WindowDataset

    splits = WindowDataset(dataset).manifest.splits
    counts = [(name, splits[name].windows) for name in reversed(SPLITS)]  # those held out first
    return ", ".join(f"{name} holds {count:,} (--split {name})" for name, count in counts if count)
