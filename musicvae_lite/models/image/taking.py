"""What is given as pictures, brought to an image model: to its channels, its size, and numbers in 0..1."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from torch import Tensor

from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.images.reading import Picture, fitted, in_channels
from musicvae_lite.images.values import as_picture, of_tensor
from musicvae_lite.models.image.pictures import Shape

if TYPE_CHECKING:
    from PIL.Image import Image as PillowImage

Image: TypeAlias = "str | Path | Picture | np.ndarray | PillowImage"
Images: TypeAlias = "Tensor | Image | Sequence[Tensor | Image]"


def pixels(image: Image, channels: int, convert: bool = False) -> tuple[np.ndarray, str, list[str]]:
    """Bytes [channels, H, W] of a picture, a name for messages, and notes.

    Raises:
        ReadError: it cannot be read.
        NothingUsableError: it is in colour, grey is asked for, and `convert` is not set.
        ConfigError: an array that holds no picture.
    """
    picture = as_picture(image)
    notes = [f"{picture.name}: {note}" for note in picture.notes]
    if len(picture.pixels) == 3 and channels == 1:
        if not convert:
            raise NothingUsableError(
                f"{picture.name}: is in colour, and this model takes grey pictures; `take` and `repair` make "
                "it grey with convert=True"
            )
        notes.append(f"{picture.name}: colours are made grey")
    return in_channels(picture.pixels, channels), picture.name, notes


def take(image: Image, shape: Shape, convert: bool = False, clean: bool = False) -> tuple[Tensor, list[str]]:
    """A picture float32 [C, H, W] as a model takes it, and what was done to it: `ImageVAE.take`."""
    size = _size(shape, clean)[1:]
    found, name, notes = pixels(image, shape.channels, convert)
    if found.shape[1:] != size:
        notes.append(f"{name}: {_words(found.shape[1:])} pixels, resized to the model's {_words(size)}")
        found = fitted(found, *size)
    return torch.from_numpy(found).float() / 255, notes


def take_all(pictures: Images, shape: Shape, clean: bool = False) -> Tensor:
    """One picture or several, as float32 [N, C, H, W] in 0..1.

    An array or a tensor of three dimensions is one picture, but several for a model of grey ones where it is
    [N, H, W] at the model's own size. What a sequence holds, or an array along the first of four dimensions,
    is one picture each.

    Raises:
        ConfigError: a tensor of another size than the model's, or of numbers outside 0..1; or [3, H, W] at
            the size of a model of grey pictures, which may be three of them or one in colour.
        MusicVAEError: as `pixels`.
    """
    wanted = _size(shape, clean)
    if isinstance(pictures, Tensor | np.ndarray):
        is_grey = pictures.ndim == 3 and (1, *pictures.shape[1:]) == wanted
        if is_grey and len(pictures) == 3:
            raise ConfigError(
                f"pictures have the shape {list(pictures.shape)}, which may be three grey ones or one in "
                f"colour; give the three as {[3, *wanted]}, or make the one grey by `take` with convert=True"
            )
        if isinstance(pictures, Tensor):
            return _of_tensor(pictures, wanted, clean)
        if is_grey or pictures.ndim > 3:
            pictures = list(pictures)
    if isinstance(pictures, str) or not isinstance(pictures, Sequence):
        pictures = [pictures]
    taken = [_take_one(picture, shape, clean) for picture in pictures]
    return torch.stack(taken) if taken else torch.zeros(0, *wanted)


def _take_one(picture: Tensor | Image, shape: Shape, clean: bool) -> Tensor:
    """[C, H, W] of what `take` takes, or of a tensor [C, H, W], and of a grey picture [H, W]."""
    if not isinstance(picture, Tensor):
        return take(picture, shape, clean=clean)[0]
    wanted = _size(shape, clean)
    x = picture[None] if wanted[0] == 1 and picture.dim() == 2 else picture
    if x.shape != wanted:
        raise ConfigError(f"a picture has the shape {list(picture.shape)}; {_kinds(wanted, clean)}")
    return of_tensor(x)


def _of_tensor(pictures: Tensor, wanted: tuple[int, int, int], clean: bool) -> Tensor:
    """[N, C, H, W] or [C, H, W], and of grey pictures [N, H, W] or [H, W], as `take_all` gives it."""
    x = pictures.unsqueeze(-3) if wanted[0] == 1 and pictures.dim() in (2, 3) else pictures
    x = x[None] if x.dim() == 3 else x
    if x.shape[1:] != wanted:
        raise ConfigError(f"pictures have the shape {list(pictures.shape)}; {_kinds(('N', *wanted), clean)}")
    return of_tensor(x)


def _kinds(size: tuple[int | str, ...], clean: bool) -> str:
    """The shapes that tensors of a size [..., C, H, W] may have, for messages."""
    sizes = [size, (*size[:-3], *size[-2:])] if size[-3] == 1 else [size]
    kinds = " or ".join(f"[{', '.join(map(str, kind))}]" for kind in sizes)
    return f"this model {'writes' if clean else 'reads'} {kinds}"


def _size(shape: Shape, clean: bool) -> tuple[int, int, int]:
    """[C, H, W] of what the model writes, where `clean` is set, or of what it reads."""
    return shape.target if clean else (shape.channels, shape.height, shape.width)


def _words(size: Sequence[int]) -> str:
    return f"{size[1]} x {size[0]}"
