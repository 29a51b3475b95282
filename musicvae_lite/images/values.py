"""What a program holds as pictures: arrays, tensors and Pillow images, of bytes or of numbers in 0..1."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from musicvae_lite.errors import ConfigError
from musicvae_lite.images.reading import Picture, of_image, on_white, read_picture, to_image

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage
    from torch import Tensor

OTHER_TYPE = "values of type {type}; bytes, or numbers in 0..1, are read"
OUTSIDE = "values from {low:g} to {high:g}; numbers must lie in 0..1"


def as_picture(image: str | Path | Picture | np.ndarray | PillowImage) -> Picture:
    """One picture of anything that is taken for one: a file, an array (see `one_of_array`), a Pillow image.

    Raises:
        ReadError: it cannot be read.
        ConfigError: an array that holds no picture, or something else altogether.
    """
    from PIL.Image import Image as PillowImage

    if isinstance(image, Picture):
        return image
    if isinstance(image, PillowImage):
        return of_image(image)
    if isinstance(image, str | Path):
        return read_picture(image)
    if not isinstance(image, np.ndarray):
        raise ConfigError(
            f"a picture is a file, an array or a Pillow image, not of type {type(image).__name__}"
        )
    try:
        return one_of_array(image)
    except ValueError as error:
        raise ConfigError(f"the picture: {error}") from None


def of_tensor(pictures: Tensor) -> Tensor:
    """A tensor of bytes, or of numbers in 0..1, as float32 in 0..1, of the same shape. Raises ConfigError."""
    import torch

    if pictures.dtype == torch.uint8:
        return pictures.float() / 255
    if not (pictures.is_floating_point() or pictures.dtype == torch.bool):
        raise ConfigError(f"the pictures: {OTHER_TYPE.format(type=pictures.dtype)}")
    values = pictures.float()
    if values.numel():
        low, high = (float(bound) for bound in values.aminmax())
        if not (low >= 0 and high <= 1):
            raise ConfigError(f"the pictures: {OUTSIDE.format(low=low, high=high)}")
    return values


def to_bytes(values: np.ndarray) -> np.ndarray:
    """Colours in any of the usual numbers as uint8: bytes, or numbers in 0..1. Raises ValueError."""
    if values.dtype == np.uint8:
        return np.ascontiguousarray(values)
    if not (np.issubdtype(values.dtype, np.floating) or values.dtype == bool):
        raise ValueError(OTHER_TYPE.format(type=values.dtype))
    low, high = float(values.min()), float(values.max())
    if not (low >= 0 and high <= 1):
        raise ValueError(OUTSIDE.format(low=low, high=high))
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
    channels = (1, 3)
    if values.ndim == 2:
        values = values[None]
    elif values.ndim == 3 and shape[0] not in channels and shape[2] in (1, 3, 4):
        values, channels = values.transpose(2, 0, 1), (1, 3, 4)
    if values.ndim != 3 or values.shape[0] not in channels or not values.size:
        raise ValueError(f"an array {list(shape)} holds no picture; it is {kinds}")
    pixels = to_bytes(values)
    if len(pixels) < 4:
        return Picture(pixels, name)
    image, was_transparent = on_white(to_image(pixels))
    pixels = np.ascontiguousarray(np.asarray(image).transpose(2, 0, 1))
    return Picture(pixels, name, was_transparent=was_transparent)
