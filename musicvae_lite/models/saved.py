"""What models of music and of pictures have in common: they lie in a folder, and are loaded from it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch
from torch import Tensor

from musicvae_lite import checkpoints, finding, runtime
from musicvae_lite.errors import CheckpointError, ConfigError, shown
from musicvae_lite.resources import expand
from musicvae_lite.vae import VAE
from musicvae_lite.writing import is_one

if TYPE_CHECKING:
    from musicvae_lite.packing import Storage

LARGEST_CODE = 1e6  # that a code may hold: far outside of what any encoder gives, and products stay finite


class SavedVAE:
    """A config and a VAE over it.

    Attributes:
        family: what `config.json` calls this kind of model.
        config_type: what its config is: with `from_table`, `to_table`, `build` and `z`.
        config, vae: what it is made of.
        folder: where it was loaded from; None for a model that is nowhere yet.
    """

    family: ClassVar[str]
    config_type: ClassVar[Any]
    config: Any

    def __init__(self, config: Any, device: str = "cpu"):
        self.config = config
        self.vae: VAE = config.build().to(device).eval()
        self.folder: Path | None = None

    @classmethod
    def load(cls, name: str | Path, device: str = "cpu") -> Self:
        """Loads a shipped model by name, a model folder, or a training run (its best weights).

        Args:
            device: as `runtime.choose_device` takes it.

        Raises:
            CheckpointError: missing, damaged, of another family or format, or weights that do not fit.
            ConfigError: the device is not there.
        """
        runtime.choose_threads()
        device = str(runtime.choose_device(device))
        folder = finding.find(name)
        table = checkpoints.read_config(folder)
        if table.get("family") != cls.family:
            family = shown(table.get("family"))
            raise CheckpointError(f"{folder}: a model of the family {family}, not {cls.family}")
        try:
            config = cls.config_type.from_table(table, str(folder / checkpoints.CONFIG))
            with checkpoints.budget(folder):
                model = cls(config, device)
        except ConfigError as error:
            raise CheckpointError(str(error)) from error
        checkpoints.load_into(model.vae, checkpoints.read_weights(folder, device), folder)
        model.vae.prior = checkpoints.read_prior(folder, config.z, device)
        model.folder = folder
        return model

    def save(self, folder: str | Path, storage: Storage = "float32") -> None:
        """Writes a model folder that `load` reads; `storage` as for `checkpoints.write`.

        Attribute vectors, a guide and a card that lie there stay if the model was loaded from there; those of
        another model are taken away.

        Raises:
            ConfigError: a training run or a dataset lies there.
            MusicVAEError: the disk refuses.
        """
        where = expand(folder)
        finding.check_free(where, lambda config: True)
        keeps = set(checkpoints.COMPANIONS) - {checkpoints.PRIOR} if self.lies_in(where) else ()
        checkpoints.write(where, self.config.to_table(), self.vae.state_dict(), storage, keeps)
        if self.vae.prior is not None:
            checkpoints.write_prior(where, self.vae.prior, storage)

    def lies_in(self, folder: Path) -> bool:
        """Whether it was loaded from that folder."""
        return self.folder is not None and is_one(folder, self.folder)

    @cached_property
    def identity(self) -> dict[str, Any] | None:
        """Name, folder and hash of the model, for records; None for one that is nowhere yet."""
        from musicvae_lite.models import catalogue

        if self.folder is None:
            return None
        name, digest = catalogue.name_of(self.folder), catalogue.sha256(self.folder)
        return {"name": name, "folder": str(self.folder), "sha256": digest}

    def generator(self, seed: int) -> torch.Generator:
        """The source of all chance in one call. Raises ConfigError for a seed torch cannot take."""
        return runtime.generator(seed, self.vae.device)

    def _codes(self, z: np.ndarray | Tensor) -> Tensor:
        """Codes [N, Z] as the VAE takes them: float32, and arrays copied, however they lie in memory.

        Raises:
            ConfigError: they are no real numbers, have another shape, or are out of range.
        """
        if not isinstance(z, Tensor):
            z = _tensor(z)
        elif z.is_complex():
            raise ConfigError(f"codes must be real numbers, not of the type {z.dtype}")
        codes = z.to(self.vae.device, torch.float32)
        if codes.dim() != 2 or codes.shape[1] != self.config.z or not len(codes):
            raise ConfigError(
                f"codes have the shape {list(codes.shape)}; this model decodes [N, {self.config.z}]"
            )
        if not bool((codes.abs() <= LARGEST_CODE).all()):
            raise ConfigError(f"codes hold values that are no numbers, or beyond {LARGEST_CODE:g} either way")
        return codes

    def describe(self) -> dict[str, Any]:
        """Sizes and settings, for tables."""
        count = sum(p.numel() for p in self.vae.parameters())
        return {"parameters": count, **self.config.to_table()}


def _tensor(codes: np.ndarray) -> Tensor:
    """An array, or lists of numbers, as float32. Raises ConfigError where they are no real numbers."""
    try:
        array = np.asarray(codes)
    except (TypeError, ValueError) as error:  # such as rows of several lengths
        raise ConfigError(f"codes are no array of numbers: {error}") from error
    if array.dtype.kind not in "biuf":
        raise ConfigError(f"codes must be real numbers, not of the type {array.dtype}")
    with np.errstate(over="ignore"):  # what float32 cannot hold becomes infinite
        return torch.from_numpy(np.array(array, np.float32, order="C"))
