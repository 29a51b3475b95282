"""What the training loop needs to know of a family of models, and all it knows."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any, Protocol

import torch

from musicvae_lite.vae import VAE, Batch

VALIDATION_SEED = 0  # of the held-out examples and the noise: the same for all runs, so that they compare


class Task(Protocol):
    """A model to train, the examples it learns from, and how it is judged.

    Attributes:
        name: of the preset, for the run's records.
        dataset: what the examples are, so that a resumed run can tell others; "" for unknown.
        settings: the loop may replace them once, before `start`, by ones with a smaller batch.
        examples, held_out: how many there are to train on, and to validate on.
        noun: what they are called in messages ("windows").
        unused: training settings that mean nothing to this model, which a run neither records nor compares.
    """

    name: str
    dataset: str
    settings: Any

    @property
    def examples(self) -> int: ...
    @property
    def held_out(self) -> int: ...
    @property
    def noun(self) -> str: ...
    @property
    def unused(self) -> Collection[str]: ...

    def table(self) -> dict[str, Any]:
        """Everything needed to rebuild the model: its config.json."""
        ...

    def build(self) -> VAE:
        """Fresh weights, drawn from torch's global seed."""
        ...

    def start(self, settings: Any, device: torch.device) -> None:
        """Called before the first batch, and again when a run starts anew."""
        ...

    def grow(self, vae: VAE, fresh: list[str]) -> None:
        """After `start`, where weights came from another model: begins the tensors that it had not.

        Args:
            vae: on the device it is trained on.
            fresh: their names.
        """
        ...

    def batch(self, step: int, generator: torch.Generator) -> Batch:
        """The batch of any step, on the device: a function of the seed and the step alone.

        A resumed run therefore sees what the unbroken run would have seen. `generator` is the step's own.
        """
        ...

    def prepare(self, vae: VAE, step: int) -> None:
        """Sets what changes in the model itself over a run, such as a share of blanked inputs."""
        ...

    def validate(self, vae: VAE) -> dict[str, float]:
        """The figures a run watches, over the same held-out examples every time, whatever the run's seed.

        `objective`, which the best weights have lowest, is the loss with the beta that the run ends with
        (`beta_at` its last update), so that it compares across a beta schedule, less what a regulariser
        adds; `kl_bits` is looked at for collapse when it is there.
        """
        ...

    def is_at_floor(self, smooth: dict[str, float], halfway: dict[str, float]) -> bool:
        """Whether the smoothed terms of the loss show a model that has learnt nothing but the commonest, and
        does not begin to.

        Args:
            halfway: what they were at half as many updates; empty where that is not known.
        """
        ...

    def finish(self, best: Path) -> str | None:
        """Adds to the folder of the best weights what can only be known at the end, such as a prior.

        Returns:
            What the user should be warned of, if anything.
        """
        ...
