"""Windows of a representation as tensors, and back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from musicvae_lite.models import labels as labelling
from musicvae_lite.music.representations.base import Example, Representation
from musicvae_lite.music.representations.steps import Categorical, Product, Step
from musicvae_lite.vae import Batch


def to_tensor(windows: np.ndarray, step: Step, device: torch.device | str = "cpu") -> Tensor:
    """Windows [B, T, ...] as a model takes them: int64 where a step is a choice, else float32."""
    kind = np.int64 if isinstance(step, (Categorical, Product)) else np.float32
    return torch.from_numpy(windows.astype(kind)).to(device)


def control_tensor(
    control: np.ndarray | None,
    representation: Representation,
    device: torch.device | str = "cpu",
    names: Sequence[str] = (),
    labels: np.ndarray | None = None,
) -> Tensor | None:
    """What conditions windows, as a model takes it [B, T, ...]; None for a model that nothing conditions.

    Args:
        control: of the representation, where it has one.
        names: of the labels the model knows.
        labels: of each window, int [B] (see `labels`); by default nothing is said.
    """
    own = representation.control
    control = None if own is None else control
    if names:
        if labels is None:
            raise ValueError("a model with labels is told one of them, or 0, for each window")
        control = labelling.tell(control, labels, own, names, representation.steps)
    step = labelling.step(own, names)
    return None if step is None or control is None else to_tensor(control, step, device)


def batch_of(
    representation: Representation,
    example: Example,
    device: torch.device | str = "cpu",
    names: Sequence[str] = (),
    labels: np.ndarray | None = None,
) -> Batch:
    """An example as tensors; it has no target where a model is to write what it is given."""
    x = to_tensor(example.x, representation.step, device)
    target = None if example.target is example.x else to_tensor(example.target, representation.step, device)
    return Batch(x, target, control_tensor(example.control, representation, device, names, labels))


def to_windows(tensor: Tensor, step: Step) -> np.ndarray:
    """The reverse of `to_tensor`, in the dtype windows are stored in."""
    return tensor.cpu().numpy().astype(step.dtype)
