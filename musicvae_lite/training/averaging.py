"""Several runs of one model as one: the average of their weights (Wortsman et al. 2022, arXiv:2203.05482)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor

from musicvae_lite.errors import ConfigError
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.training.batches import Batches
from musicvae_lite.training.dataset import open_windows
from musicvae_lite.training.music import prior_for
from musicvae_lite.training.settings import MusicTraining

AKIN = 0.5  # runs below have hardly begun from one model: those apart are near 0, those that did above 0.9


def kinship(weights: Sequence[dict[str, Tensor]]) -> float:
    """The least cosine between the weights of the first of some models of one config and those of another."""
    flat = [torch.cat([w[name].flatten() for name in weights[0]]) for w in weights]
    return min(float(torch.cosine_similarity(flat[0], other, dim=0)) for other in flat)


def average(
    runs: Sequence[str | Path],
    data: str | Path | None = None,
    seed: int = 0,
    warn: Callable[[str], None] = lambda text: None,
) -> MusicVAE:
    """The model of the average weights of several, each of which went on from another or from the same start.

    Runs that began apart have nothing in common, and their average is noise.

    Args:
        runs: names or folders of models of one config; one given twice counts twice.
        data: music to fit the prior of the average to: a dataset, whose training part is taken, or a file or
            folder of music; without it, codes are drawn from N(0, I).
        seed: of the draws that the prior is fitted to.
        warn: told where the runs hardly began from one model.

    Raises:
        ConfigError: fewer than two runs, or their configs differ.
        CheckpointError: one can not be loaded.
        DatasetError: the dataset is damaged, or not for these models.
    """
    if len(runs) < 2:
        raise ConfigError("an average takes two models or more")
    models = [MusicVAE.load(run) for run in runs]
    first = models[0]
    for run, model in zip(runs, models, strict=True):
        if model.config.to_table() != first.config.to_table():
            raise ConfigError(f"{run} and {runs[0]} are not models of one config: they can not be averaged")
    windows = None if data is None else open_windows(data, first.representation, "train")
    weights = [model.vae.state_dict() for model in models]
    if (akin := kinship(weights)) < AKIN:
        warn(
            f"these runs hardly began from one model (their weights have a cosine of {akin:.2f}): their "
            "average is likely noise; runs that --init-from one model can be averaged"
        )
    first.vae.load_state_dict({name: torch.stack([w[name] for w in weights]).mean(0) for name in weights[0]})
    first.vae.prior, first.folder = None, None  # it is a model of its own
    if windows is not None:
        settings, c = MusicTraining(seed=seed, synthetic=0.0, synthetic_last=0.0), first.config
        batches = Batches(windows, c.representation, settings, first.vae.device, c.labels)
        first.vae.prior = prior_for(first.vae, batches)
    return first
