"""Music as a task of the training loop: windows of a dataset and a preset of the music family."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch

from musicvae_lite import checkpoints
from musicvae_lite.errors import ConfigError
from musicvae_lite.models import growing
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.prior import CodePrior
from musicvae_lite.training.batches import Batches
from musicvae_lite.training.evaluation import fit_prior, validate
from musicvae_lite.training.patience import RISE
from musicvae_lite.training.presets import Preset
from musicvae_lite.training.run_folder import writing
from musicvae_lite.training.settings import MusicTraining
from musicvae_lite.training.task import VALIDATION_SEED
from musicvae_lite.training.windows import WindowSplit
from musicvae_lite.vae import VAE, Batch

PRIOR_WINDOWS = 30_000  # that a prior is fitted to, at most
WINDOWS_A_NUMBER = 4  # of a code: of fewer no prior is fitted
GROWN_WINDOWS = 8192  # whose parts a new level is made for
FOLDERS = "folders"  # as the labels of a preset: the names of the folders that songs are in


class MusicTask:
    """See `task.Task`.

    Args:
        windows, validation: splits of a dataset in the preset's representation.
        dataset: what the windows are, for the run's records.
    """

    noun = "windows"
    unused = ()

    def __init__(self, preset: Preset, windows: WindowSplit, validation: WindowSplit, dataset: str = ""):
        self.name, self.dataset = preset.name, dataset
        self.settings: MusicTraining = preset.training
        self.config = MusicConfig.from_table(_labelled(preset.model, windows), preset.name)
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
        try:
            return self.config.build()
        except ConfigError as error:
            raise ConfigError(f"{self.name}: {error}") from error

    def start(self, settings: MusicTraining, device: torch.device) -> None:
        self.settings, self.device = settings, device
        self.batches = Batches(self.windows, self.config.representation, settings, device, self.config.labels)

    def grow(self, vae: VAE, fresh: list[str]) -> None:
        if growing.is_grown(vae, fresh):
            size = self.settings.batch
            steps = range(min(self.settings.steps, math.ceil(GROWN_WINDOWS / size)))
            generator = torch.Generator(self.device)
            growing.begin(vae, (self.batch(s, generator.manual_seed(s)) for s in steps))

    def batch(self, step: int, generator: torch.Generator) -> Batch:
        return self.batches(step, generator)

    def prepare(self, vae: VAE, step: int) -> None:
        s = self.settings
        vae.decoder.blank, vae.decoder.own_share = s.blank, s.own_share_at(step)  # type: ignore[assignment]

    def validate(self, vae: VAE) -> dict[str, float]:
        c, s = self.config, self.settings
        r, held_out = c.representation, self.validation
        beta = s.beta_at(s.steps)
        return validate(vae, r, held_out, beta, VALIDATION_SEED, names=c.labels, free=s.free_bits)

    def is_at_floor(self, smooth: dict[str, float], halfway: dict[str, float]) -> bool:
        now = smooth.get("accuracy_uncommon")
        if now is None or not self.settings.floor:  # a decoder of another kind may not tell
            return False
        return now < self.settings.floor and now - halfway.get("accuracy_uncommon", now) < RISE

    def finish(self, best: Path) -> str | None:
        """The prior that new codes are drawn from."""
        prior = prior_for(MusicVAE.load(best, str(self.device)).vae, self.batches)
        if prior is None:
            return (
                f"no prior was fitted, so new codes are drawn from N(0, I): {self.examples} windows are "
                f"fewer than {WINDOWS_A_NUMBER} for each of the {self.config.z} numbers of a code"
            )
        with writing(best):
            checkpoints.write_prior(best, prior)
        return None


def prior_for(vae: VAE, batches: Batches) -> CodePrior | None:
    """What new codes of a trained model are drawn from; too little music has none."""
    if len(batches.windows) < WINDOWS_A_NUMBER * vae.z_size:
        return None
    generator = torch.Generator(batches.device).manual_seed(batches.settings.seed)
    return fit_prior(vae, batches.music(PRIOR_WINDOWS), generator)


def _labelled(table: dict[str, Any], windows: WindowSplit) -> dict[str, Any]:
    """The tables of a model, its labels "folders" replaced by the folders the songs were in.

    Raises:
        ConfigError: all songs were in one folder.
    """
    if table.get("labels") != FOLDERS:
        return table
    names = sorted({song.label for song in windows.songs if song.label and song.windows})
    if len(names) < 2:
        raise ConfigError(
            f"labels are the folders of the songs, and of {windows.name} fewer than two hold any: put each "
            "style into a folder of its own and prepare the dataset again"
        )
    return {**table, "labels": names}
