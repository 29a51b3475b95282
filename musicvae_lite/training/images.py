"""Images as a task of the training loop: a set of pictures and a preset of the image family."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from musicvae_lite import checkpoints, tables
from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.images.found import Wanted
from musicvae_lite.images.sets import PictureSet
from musicvae_lite.latent import free_bits
from musicvae_lite.models.image.assembly import ImageConfig
from musicvae_lite.models.image.examples import check_labels, examples
from musicvae_lite.models.image_vae import ImageVAE
from musicvae_lite.prior import CodePrior
from musicvae_lite.training.image_evaluation import BATCH, measure
from musicvae_lite.training.order import over_epochs, shuffled
from musicvae_lite.training.presets import Preset
from musicvae_lite.training.run_folder import DESCRIPTION, writing
from musicvae_lite.training.settings import ImageTraining
from musicvae_lite.training.task import VALIDATION_SEED
from musicvae_lite.vae import VAE, Batch

MOST_VALIDATED = 5_000
PRIOR_PICTURES = 20_000  # that a prior is fitted to, at most
LARGEST_PRIOR = 2048  # numbers of a code; their covariances fill 16 MB
CODES_A_NUMBER = 4  # that tell how the numbers of a code hang together
OF_THE_KL = ("beta", "beta_first", "beta_begin", "beta_end", "beta_rate", "free_bits")  # training settings


def wanted(preset: Preset) -> Wanted:
    """What pictures a preset is trained on, for `sets.load`."""
    config = ImageConfig.from_table(preset.model, preset.name)
    p = config.picture
    return Wanted(p.height, p.width, p.channels, p.patches, p.shrink, config.factor)


def some(count: int, most: int, seed: int) -> np.ndarray:
    """Which `most` of `count` pictures are taken, int64 in order; all where there are no more.

    Sets may be sorted by their classes, so the first ones would be of a few classes alone.
    """
    return np.sort(shuffled(np.arange(min(count, most)), count, seed, 0))


def trained_on(model: ImageVAE) -> str:
    """The digest of the pictures that a model was trained on, by its run; "" where that is not known."""
    if model.folder is None:
        return ""
    for folder in model.folder.parents[:2]:  # of RUN/best, of RUN/last/step-N
        try:
            return str(tables.read_json(folder / DESCRIPTION)["dataset"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return ""


def unlearnt(pictures: PictureSet) -> list[str]:
    """A sentence where classes have no picture to learn from, such as those of a folder for testing alone."""
    labels = pictures.train.labels
    if labels is None:
        return []
    learnt = set(np.unique(labels).tolist())
    names = [name for number, name in enumerate(pictures.classes) if number not in learnt]
    more = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return [
        f"no picture to learn from has the label {', '.join(names[:10])}{more}: a model that is asked for it "
        "draws what it has not learnt"
    ] * bool(names)


def check_kl(preset: Preset) -> None:
    """Raises ConfigError where a plain autoencoder is given settings of a KL, which it has not."""
    if not ImageConfig.from_table(preset.model, preset.name).is_plain:
        return
    usual = ImageTraining()
    for name in OF_THE_KL:
        value, default = getattr(preset.training, name), getattr(usual, name)
        if value != default:
            instead = f", or say {default:g}" if default else ""
            raise ConfigError(
                f"{preset.name} is a plain autoencoder and has no KL, so the training setting '{name}', "
                f"here {value:g}, does nothing: leave it out{instead}"
            )


class ImageTask:
    """See `task.Task`.

    Raises:
        ConfigError: the preset needs labels and pictures have none, its sizes do not fit theirs, or it is
            of a plain autoencoder and weighs a KL.
        NothingUsableError: there is a single picture to learn from.
    """

    noun = "pictures"

    def __init__(self, preset: Preset, pictures: PictureSet):
        self.name = preset.name
        self.settings: ImageTraining = preset.training
        self.config = ImageConfig.from_table(preset.model, preset.name).fitted(
            *pictures.shape, pictures.classes
        )
        check_kl(preset)
        if len(pictures.train) < 2:
            raise NothingUsableError(
                f"{pictures.name}: {len(pictures.train)} picture to learn from; a folder of many, or of idx "
                "files (train-images-idx3-ubyte), or an .npy file is needed"
            )
        for part in (pictures.train, pictures.validation):
            if len(part):
                check_labels(self.config, part.labels)
        self.pictures = pictures
        self.dataset = pictures.digest
        self.config.build()  # sizes that contradict each other are found before anything is written

    @property
    def examples(self) -> int:
        return len(self.pictures.train)

    @property
    def held_out(self) -> int:
        return len(self.pictures.validation)

    @property
    def unused(self) -> tuple[str, ...]:
        return OF_THE_KL if self.config.is_plain else ()

    def table(self) -> dict[str, Any]:
        return self.config.to_table()

    def build(self) -> VAE:
        return self.config.build()

    def start(self, settings: ImageTraining, device: torch.device) -> None:
        self.settings, self.device = settings, device
        self.pixels = torch.from_numpy(self.pictures.train.pixels)
        labels = self.pictures.train.labels
        self.labels = None if labels is None else torch.from_numpy(labels)

    def grow(self, vae: VAE, fresh: list[str]) -> None:
        """Nothing: pictures have no levels."""

    def batch(self, step: int, generator: torch.Generator) -> Batch:
        rows = torch.from_numpy(self.rows(step))
        labels = None if self.labels is None else self.labels[rows].to(self.device)
        return examples(self.config, self.pixels[rows].to(self.device), labels, generator)

    def rows(self, step: int) -> np.ndarray:
        """Which pictures make the batch of a step: every one comes once in each pass."""
        size = self.settings.batch
        return over_epochs(np.arange(step * size, (step + 1) * size), self.examples, self.settings.seed)

    def prepare(self, vae: VAE, step: int) -> None:
        """Nothing changes in the model itself."""

    def validate(self, vae: VAE) -> dict[str, float]:
        held = self.pictures.validation
        held = held.part(some(len(held), MOST_VALIDATED, VALIDATION_SEED))
        found, kl = measure(vae, self.config, held, VALIDATION_SEED)
        values = {name: value for name, value in found.to_json().items() if value is not None}
        cost = float(free_bits(kl, self.settings.free_bits).mean())
        beta = self.settings.beta_at(self.settings.steps)
        return {"objective": found.reconstruction_nats + beta * cost, **values}

    def is_at_floor(self, smooth: dict[str, float], halfway: dict[str, float]) -> bool:
        return False

    def finish(self, best: Path) -> str | None:
        """Plain codes follow no known distribution, as those of a VAE whose KL weighs nothing, and an
        adversary's are only near the one it asks for: Gaussians are fitted to them, to draw new ones from.

        Where codes are few, or the model is told the labels, it is one for all classes.
        """
        c, s = self.config, self.settings
        if c.is_grid or not (c.is_plain or s.beta_at(s.steps) == 0):
            return None
        if c.z > LARGEST_PRIOR:
            drawn = "new ones are drawn from N(0, I)" if c.is_normal else "no new ones can be drawn"
            return (
                f"no prior was fitted to the codes, so {drawn}: they have {c.z:,} numbers, and "
                f"{LARGEST_PRIOR:,} are the most"
            )
        rows = torch.from_numpy(some(self.examples, PRIOR_PICTURES, s.seed))
        vae = ImageVAE.load(best, str(self.device)).vae
        generator = torch.Generator(self.device).manual_seed(s.seed)
        with torch.no_grad():
            codes = torch.cat([self._codes(vae, part, generator) for part in rows.split(BATCH)])
        enough = CODES_A_NUMBER * c.z
        labels = None if self.labels is None or c.conditional else self.labels[rows]
        if labels is not None and int(labels.unique(return_counts=True)[1].min()) < enough:
            labels = None
        prior = CodePrior.fit(codes, labels, diagonal=len(codes) < enough)
        with writing(best):
            checkpoints.write_prior(best, prior)
        return None

    def _codes(self, vae: VAE, rows: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """The codes [B, Z] of some pictures."""
        labels = None if self.labels is None else self.labels[rows].to(self.device)
        x, _, control = examples(self.config, self.pixels[rows].to(self.device), labels, generator)
        return vae.encode(x, control).rsample(generator)
