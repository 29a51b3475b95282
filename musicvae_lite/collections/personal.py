"""A small VAE over the codes of somebody's own few files: what it draws stays near their style.

Dinculescu, Engel and Roberts 2019, "MidiMe: Personalizing a MusicVAE model with user data".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from musicvae_lite import checkpoints, finding, runtime
from musicvae_lite.collections.styling import codes_of
from musicvae_lite.errors import CheckpointError, ConfigError, shown
from musicvae_lite.latent import Posterior
from musicvae_lite.music.takes import Style, Takes, check_draws
from musicvae_lite.resources import expand
from musicvae_lite.training.dataset import windows_of
from musicvae_lite.vae import VAE, Batch, Reconstruction
from musicvae_lite.writing import check_folder

if TYPE_CHECKING:
    from musicvae_lite.models.music_vae import MusicVAE

FAMILY = "personal"
DRAWS = 4  # of each window's posterior, to learn from
RATE = 3e-3


@dataclass(frozen=True)
class PersonalConfig:
    """Sizes.

    Attributes:
        codes: numbers of a code of the large model.
        z: numbers of a code of the small one.
        hidden: of the layer between.
    """

    codes: int
    z: int = 4
    hidden: int = 64

    def build(self) -> VAE:
        return VAE(_Encoder(self), _Decoder(self))


class _Encoder(nn.Module):
    def __init__(self, config: PersonalConfig):
        super().__init__()
        self.hidden, self.out = nn.Linear(config.codes, config.hidden), nn.Linear(config.hidden, 2 * config.z)

    def forward(self, x: Tensor, control: Tensor | None = None) -> Posterior:
        """Codes [B, N] to a posterior over [B, Z]."""
        mean, scale = self.out(self.hidden(x).tanh()).chunk(2, -1)
        return Posterior(mean, F.softplus(scale) + 1e-4)


class _Decoder(nn.Module):
    def __init__(self, config: PersonalConfig):
        super().__init__()
        self.z_size = config.z
        self.hidden, self.out = nn.Linear(config.z, config.hidden), nn.Linear(config.hidden, config.codes)
        self.log_scale = nn.Parameter(torch.zeros(config.codes))  # of what it cannot say

    def reconstruction(
        self,
        z: Tensor,
        target: Tensor,
        control: Tensor | None = None,
        generator: torch.Generator | None = None,
    ) -> Reconstruction:
        far = (target - self._mean(z)) / self.log_scale.exp()
        nats = 0.5 * far.square() + self.log_scale + 0.5 * math.log(2 * math.pi)
        return Reconstruction(nats.sum(-1))

    def sample(
        self,
        z: Tensor,
        control: Tensor | None = None,
        temperature: float = 1.0,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        mean = self._mean(z)
        if not temperature:
            return mean
        noise = torch.randn(mean.shape, generator=generator, device=mean.device)
        return mean + temperature * self.log_scale.exp() * noise

    def _mean(self, z: Tensor) -> Tensor:
        return self.out(self.hidden(z).tanh())


class Personal:
    """A small VAE and the model whose codes it draws.

    Attributes:
        config, vae: what it is made of.
        record: plain values: model, files, windows, steps, z, seed, loss.
    """

    def __init__(self, config: PersonalConfig, vae: VAE, record: dict[str, Any]):
        self.config, self.vae, self.record = config, vae.eval(), record

    def draw(self, count: int, generator: torch.Generator, spread: float = 1.0) -> Tensor:
        """Codes [count, N] for the large model.

        Args:
            spread: of the noise that stands for what the small one cannot say. Without it codes are means of
                many, which lie in the dull middle where hardly a note is written.
        """
        return self.vae.sample(count, None, spread, generator)

    def sample(
        self,
        model: MusicVAE,
        count: int = 1,
        temperature: float = 0.5,
        seed: int = 0,
        style: Style | None = None,
        chords: str | None = None,
        spread: float = 1.0,
    ) -> Takes:
        """New music near the files. Arguments as of `MusicVAE.sample`, `spread` as of `draw`.

        Raises:
            ConfigError: it was made with another model, or count or spread is out of range.
        """
        count = check_draws(count, spread)
        made, own = self.record.get("model"), model.identity
        if made and own and made["sha256"] != own["sha256"]:
            raise ConfigError(f"it was made with the model {made['name']}, not with {own['name']}")
        if model.config.z != self.config.codes:
            raise ConfigError(
                f"it draws codes of {self.config.codes} numbers, the model has {model.config.z}"
            )
        generator = runtime.generator(seed, self.vae.device)
        z = self.draw(count, generator, spread)
        takes = model.decode(z, temperature, runtime.drawn_seed(generator), style, chords)
        takes.record |= {"command": "sample", "seed": seed, "spread": spread, "personal": self.record}
        return takes

    def save(self, folder: str | Path) -> Path:
        """Writes a folder that `load` reads. Raises ConfigError as `check_target` does."""
        where = check_target(folder)
        config = {"family": FAMILY, **asdict(self.config), "record": self.record}
        checkpoints.write(where, config, self.vae.state_dict())
        return where

    @classmethod
    def load(cls, folder: str | Path) -> Personal:
        """Reads what `save` wrote.

        Raises:
            CheckpointError: missing, damaged, or another kind of model.
        """
        where = expand(folder)
        table = checkpoints.read_config(where)
        if table.get("family") != FAMILY:
            raise CheckpointError(
                f"{where}: not made by `mvae personalize`: its family is {shown(table.get('family'))}"
            )
        try:
            config = PersonalConfig(*(int(table[key]) for key in ("codes", "z", "hidden")))
            record = dict(table["record"])
            made = record.get("model")
            if made is not None and not ({"name", "sha256"} <= made.keys()):
                raise ValueError("'model' names none")
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise CheckpointError(f"{where}: its config is damaged ({shown(error)})") from error
        if not all(1 <= size <= 1 << 16 for size in asdict(config).values()):
            raise CheckpointError(f"{where}: its config claims sizes no such model has")
        try:
            with checkpoints.budget(where):
                vae = config.build()
        except ConfigError as error:
            raise CheckpointError(f"{where}: {error}") from error
        checkpoints.load_into(vae, checkpoints.read_weights(where), where)
        return cls(config, vae, record)


def check_target(folder: str | Path) -> Path:
    """Where to save, `~` expanded: a folder of its own, or one that was made by `mvae personalize` before.

    Raises:
        ConfigError: another model lies there.
        MusicVAEError: it cannot be written to.
    """
    where = expand(folder)
    check_folder(where)
    finding.check_free(where, lambda config: config.get("family") == FAMILY)
    return where


def personalize(
    model: MusicVAE,
    files: Sequence[str | Path],
    steps: int = 600,
    z: int = 4,
    seed: int = 0,
    progress: Callable[[int], None] = lambda step: None,
) -> Personal:
    """Trains a small VAE on the codes of every window of some files, in seconds.

    Args:
        files: files and folders of music.
        steps: updates, each on at most 256 codes.
        z: numbers of its code.
        progress: called after every step.

    Raises:
        NothingUsableError: no window in them.
        ConfigError: steps or z is out of range.
    """
    steps, z = runtime.whole("steps", steps), runtime.whole("z", z)
    if not 1 <= steps <= 100_000 or not 1 <= z <= model.config.z:
        raise ConfigError(f"steps is {steps} and z is {z}; at least 1, z at most {model.config.z}")
    codes = codes_of(model, windows_of(files, model.representation), DRAWS, seed).cpu()
    config = PersonalConfig(codes.shape[1], z)
    generator = runtime.generator(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        vae = config.build().train()
    optimiser = torch.optim.Adam(vae.parameters(), RATE)
    loss = torch.tensor(0.0)
    for step in range(steps):
        rows = torch.randint(len(codes), (min(256, len(codes)),), generator=generator)
        loss = vae.loss(Batch(codes[rows]), beta=min(1.0, 2 * step / steps), generator=generator).total
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        progress(step + 1)
    record = {
        "model": model.identity,
        "files": [str(path) for path in files],
        "windows": len(codes) // DRAWS,
        "steps": steps,
        "z": z,
        "seed": seed,
        "loss_nats": float(loss.detach()),
    }
    return Personal(config, vae, record)
