"""The figures of an image model, one function each: a Pillow image, and numbers where there are some."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from musicvae_lite import runtime
from musicvae_lite.errors import NothingUsableError
from musicvae_lite.images import charts, figures, planes
from musicvae_lite.images.embedding import nearest_neighbour_accuracy, principal_components
from musicvae_lite.images.sets import Pictures
from musicvae_lite.models.image.examples import check_labels, examples
from musicvae_lite.models.image_vae import ImageVAE

if TYPE_CHECKING:
    from PIL.Image import Image

COLUMNS = 20  # pictures side by side before a new band of rows begins
NOISES = (0.0, 0.25, 0.5, 1.0, 2.0)  # added to codes, in standard deviations of each unit


def reconstruction(model: ImageVAE, pictures: Pictures, title: str = "", seed: int = 0) -> Image:
    """Rows: the pictures, what the model reads where that differs, what it writes; again for those left.

    Args:
        pictures: clean ones [N, C, H, W], at the size of what the model writes.

    Raises:
        NothingUsableError: there are no pictures.
    """
    figures.check_some(pictures)
    x, target, labels = inputs(model, pictures, seed)
    written = model.reconstruct(x, labels)
    rows, names = [target.numpy()], ["picture"]
    if model.config.corruption is not None:
        rows.append(_at_size(x, written.shape[2:]).numpy())
        names.append("read")
    sheet, per_row = banded([*rows, written])
    bands = len(sheet) // (per_row * (len(rows) + 1))
    return figures.labelled_grid(sheet, [*names, "written"] * bands, title=title, per_row=per_row)


def banded(rows: Sequence[np.ndarray]) -> tuple[np.ndarray, int]:
    """Rows of pictures, each [N, C, H, W], cut into bands that stand one below the other.

    A band has COLUMNS columns at most, or as many as make a square of all.

    Returns:
        The pictures of the bands, row by row, white ones at the end of the last; and how many make a row.
    """
    count = len(rows[0])
    bands = -(-count // max(COLUMNS, int(np.sqrt(count * len(rows)))))
    per_row = -(-count // bands)
    sheet = np.ones((len(rows), bands * per_row, *rows[0].shape[1:]), np.float32)
    sheet[:, :count] = np.stack(rows)
    parts = sheet.reshape(len(rows), bands, per_row, *rows[0].shape[1:]).swapaxes(0, 1)
    return parts.reshape(-1, *rows[0].shape[1:]), per_row


def samples(pictures: np.ndarray, title: str = "") -> Image:
    """Pictures [N, C, H, W] in a grid as near to a square as their number allows.

    Raises:
        NothingUsableError: there are no pictures.
    """
    figures.check_some(pictures)
    return figures.labelled_grid(pictures, title=title, per_row=squarest(len(pictures)))


def manifold(model: ImageVAE, width: int = 20, label: str | None = None, title: str = "") -> Image:
    """The plane of a 2-D code, decoded on quantiles of its prior."""
    labels = None if label is None else [model.label(label)] * width**2
    codes = model.plane(width)
    x, y = codes[:width, 0], codes[::-width, 1]
    return planes.manifold(model.decode(codes, labels), x, y, title)


def generation(
    model: ImageVAE, names: Sequence[str] = (), count: int = 10, seed: int = 0, title: str = ""
) -> Image:
    """Rows are labels, columns codes: the same code down each column.

    Args:
        names: labels; all that the model knows by default.
    """
    names = names or model.config.classes
    pictures = model.generate([model.label(name) for name in names], count, seed)
    return figures.labelled_grid(pictures, list(names), title=title, per_row=count)


def embedding(
    model: ImageVAE, pictures: Pictures, classes: Sequence[str], title: str = "", seed: int = 0
) -> tuple[Image, dict]:
    """Codes as points by class beside the first two principal components of the pixels.

    Codes of more than two numbers are shown by their own two principal components.

    Returns:
        The figure, and the share of points whose 5 nearest others have their label, in the plane that is
        shown and, for longer codes, in the whole code; without labels an empty table.
    """
    if len(pictures) < 10:
        raise NothingUsableError(
            f"{len(pictures)} pictures are too few for a scatter: at least 10 are needed"
        )
    x, _, labels = inputs(model, pictures, seed)
    codes = model.encode(x, labels)
    is_plane = codes.shape[1] == 2
    points = codes if is_plane else principal_components(codes)
    of_pixels = principal_components(pictures.pixels.astype(np.float32) / 255)
    is_normal = is_plane and not model.config.is_plain and model.vae.prior is None
    name = "codes" if is_plane else f"codes of {codes.shape[1]} numbers, by PCA"
    name += ", on normal quantiles" if is_normal else ""
    names, found = [name, "PCA of the pixels"], {}
    if pictures.labels is not None:
        found["codes"] = nearest_neighbour_accuracy(points, pictures.labels)
        found["pca"] = nearest_neighbour_accuracy(of_pixels, pictures.labels)
        if not is_plane:
            found["whole_codes"] = nearest_neighbour_accuracy(codes, pictures.labels)
        shares = (found["codes"], found["pca"])
        names = [f"{n}: 5 nearest neighbours agree for {s:.0%}" for n, s in zip(names, shares, strict=True)]
    panels = list(zip(names, (points, of_pixels), strict=True))
    return charts.scatter(panels, pictures.labels, classes, title, [0] * is_normal), found


def codes(model: ImageVAE, pictures: Pictures, title: str = "", seed: int = 0) -> Image:
    """A row a picture: the picture, its code as a picture, and what is written with noise on the code.

    The noise is in standard deviations of each unit over these pictures. Bright is a high number.

    Raises:
        NothingUsableError: there are no pictures.
    """
    figures.check_some(pictures)
    x, target, labels = inputs(model, pictures, seed)
    z = torch.from_numpy(model.encode(x, labels))
    height, width = target.shape[2:]
    spread = z.std(0, correction=0) if len(z) > 1 else torch.ones(z.shape[1])
    noise = torch.randn(z.shape, generator=runtime.generator(seed))
    shape = model.config.code_shape
    columns = [target.numpy(), code_pictures(z.numpy(), height, width, target.shape[1], shape)]
    columns += [model.decode(z + share * spread * noise, labels) for share in NOISES]
    names = ["picture", "code", "written", *(f"+ {share:g} sd" for share in NOISES[1:])]
    sheet = np.stack(columns, 1).reshape(-1, *target.shape[1:])
    return figures.labelled_grid(sheet, columns=names, title=title)


def code_pictures(
    codes: np.ndarray,
    height: int,
    width: int,
    channels: int = 1,
    shape: tuple[int, int, int] | None = None,
) -> np.ndarray:
    """Codes [N, Z] as pictures [N, channels, height, width]: units row by row as grey squares.

    Args:
        shape: [c, h, w] of codes that are pictures themselves: their c channels row by row instead.
    """
    count, h, w = shape or (codes.shape[1], 1, 1)
    low, high = codes.min(), codes.max()
    shades = (codes - low) / max(high - low, 1e-9)
    across = int(np.ceil(np.sqrt(count)))
    down = across if shape else -(-count // across)  # a square of pictures does not stretch them
    cells = np.zeros((len(codes), down * across, h, w), np.float32)
    cells[:, :count] = shades.reshape(-1, count, h, w)
    sheets = cells.reshape(-1, down, across, h, w).swapaxes(2, 3).reshape(-1, down * h, across * w)
    rows = np.arange(height) * down * h // height
    columns = np.arange(width) * across * w // width
    return np.repeat(sheets[:, rows][:, :, columns][:, None], channels, 1)


def inputs(model: ImageVAE, pictures: Pictures, seed: int = 0) -> tuple[Tensor, Tensor, list[int] | None]:
    """What the model reads [N, C, h, w], what it should write [N, C, H, W], and the labels it needs."""
    check_labels(model.config, pictures.labels)
    chance = runtime.generator(seed)  # what is read is told as pictures of the CPU
    batch = examples(model.config, torch.from_numpy(pictures.pixels), None, chance)
    labels = pictures.labels.tolist() if model.config.conditional and pictures.labels is not None else None
    return batch.x, batch.target, labels  # type: ignore[return-value]


def squarest(count: int) -> int:
    """How many columns make a grid of `count` pictures as near to a square as can be, no row half empty."""
    best = int(np.ceil(np.sqrt(count)))
    whole = [columns for columns in range(best, min(count, 2 * best) + 1) if count % columns == 0]
    return whole[0] if whole else best


def _at_size(x: Tensor, size: Sequence[int]) -> Tensor:
    """Small pictures with larger pixels; [N, C, h, w] to [N, C, H, W]."""
    return (
        x if x.shape[2:] == tuple(size) else torch.nn.functional.interpolate(x, tuple(size), mode="nearest")
    )
