"""Walks from one piece of music to another: takes that lie on a path between two codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import torch

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError
from musicvae_lite.latent import points
from musicvae_lite.models.moves.hearing import apart, heard
from musicvae_lite.models.moves.writing import Writing, write

if TYPE_CHECKING:
    from torch import Tensor

    from musicvae_lite.models.music_vae import Music, MusicVAE
    from musicvae_lite.music.takes import Takes

LEAST_PARTS = 8  # of a path that are looked at
WITHIN = 7  # points in each of them that changes more than it would in an even walk
MOST_WIDE = 32  # of those parts
MOST = 10_000  # takes of a path
MOST_EVEN = 256  # takes; choosing more takes long, and there is little to choose


def interpolate(
    model: MusicVAE, a: Music, b: Music, steps: int = 9, how: Writing | None = None, even: bool = True
) -> Takes:
    """A path between two pieces (`latent.walk`); its ends are their reconstructions.

    Two equal pieces give the same reconstruction at every step.

    Args:
        steps: how many takes, ends included; 2 to 10,000.
        how: its chords are what all takes follow in place of the chords of `a`.
        even: choose the points of the path so that each take differs from the one before it about as much
            as the next (`evenly`, by likeliest notes). Otherwise, and of more than 256 takes, they are those
            of `latent.walk`.

    Returns:
        `steps` takes in the tempo, program and loudness of `a`.

    Raises:
        ConfigError: `steps` is out of range.
    """
    steps = runtime.whole("steps", steps)
    if not 2 <= steps <= MOST:
        raise ConfigError(f"steps is {steps}; a path has at least its 2 ends, at most {MOST} takes")
    how, picks = how or Writing(), [model.pick(a), model.pick(b)]
    ends = model.posterior(*picks).mean  # [2, Z]

    def at(shares: np.ndarray) -> Tensor:
        return points(ends[0], ends[1], torch.from_numpy(shares), model.course)

    def said(shares: np.ndarray) -> np.ndarray:
        return heard(model, at(shares), picks[0], how)

    shares, tokens, even = np.linspace(0, 1, steps), None, even and steps <= MOST_EVEN
    if even:
        shares, tokens = even_walk(said, steps)
    known = tokens if how.temperature == 0 else None
    between = [f"{step}/{steps - 1}" for step in range(1, steps - 1)]
    labels = [f"A  {picks[0].stem}", *between, f"B  {picks[1].stem}"]
    is_same = bool((picks[0].tokens == picks[1].tokens).all())
    told = {"even": even, "inputs_are_equal": is_same}
    return write(model, "interpolate", at(shares), picks, labels, how, told, known)


def even_walk(said: Callable[[np.ndarray], np.ndarray], steps: int) -> tuple[np.ndarray, np.ndarray]:
    """At which shares of a path, float64 [steps] from 0 to 1, the takes of an even walk lie.

    Args:
        said: what is written at shares [P] of the path, [P, T, ...].

    Returns:
        The shares, and what is written there, [steps, T, ...].
    """
    parts = max(steps - 1, LEAST_PARTS)
    shares = np.linspace(0, 1, parts + 1)
    tokens = said(shares)
    changes = apart(tokens[1:], tokens[:-1])
    wide = np.flatnonzero(changes * (steps - 1) > changes.sum())[:MOST_WIDE]
    if len(wide):
        inner = (shares[wide, None] + np.arange(1, WITHIN + 1) / (WITHIN + 1) / parts).reshape(-1)
        order = np.concatenate([shares, inner]).argsort(kind="stable")
        tokens = np.concatenate([tokens, said(inner)])[order]
        shares = np.concatenate([shares, inner])[order]
    rows = evenly(tokens, steps)
    return shares[rows], tokens[rows]


def evenly(tokens: np.ndarray, count: int) -> np.ndarray:
    """Which points of a path to take so that what changes from one to the next is about the same.

    Those whose changes have the least sum of squares, by dynamic programming.

    Args:
        tokens: [P, T, ...], what is written at each point.
        count: how many to take, the ends among them.

    Returns:
        Rows int64 [count], ascending. Of points that write the same the middle one is taken; where nothing
        changes at all they lie evenly.
    """
    gone = np.concatenate([[0], apart(tokens[1:], tokens[:-1]).cumsum()])
    if not gone[-1]:
        return np.linspace(0, len(tokens) - 1, count).astype(np.int64)
    stops, first, length = np.unique(gone, return_index=True, return_counts=True)
    squares = np.square(stops[None] - stops[:, None]).astype(float)  # [S, S], from and to
    squares[np.tril_indices(len(stops), -1)] = np.inf  # none goes back
    squares[[0, -1], [0, -1]] = 1e-9  # where there are too few, others are repeated rather than the ends
    least, before = squares[0], []
    for _ in range(count - 2):
        sums = least[:, None] + squares
        before.append(sums.argmin(0))
        least = sums.min(0)
    stop = [len(stops) - 1]
    for choice in reversed(before):
        stop.append(int(choice[stop[-1]]))
    rows = (first + (length - 1) // 2)[[0, *reversed(stop)]]
    rows[0], rows[-1] = 0, len(tokens) - 1
    return rows
