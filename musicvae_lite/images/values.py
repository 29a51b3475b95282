"""Arrays of a program as pictures: bytes, or numbers in 0..1, in the usual orders of their axes."""

from __future__ import annotations

import numpy as np

from musicvae_lite.images.reading import Picture, on_white, to_image


def to_bytes(values: np.ndarray) -> np.ndarray:
    """Colours in any of the usual numbers as uint8: bytes, or numbers in 0..1. Raises ValueError."""
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    if not (np.issubdtype(values.dtype, np.floating) or values.dtype == bool):
        raise ValueError(f"values of type {values.dtype}; bytes, or numbers in 0..1, are read")
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 1):
        raise ValueError(f"values from {low:g} to {high:g}; numbers must lie in 0..1")
    return np.round(values * 255).astype(np.uint8)


def one_of_array(values: np.ndarray, name: str = "the picture") -> Picture:
    """A picture of an array [H, W], [C, H, W] or [H, W, C]: bytes, or numbers in 0..1.

    A fourth channel in [H, W, 4] is the opacity: transparent parts become white.

    Args:
        name: for messages.

    Raises:
        ValueError: it holds no picture; the message says what it holds.
    """
    shape, kinds = values.shape, "[H, W], [C, H, W] or [H, W, C] with 1 or 3 channels, or [H, W, 4]"
    if values.ndim == 2:
        values = values[None]
    elif values.ndim == 3 and shape[0] not in (1, 3) and shape[2] in (1, 3, 4):
        values = values.transpose(2, 0, 1)
    if values.ndim != 3 or values.shape[0] not in (1, 3, 4) or shape[:1] == (4,) or not values.size:
        raise ValueError(f"an array {list(shape)} holds no picture; it is {kinds}")
    pixels = to_bytes(values)
    if len(pixels) < 4:
        return Picture(pixels, name)
    image, was_transparent = on_white(to_image(pixels))
    pixels = np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1))
    return Picture(pixels, name, was_transparent=was_transparent)
