"""Windows of a representation as tensors, and back."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from musicvae_lite.music.representations.base import Representation
from musicvae_lite.music.representations.steps import Categorical, Product, Step
from musicvae_lite.vae import Batch


def to_tensor(windows: np.ndarray, step: Step, device: torch.device | str = "cpu") -> Tensor:
    """Windows [B, T, ...] as a model takes them: int64 where a step is a choice, else float32."""
    kind = np.int64 if isinstance(step, (Categorical, Product)) else np.float32
    return torch.from_numpy(windows.astype(kind)).to(device)


def control_tensor(
    control: np.ndarray | None, representation: Representation, device: torch.device | str = "cpu"
) -> Tensor | None:
    """The control [B, T, ...] of a representation that has one, as a model takes it; else None."""
    if representation.control is None or control is None:
        return None
    return to_tensor(control, representation.control, device)


def example_batch(
    representation: Representation,
    windows: np.ndarray,
    control: np.ndarray | None,
    generator: np.random.Generator,
    device: torch.device | str = "cpu",
) -> tuple[Batch, np.ndarray]:
    """What a model is given of windows [B, T, ...] and should write, and the latter as windows too."""
    x, target, control = representation.examples(windows, control, generator)
    given, wanted = (to_tensor(part, representation.step, device) for part in (x, target))
    return Batch(given, wanted, control_tensor(control, representation, device)), target


def to_windows(tensor: Tensor, step: Step) -> np.ndarray:
    """The reverse of `to_tensor`, in the dtype windows are stored in."""
    return tensor.cpu().numpy().astype(step.dtype)
