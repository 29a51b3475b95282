"""Steps as whoever runs the files meets them: their type, what stands before the first, what they are."""

from __future__ import annotations

from typing import Any

import torch

from musicvae_lite.music.representations.steps import Categorical, Product, Step


def dtype_of(step: Step) -> torch.dtype:
    """The type of all steps that files take and give: int64 for tokens, else float32."""
    return torch.int64 if isinstance(step, (Categorical, Product)) else torch.float32


def first_of(step: Step) -> Any:
    """The `previous` of the first step, which stands for nothing: a number, or a list of [P] or [D]."""
    match step:
        case Categorical(depth=depth):
            return depth
        case Product(depths=depths):
            return list(depths)
    return [0.0] * step.shape[0]


def described(step: Step) -> dict[str, Any]:
    """What a step is, for `model.json`."""
    kind = {"kind": type(step).__name__.lower()}
    match step:
        case Categorical(depth=depth, bits=bits):  # its `nothing` is an idle token, no `first_of`
            return kind | {"depth": depth, "bits": bits}
    return kind | vars(step)
