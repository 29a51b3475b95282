"""Pictures of any size through a model of one size: overlapping tiles, blended where they meet."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor


def in_tiles(
    picture: Tensor,
    size: tuple[int, int],
    work: Callable[[Tensor], Tensor],
    factor: int = 1,
    overlap: int = 8,
    batch: int = 64,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Tensor:
    """Sends a picture through `work` tile by tile.

    Args:
        picture: [C, H, W], of any size; one smaller than a tile is continued by its edge.
        size: height and width of a tile.
        work: takes tiles [B, C, h, w], gives [B, C, factor * h, factor * w].
        overlap: pixels that neighbouring tiles share at least.
        batch: tiles at once.
        progress: told how many tiles of how many are done.

    Returns:
        [C, factor * H, factor * W].
    """
    _, height, width = picture.shape
    missing = (max(size[0] - height, 0), max(size[1] - width, 0))
    padded = F.pad(picture[None], (0, missing[1], 0, missing[0]), mode="replicate")[0]
    places = [
        (top, left)
        for top in starts(padded.shape[1], size[0], overlap)
        for left in starts(padded.shape[2], size[1], overlap)
    ]
    weight = _window(size[0], size[1], factor, overlap)  # [h, w]
    total = torch.zeros(picture.shape[0], padded.shape[1] * factor, padded.shape[2] * factor)
    weights = torch.zeros_like(total[0])
    for begin in range(0, len(places), batch):
        here = places[begin : begin + batch]
        tiles = torch.stack([padded[:, top : top + size[0], left : left + size[1]] for top, left in here])
        for (top, left), done in zip(here, work(tiles), strict=True):
            rows = slice(top * factor, (top + size[0]) * factor)
            columns = slice(left * factor, (left + size[1]) * factor)
            total[:, rows, columns] += done.cpu() * weight
            weights[rows, columns] += weight
        progress(min(begin + batch, len(places)), len(places))
    return (total / weights)[:, : height * factor, : width * factor]


def starts(length: int, size: int, overlap: int) -> list[int]:
    """Where tiles of `size` begin on a side of `length`: evenly spread, sharing `overlap` or more."""
    if length <= size:
        return [0]
    step = max(size - overlap, 1)
    count = -(-(length - size) // step) + 1
    return [round(place) for place in np.linspace(0, length - size, count)]


def _window(height: int, width: int, factor: int, overlap: int) -> Tensor:
    """Weights [H, W] of a tile: almost nothing at its rim, where the model sees too little, full inside."""

    def side(length: int) -> Tensor:
        from_edge = torch.minimum(torch.arange(length), torch.arange(length).flip(0)) + 0.5
        rim = max(overlap * factor / 2, 1)
        return (from_edge / rim).clamp(max=1.0).square().clamp_min(1e-4)

    return side(height * factor)[:, None] * side(width * factor)[None, :]
