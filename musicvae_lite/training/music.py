"""Music as a task of the training loop: windows of a dataset and a preset of the music family."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from musicvae_lite import checkpoints
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.training.batches import Batches
from musicvae_lite.training.evaluation import fit_prior, validate
from musicvae_lite.training.presets import Preset
from musicvae_lite.training.settings import MusicTraining
from musicvae_lite.training.windows import WindowSplit
from musicvae_lite.vae import VAE, Batch

PRIOR_WINDOWS = 30_000  # that a prior is fitted to, at most


class MusicTask:
    """See `task.Task`.

    Args:
        windows, validation: splits of a dataset in the preset's representation.
        dataset: what the windows are, for the run's records.
    """

    noun = "windows"

    def __init__(self, preset: Preset, windows: WindowSplit, validation: WindowSplit, dataset: str = ""):
        self.name, self.dataset = preset.name, dataset
        self.settings: MusicTraining = preset.training
        self.config = MusicConfig.from_table(preset.model, preset.name)
        self.windows, self.validation = windows, validation

    @property
    def examples(self) -> int:
        return len(self.windows)

    @property
    def held_out(self) -> int:
        return len(self.validation)

    def table(self) -> dict[str, Any]:
        return self.config.to_table()

    def build(self) -> VAE:
        return self.config.build()

    def start(self, settings: MusicTraining, device: torch.device) -> None:
        self.settings, self.device = settings, device
        self.batches = Batches(self.windows, self.config.representation, settings, device)

    def batch(self, step: int, generator: torch.Generator) -> Batch:
        return self.batches(step, generator)

    def prepare(self, vae: VAE, step: int) -> None:
        s = self.settings
        vae.decoder.blank, vae.decoder.own_share = s.blank, s.own_share_at(step)  # type: ignore[assignment]

    def validate(self, vae: VAE) -> dict[str, float]:
        return validate(
            vae, self.config.representation, self.validation, self.settings.beta, self.settings.seed
        )

    def is_at_floor(self, smooth: dict[str, float]) -> bool:
        return smooth["accuracy_uncommon"] < self.settings.floor

    def finish(self, best: Path) -> None:
        """The prior that new codes are drawn from; too little music has none."""
        if len(self.windows) < 4 * self.config.z:
            return
        vae = MusicVAE.load(best, str(self.device)).vae
        generator = torch.Generator(self.device).manual_seed(self.settings.seed)
        prior = fit_prior(vae, self.batches.music(PRIOR_WINDOWS), generator)
        checkpoints.write_prior(best, prior)
