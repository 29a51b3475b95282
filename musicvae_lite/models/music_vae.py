"""MusicVAE: a trained model that takes and gives music. The public face of the toolkit.

    model = MusicVAE.load("melody-2bar")
    takes = model.interpolate("a.mid", "b.mid", steps=9)
    takes.joined().save("out.mid")

Tensors and losses are one step away, in `model.vae`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from musicvae_lite import checkpoints, runtime
from musicvae_lite.errors import CheckpointError, ConfigError
from musicvae_lite.latent import Posterior, slerp
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.music.picking import Pick, pick
from musicvae_lite.music.score import Score
from musicvae_lite.music.takes import Style, Takes

if TYPE_CHECKING:
    import pretty_midi

    Music = str | Path | Score | pretty_midi.PrettyMIDI | Pick

DECODE_BATCH = 1024  # sequences decoded at once


class MusicVAE:
    """A representation and a VAE over it.

    Every method that takes music accepts a path (MIDI, or ABC and MusicXML with the `notation` extra), a
    Score, a pretty_midi object, or a `Pick` of certain bars; of a longer song the first window that
    holds notes is taken.
    """

    def __init__(self, config: MusicConfig, device: str = "cpu"):
        self.config, self.representation = config, config.representation
        self.vae = config.build().to(device).eval()

    @classmethod
    def load(cls, name: str | Path, device: str = "cpu") -> MusicVAE:
        """Loads a shipped model by name, a model folder, or a training run (its best weights).

        Raises:
            CheckpointError: missing, damaged, of another format, or weights that do not fit the config.
        """
        runtime.choose_threads()
        folder = checkpoints.find(name)
        table = checkpoints.read_config(folder)
        if table.get("family") != "music":
            raise CheckpointError(f"{folder}: a model of the family {table.get('family')!r}, not music")
        try:
            model = cls(MusicConfig.from_table(table, str(folder / checkpoints.CONFIG)), device)
        except ConfigError as error:
            raise CheckpointError(str(error)) from error
        checkpoints.load_into(model.vae, checkpoints.read_weights(folder, device), folder)
        return model

    def save(self, folder: str | Path, half: bool = False) -> None:
        """Writes a model folder that `load` reads; `half` stores float16."""
        checkpoints.write(Path(folder).expanduser(), self.config.to_table(), self.vae, half)

    def pick(self, music: Music, bars: tuple[int, int] | None = None) -> Pick:
        """The window of some music this model would work on, with where it lies.

        Args:
            bars: first and last bar, counted from 1; by default the first window that holds notes.

        Raises:
            NothingUsableError: no window fits; the message says why, bar by bar.
            ReadError: the file cannot be read.
        """
        return music if isinstance(music, Pick) else pick(music, self.representation, bars)

    def posterior(self, *music: Music) -> Posterior:
        """The Gaussian over z [B, Z] of one piece of music or several."""
        tokens = np.stack([self.pick(m).tokens for m in music])
        with torch.no_grad():
            return self.vae.encode(self.tensor(tokens))

    def encode(self, *music: Music) -> np.ndarray:
        """Posterior means, float32 [B, Z]."""
        return self.posterior(*music).mean.cpu().numpy()

    def decode(
        self, z: np.ndarray | Tensor, temperature: float = 0.0, seed: int = 0, style: Style | None = None
    ) -> Takes:
        """Codes [B, Z] to music.

        Raises:
            ConfigError: z has another size than the model's.
        """
        codes = torch.as_tensor(z, dtype=torch.float32, device=self.vae.device)
        if codes.dim() != 2 or codes.shape[-1] != self.config.z:
            raise ConfigError(
                f"codes have the shape {list(codes.shape)}; this model decodes [B, {self.config.z}]"
            )
        generator = self.generator(seed)
        with torch.no_grad():
            parts = [
                self.vae.decode(part, None, temperature, generator) for part in codes.split(DECODE_BATCH)
            ]
        tokens = torch.cat(parts).cpu().numpy().astype(np.uint8)
        return Takes(self.representation.canonical(tokens), self.representation, style)

    def sample(
        self, count: int = 1, temperature: float = 1.0, seed: int = 0, style: Style | None = None
    ) -> Takes:
        """New music: `count` draws from the prior."""
        z = torch.randn((count, self.config.z), generator=self.generator(seed), device=self.vae.device)
        return self.decode(z, temperature, seed, style)

    def reconstruct(self, music: Music, temperature: float = 0.0, seed: int = 0) -> Takes:
        """Music through its mean code and back: one take."""
        chosen = self.pick(music)
        return self.decode(self.encode(chosen), temperature, seed, chosen.style())

    def interpolate(
        self, a: Music, b: Music, steps: int = 9, temperature: float = 0.0, seed: int = 0
    ) -> Takes:
        """A spherical path between two pieces; the ends are their reconstructions.

        Args:
            steps: how many takes, ends included; at least 2.
            temperature: 0 writes the likeliest notes at every point of the path.

        Returns:
            `steps` takes in the tempo, program and loudness of `a`.
        """
        if steps < 2:
            raise ConfigError(f"steps is {steps}; a path needs at least its 2 ends")
        first, last = self.pick(a), self.pick(b)
        means = self.posterior(first, last).mean
        path = slerp(means[0], means[1], steps)  # [steps, Z]
        return self.decode(path, temperature, seed, first.style())

    def log_prob(self, *music: Music, samples: int = 1, seed: int = 0) -> np.ndarray:
        """A lower bound on log p(music) [B], nats: the ELBO, tighter with more samples.

        Burda et al. 2015 (arXiv:1509.00519), equation 8.
        """
        x = self.tensor(np.stack([self.pick(m).tokens for m in music]))
        generator = self.generator(seed)
        with torch.no_grad():
            q = self.vae.encode(x)
            bounds = []
            for _ in range(samples):
                z = q.rsample(generator)
                log_ratio = (-0.5 * z.square() + 0.5 * ((z - q.mean) / q.scale).square() + q.scale.log()).sum(
                    -1
                )  # log p(z) - log q(z|x)
                bounds.append(log_ratio - self.vae.decoder.reconstruction(z, x).nats)  # type: ignore[operator]
            total = torch.logsumexp(torch.stack(bounds), 0) - np.log(samples)
        return total.cpu().numpy()

    def tensor(self, tokens: np.ndarray) -> Tensor:
        """Tokens [B, T] as the tensor the VAE takes."""
        return torch.from_numpy(tokens.astype(np.int64)).to(self.vae.device)

    def generator(self, seed: int) -> torch.Generator:
        return torch.Generator(self.vae.device).manual_seed(seed)

    def describe(self) -> dict[str, Any]:
        """Sizes and settings, for tables."""
        count = sum(p.numel() for p in self.vae.parameters())
        return {"parameters": count, **self.config.to_table()}
