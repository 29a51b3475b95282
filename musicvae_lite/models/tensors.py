"""Windows of a representation as tensors, and back."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from musicvae_lite.music.representations.steps import Categorical, Product, Step


def to_tensor(windows: np.ndarray, step: Step, device: torch.device | str = "cpu") -> Tensor:
    """Windows [B, T, ...] as a model takes them: int64 where a step is a choice, else float32."""
    kind = np.int64 if isinstance(step, (Categorical, Product)) else np.float32
    return torch.from_numpy(windows.astype(kind)).to(device)


def to_windows(tensor: Tensor, step: Step) -> np.ndarray:
    """The reverse of `to_tensor`, in the dtype windows are stored in."""
    return tensor.cpu().numpy().astype(step.dtype)
