"""How close two pictures are."""

from __future__ import annotations

import math

import numpy as np

from musicvae_lite.images.reading import luma


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    """Peak signal-to-noise ratio, decibels, of pictures [..., H, W] in 0..1; infinite for equal ones."""
    error = float(np.mean((a.astype(np.float64) - b.astype(np.float64)) ** 2))
    return math.inf if error == 0 else -10 * math.log10(error)


def luma_psnr(a: np.ndarray, b: np.ndarray, rim: int = 0) -> float:
    """PSNR of the brightness of pictures [C, H, W] in 0..1, without `rim` pixels at each edge."""
    inside = slice(rim, -rim or None)
    return psnr(luma(a)[inside, inside], luma(b)[inside, inside])
