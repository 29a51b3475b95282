"""Small image models of every kind, and a preset of each for short runs."""

from __future__ import annotations

from typing import Any

import torch

from musicvae_lite.models.image.assembly import ImageConfig
from musicvae_lite.models.image_vae import ImageVAE

CLASSES = ("upright", "level", "block")
DENSE = {"z": 4, "encoder": {"kind": "dense", "hidden": [24]}, "decoder": {"kind": "dense", "hidden": [24]}}
CONV: dict[str, Any] = {
    "z": 2,
    "encoder": {"kind": "convolutional", "widths": [4, 8], "kernel": 3, "hidden": 16},
    "decoder": {"kind": "convolutional", "widths": [8, 4], "hidden": [16]},
}
MAP = {
    "z": 18,
    "encoder": {"kind": "convolutional", "widths": [4, 8], "hidden": 0, "code": "plain"},
    "decoder": {"kind": "convolutional", "widths": [8, 4], "hidden": [], "is_map": True},
}
ROWS = {
    "z": 6,
    "encoder": {"kind": "recurrent", "hidden": 12},
    "decoder": {"kind": "recurrent", "hidden": 12},
}
CONDITIONAL = {**CONV, "conditional": True}
NOISY = {
    **DENSE,
    "encoder": {"kind": "dense", "hidden": [24], "code": "plain"},
    "corruption": {"kind": "noise"},
}
GRID: dict[str, Any] = {
    "z": 6 * 6 * 3,
    "likelihood": "straight",
    "picture": {"height": 12, "width": 12, "channels": 1, "patches": True},
    "corruption": {"kind": "downscale", "factor": 2, "method": "bicubic"},
    "encoder": {"kind": "grid", "width": 6, "layers": 1},
    "decoder": {"kind": "grid", "width": 6, "layers": 2},
}
SPARSE = {
    **DENSE,
    "encoder": {"kind": "dense", "hidden": [24], "code": "positive"},
    "regulariser": {"kind": "sparse"},
}
ADVERSARIAL = {
    **DENSE,
    "encoder": {"kind": "dense", "hidden": [24], "code": "plain"},
    "regulariser": {"kind": "adversary", "hidden": [16]},
}
ALL = {
    "dense": DENSE, "conv": CONV, "map": MAP, "rows": ROWS, "conditional": CONDITIONAL, "noisy": NOISY,
    "grid": GRID, "sparse": SPARSE, "adversarial": ADVERSARIAL,
}  # fmt: skip


def config(table: dict[str, Any], channels: int = 1, height: int = 12, width: int = 12) -> ImageConfig:
    return ImageConfig.from_table(table, "small").fitted(channels, height, width, CLASSES)


def model(
    table: dict[str, Any], channels: int = 1, height: int = 12, width: int = 12, seed: int = 0
) -> ImageVAE:
    torch.manual_seed(seed)
    return ImageVAE(config(table, channels, height, width))
