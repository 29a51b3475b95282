"""Labels of whole windows, such as a style: told to a model at every step, beside what else conditions it.

A label is a number: 0 says nothing, n is the n-th of the names a model knows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.representations.steps import Binary, Categorical, Product, Step

MOST = 255
UNSAID = 0


def check(names: Sequence[str], where: str) -> tuple[str, ...]:
    """Names of labels, as a config or preset lists them. Raises ConfigError."""
    if not isinstance(names, (list, tuple)) or not all(isinstance(n, str) and n for n in names):
        raise ConfigError(f"{where}: 'labels' must be a list of names, not {names!r}")
    if len(set(names)) != len(names) or len(names) > MOST:
        raise ConfigError(f"{where}: 'labels' must be at most {MOST} different names")
    return tuple(names)


def number(name: str | None, names: Sequence[str]) -> int:
    """The number of a label, 0 for None. Raises ConfigError for one the model does not know."""
    if name is None:
        return UNSAID
    if not names:
        raise ConfigError(f"this model knows no labels, so not '{name}': leave it out")
    if name not in names:
        raise ConfigError(f"no label '{name}'; this model knows {', '.join(names)}")
    return 1 + list(names).index(name)


def step(control: Step | None, names: Sequence[str]) -> Step | None:
    """What one step of the condition is, once labels are told with it."""
    if not names:
        return control
    depth = len(names) + 1
    if control is None:
        return Categorical(depth)
    if isinstance(control, Categorical):
        return Product((control.depth, depth))
    if isinstance(control, Product):
        return Product((*control.depths, depth))
    if isinstance(control, Binary):
        return Binary(control.size + depth)
    raise ConfigError(f"labels cannot be told beside a condition of the kind {type(control).__name__}")


def tell(
    control: np.ndarray | None, labels: np.ndarray, own: Step | None, names: Sequence[str], steps: int
) -> np.ndarray | None:
    """The condition [B, T, ...] of windows with their labels told at every step.

    Args:
        control: [B, T, ...] of the kind `own`, without labels; None where there is none.
        labels: numbers int [B].
        steps: T.
    """
    if not names:
        return control
    told = np.repeat(np.asarray(labels)[:, None], steps, 1)  # [B, T]
    if own is None or control is None:
        return told.astype(np.uint8)
    if isinstance(own, Binary):
        flags = np.eye(len(names) + 1, dtype=control.dtype)[told]  # [B, T, K + 1]
        return np.concatenate([control, flags], -1)
    values = control if isinstance(own, Product) else control[..., None]
    return np.concatenate([values, told[..., None].astype(values.dtype)], -1)
