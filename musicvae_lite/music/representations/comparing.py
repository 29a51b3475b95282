"""Figures of how much of the music comes back, shared by the representations."""

from __future__ import annotations

import numpy as np


def step_figures(got: np.ndarray, wanted: np.ndarray, prefix: str = "") -> dict[str, float]:
    """Share of steps and of whole windows that are right, and what the commonest step would score.

    Args:
        got, wanted: windows [N, T, ...]; a step is right when all of it is.
        prefix: put before each name, such as "melody_".
    """
    got, wanted = np.asarray(got), np.asarray(wanted)
    right = got == wanted
    right = right.reshape(*right.shape[:2], -1).all(-1)  # [N, T]
    return {
        f"{prefix}steps": _mean(right),
        f"{prefix}windows": _mean(right.all(-1)),
        f"{prefix}commonest": commonest(wanted),
    }


def commonest(wanted: np.ndarray) -> float:
    """Share of steps of windows [N, T, ...] that are the commonest step: the score of always saying it."""
    if not wanted.size:
        return 0.0
    rows = np.ascontiguousarray(wanted.reshape(wanted.shape[0] * wanted.shape[1], -1))
    if rows.shape[1] == 1:
        _, counts = np.unique(rows, return_counts=True)
    else:
        whole = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1])))
        _, counts = np.unique(whole, return_counts=True)
    return float(counts.max() / len(rows))


def f1(right: float, written: float, there: float) -> float:
    """F1 of `right` among those `written` and those that are `there`; 1 when there are none at all."""
    return 2 * right / (written + there) if written + there else 1.0


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if values.size else 0.0
