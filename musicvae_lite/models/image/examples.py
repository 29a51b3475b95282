"""From pictures to what a model learns from: corrupted input, clean target, label."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from musicvae_lite.errors import ConfigError, shown
from musicvae_lite.images.values import of_tensor
from musicvae_lite.models.image.assembly import ImageConfig
from musicvae_lite.vae import Batch


def examples(
    config: ImageConfig, pixels: Tensor, labels: Tensor | None, generator: torch.Generator | None = None
) -> Batch:
    """Clean pictures as a batch of a model's task.

    Args:
        pixels: [B, C, H, W] of bytes, or of numbers in 0..1.
        labels: int64 [B]; needed where the model is conditional.
        generator: of the corruption's noise.

    Raises:
        ConfigError: numbers outside 0..1, or of a type that is neither.
    """
    target = of_tensor(pixels)
    x = target if config.corruption is None else config.corruption(target, generator)
    control = one_hot(labels, config) if config.conditional and labels is not None else None
    return Batch(x, target, control)


def check_labels(config: ImageConfig, labels: np.ndarray | None) -> None:
    """Raises ConfigError where a conditional model cannot take these labels int64 [N] of pictures."""
    if not config.conditional:
        return
    if labels is None:
        raise ConfigError(
            f"the model conditions on labels ({', '.join(config.classes)}), and the pictures have none"
        )
    count = len(config.classes)
    if len(labels) and not 0 <= labels.min() <= labels.max() < count:
        raise ConfigError(
            f"the pictures have labels from {labels.min()} to {labels.max()}; this model's are numbered 0 to "
            f"{count - 1}: {', '.join(config.classes)}"
        )


def class_numbers(config: ImageConfig, labels: Sequence[int] | np.ndarray | Tensor, count: int) -> list[int]:
    """The labels of `count` pictures as whole numbers.

    Raises:
        ConfigError: they are too few or too many, no whole numbers, or none of the model's.
    """
    classes = len(config.classes)
    try:
        numbers = [index(label) for label in labels]
    except TypeError:
        raise ConfigError(
            f"labels are {shown(labels)}; they are whole numbers, 0 to {classes - 1}, one for each picture "
            "(`ImageVAE.label` tells that of a name)"
        ) from None
    if len(numbers) != count or any(not 0 <= number < classes for number in numbers):
        raise ConfigError(f"{count} pictures need as many labels, each 0 to {classes - 1}")
    return numbers


def one_hot(labels: Tensor, config: ImageConfig) -> Tensor:
    """Labels [B] as float32 [B, K]."""
    return F.one_hot(labels, len(config.classes)).float()
