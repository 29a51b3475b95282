"""What models of music and of pictures have in common: they lie in a folder, and are loaded from it."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import torch

from musicvae_lite import checkpoints, finding, runtime
from musicvae_lite.errors import CheckpointError, ConfigError, shown
from musicvae_lite.resources import expand
from musicvae_lite.writing import is_one

if TYPE_CHECKING:
    from musicvae_lite.packing import Storage


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
        self.vae = config.build().to(device).eval()
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

    def describe(self) -> dict[str, Any]:
        """Sizes and settings, for tables."""
        count = sum(p.numel() for p in self.vae.parameters())
        return {"parameters": count, **self.config.to_table()}
