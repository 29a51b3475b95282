"""The plane of codes of 2 numbers, laid out on the quantiles of their prior."""

from __future__ import annotations

import numpy as np
import torch

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError


def plane(width: int, reach: float = 0.975) -> np.ndarray:
    """Codes float32 [width * width, 2] of a grid on normal quantiles: rows from the top, x to the right.

    Raises:
        ConfigError: a grid narrower than 2, or a reach outside 0.5 to 1.
    """
    width = runtime.whole("width", width)
    if width < 2 or not 0.5 < reach < 1:
        raise ConfigError(
            f"a manifold is at least 2 wide, its reach between 0.5 and 1, not {width} and {reach}"
        )
    shares = torch.linspace(1 - reach, reach, width, dtype=torch.float64)
    quantiles = torch.special.ndtri(shares).float().numpy()
    x, y = np.meshgrid(quantiles, quantiles[::-1])
    return np.stack([x.ravel(), y.ravel()], 1).astype(np.float32)
