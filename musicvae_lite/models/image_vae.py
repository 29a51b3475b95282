"""ImageVAE: a trained model that takes and gives pictures. The public face of the image half.

    model = ImageVAE.load("mnist-vae-2d")
    pictures = model.manifold(15)                     # float32 [15 * 15, C, H, W] in 0..1
    clean, notes = ImageVAE.load("mnist-denoise").repair("noisy.png")

The core is the one music has (`musicvae_lite.vae`, `musicvae_lite.latent`): tensors, losses and posteriors
are one step away, in `model.vae`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError
from musicvae_lite.images.tiles import in_tiles
from musicvae_lite.latent import walk
from musicvae_lite.models.image import taking
from musicvae_lite.models.image.assembly import ImageConfig
from musicvae_lite.models.image.examples import class_numbers, one_hot
from musicvae_lite.models.image.plane import plane
from musicvae_lite.models.image.taking import Image, Images
from musicvae_lite.models.saved import SavedVAE

BATCH = 256  # pictures encoded or decoded at once
OVERLAP = 8  # pixels that neighbouring tiles share
NO_LABELS = "this model knows no labels: leave them out, or take a conditional model"


class ImageVAE(SavedVAE):
    """A config and a VAE over it.

    Methods that take a picture accept a path, a `Picture`, a Pillow image, or an array [H, W], [C, H, W] or
    [H, W, C] of bytes or of numbers in 0..1. Those that encode accept a tensor [C, h, w] at the model's size
    too, and several pictures as a sequence of single ones, or along a first axis: [N, C, h, w], and for a
    model of grey pictures [N, h, w] at its own size; only [3, h, w], which may be a colour picture, has to be
    given as [3, 1, h, w]. What they give is float32 [N, C, H, W] in 0..1.
    """

    family = "image"
    config_type = ImageConfig
    config: ImageConfig

    def take(self, image: Image, convert: bool = False, clean: bool = False) -> tuple[Tensor, list[str]]:
        """A picture as the model's encoder takes it.

        Args:
            convert: turn a colour picture grey for a model of grey ones.
            clean: at the size of what the model writes, where that differs from what it reads.

        Returns:
            float32 [C, H, W] in 0..1, and what was done to it, a sentence each.

        Raises:
            ReadError: it cannot be read.
            NothingUsableError: it is in colour, the model grey, and `convert` is not set.
            ConfigError: an array that holds no picture.
        """
        return taking.take(image, self.config.shape, convert, clean)

    def encode(self, pictures: Images, labels: Sequence[int] | None = None) -> np.ndarray:
        """Codes float32 [N, Z], the posterior means, of N pictures.

        Raises:
            ConfigError: a tensor of another size than the model's, or of numbers outside 0..1; [3, h, w] for
                a model of grey pictures of that size; or labels as for `decode`.
            MusicVAEError: as `take`.
        """
        x = self._read(pictures).to(self.vae.device)
        with torch.no_grad():
            parts = [self.vae.encode(*part).mean for part in _parts(x, self.control(labels, len(x)))]
        return torch.cat(parts).cpu().numpy()

    def decode(self, codes: np.ndarray | Tensor, labels: Sequence[int] | None = None) -> np.ndarray:
        """Codes [N, Z] to the expected pictures [N, C, H, W].

        Raises:
            ConfigError: codes of another size, no real numbers, or out of range; or labels as for `control`.
        """
        z = self._codes(codes)
        with torch.no_grad():
            parts = [self.vae.decode(*part, 0.0) for part in _parts(z, self.control(labels, len(z)))]
        return torch.cat(parts).cpu().numpy()

    def reconstruct(self, pictures: Images, labels: Sequence[int] | None = None) -> np.ndarray:
        """N pictures through their mean codes and back."""
        return self.decode(self.encode(pictures, labels), labels)

    def log_prob(
        self, pictures: Images, labels: Sequence[int] | None = None, samples: int = 1, seed: int = 0
    ) -> np.ndarray:
        """A lower bound on log p(pictures) [N], nats: the ELBO, tighter with more samples (`VAE.log_prob`).

        Under squared errors it leaves out a constant, that of their Gaussian: it compares pictures, and is no
        bound on their density.

        Args:
            pictures: clean ones, at the size of what the model writes; what it reads of them is corrupted as
                in training.
            labels: of a conditional model, under which they are scored.

        Raises:
            ConfigError: a plain autoencoder, `samples` is no whole number above 0, or as for `encode`.
            MusicVAEError: as `take`.
        """
        samples = runtime.whole("samples", samples)
        targets = self._read(pictures, clean=True).to(self.vae.device)
        corruption, generator, bounds = self.config.corruption, self.generator(seed), []
        with torch.no_grad():
            for target, told in _parts(targets, self.control(labels, len(targets))):
                q = self.vae.encode(target if corruption is None else corruption(target, generator), told)
                bounds.append(self.vae.log_prob(q, target, told, samples, generator))
        return torch.cat(bounds).cpu().numpy()

    @property
    def has_prior(self) -> bool:
        """Whether it is known where codes lie: where they were asked to, or found when training ended."""
        return self.vae.prior is not None or self.config.is_normal

    def draw(self, count: int, seed: int = 0) -> Tensor:
        """New codes [count, Z]: draws from the prior. Raises ConfigError without one, or for a count below 1.

        Where the encoder knows no negative numbers, those of a draw are 0.
        """
        count = runtime.whole("count", count)
        if count < 1:
            raise ConfigError(f"count is {count}; at least 1 can be drawn")
        self._check_prior()
        codes = self.vae.draw(count, self.generator(seed))
        return codes.clamp_min(0) if self.config.is_positive else codes

    def sample(self, count: int, seed: int = 0, labels: Sequence[int] | None = None) -> np.ndarray:
        """New pictures [count, C, H, W]: draws from the prior, decoded. Raises as `draw`."""
        if self.config.is_grid:
            raise ConfigError("this model repairs pictures: its code holds the picture, so none can be drawn")
        return self.decode(self.draw(count, seed), labels)

    def interpolate(
        self, a: Tensor | Image, b: Tensor | Image, steps: int = 9, labels: Sequence[int] | None = None
    ) -> np.ndarray:
        """A path [steps, C, H, W] between two pictures (`latent.walk`); its ends are reconstructions.

        Args:
            labels: of `a` and `b` for a conditional model; the path changes from one to the other halfway.
        """
        steps = runtime.whole("steps", steps)
        if steps < 2:
            raise ConfigError(f"steps is {steps}; a path needs at least its 2 ends")
        ends = torch.cat([self._read(a), self._read(b)])
        if len(ends) != 2:
            raise ConfigError(f"a path lies between 2 pictures, not {len(ends)}")
        means = torch.from_numpy(self.encode(ends, labels))
        along = None if labels is None else [labels[0 if 2 * step < steps else 1] for step in range(steps)]
        return self.decode(walk(means[0], means[1], steps), along)

    def manifold(
        self, width: int = 15, labels: Sequence[int] | None = None, reach: float = 0.975
    ) -> np.ndarray:
        """Decoded codes [width * width, C, H, W] of the plane, as `plane` lays them out."""
        return self.decode(self.plane(width, reach), labels)

    def plane(self, width: int = 15, reach: float = 0.975) -> np.ndarray:
        """Codes float32 [width * width, 2] of a grid: rows from the top, x to the right.

        Along each axis they go by equal steps in the probability of the prior, taken for one Gaussian: every
        part of it gets its share of the grid.

        Args:
            reach: the largest quantile shown; the smallest is 1 - reach.

        Raises:
            ConfigError: the code is no plane, or there is no prior.
        """
        if self.config.z != 2:
            raise ConfigError(f"a manifold needs a code of 2 numbers; this model's has {self.config.z}")
        self._check_prior()
        codes = plane(width, reach)
        if self.vae.prior is None:
            return codes
        prior = self.vae.prior.as_one
        return prior.mean[0].cpu().numpy() + prior.root[0].norm(dim=1).cpu().numpy() * codes

    def generate(self, labels: Sequence[int], count: int = 10, seed: int = 0) -> np.ndarray:
        """Pictures [len(labels) * count, C, H, W] of a conditional model: a row a label, a column a code."""
        if not self.config.conditional:
            raise ConfigError("this model knows no labels: a conditional one is needed, such as mnist-cvae")
        if not len(labels):
            raise ConfigError("no labels were given")
        z = self.draw(count, seed).repeat(len(labels), 1)
        return self.decode(z, np.repeat(labels, count).tolist())

    def repair(
        self,
        image: Image,
        convert: bool = False,
        progress: Callable[[int, int], None] = lambda done, total: None,
    ) -> tuple[np.ndarray, list[str]]:
        """A picture denoised or enlarged, whatever the model was trained for.

        A model whose code keeps the grid takes a picture of any size, by tiles; others take their own size.

        Returns:
            float32 [C, H, W] in 0..1, and what was done besides, a sentence each.

        Raises:
            ConfigError: the model is not trained for repairing anything, or an array holds no picture.
        """
        if self.config.corruption is None:
            raise ConfigError(
                "this model was trained on clean pictures; choose one that denoises or enlarges, such as "
                "mnist-denoise or texture-upscale"
            )
        if not self.config.is_grid:
            picture, notes = self.take(image, convert)
            return self.reconstruct(picture[None])[0], notes
        pixels, _, notes = self.pixels(image, convert)
        shape = self.config.shape

        def work(tiles: Tensor) -> Tensor:
            with torch.no_grad():
                return self.vae.decode(self.vae.encode(tiles.to(self.vae.device)).mean, None, 0.0)

        picture = torch.from_numpy(pixels).float() / 255
        overlap = min(OVERLAP, shape.height // 2, shape.width // 2)
        done = in_tiles(
            picture, (shape.height, shape.width), work, self.config.factor, overlap, progress=progress
        )
        return done.numpy(), notes

    def control(self, labels: Sequence[int] | None, count: int) -> Tensor | None:
        """Labels as the model takes them, [count, K]; None for a model without.

        Raises:
            ConfigError: labels are missing, superfluous, too few, no whole numbers, or unknown.
        """
        if not self.config.conditional:
            if labels is not None:
                raise ConfigError(NO_LABELS)
            return None
        if labels is None:
            raise ConfigError(
                f"this model conditions on labels ({', '.join(self.config.classes)}): say which"
            )
        numbers = class_numbers(self.config, labels, count)
        return one_hot(torch.tensor(numbers, dtype=torch.long, device=self.vae.device), self.config)

    def label(self, name: str) -> int:
        """The number of a class by its name. Raises ConfigError, with the names there are."""
        if not self.config.conditional:
            raise ConfigError(NO_LABELS)
        if name not in self.config.classes:
            known = ", ".join(self.config.classes) or "none"
            raise ConfigError(f"no label '{name}'; this model knows {known}")
        return self.config.classes.index(name)

    def pixels(self, image: Image, convert: bool) -> tuple[np.ndarray, str, list[str]]:
        """Bytes [C, H, W] in the model's channels, a name for messages, and notes. Raises as `take`."""
        return taking.pixels(image, self.config.picture.channels, convert)

    def _read(self, pictures: Images, clean: bool = False) -> Tensor:
        """Pictures [N, C, h, w] as the encoder takes them, or [N, C, H, W] as the decoder writes them."""
        return taking.take_all(pictures, self.config.shape, clean)

    def _check_prior(self) -> None:
        if not self.has_prior:
            raise ConfigError(
                "no new codes can be drawn: this model's may lie anywhere, and no prior was fitted to them; "
                "training does so at its end, unless codes are very long"
            )


def _parts(x: Tensor, control: Tensor | None) -> Iterator[tuple[Tensor, Tensor | None]]:
    """At most `BATCH` rows at a time; once where there are none."""
    for first in range(0, max(len(x), 1), BATCH):
        part = slice(first, first + BATCH)
        yield x[part], None if control is None else control[part]
