"""How well classes keep together among points, and the plane of PCA that codes are compared with."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

MOST_VALUES, MOST_POINTS = 1024, 256  # either of which lets the axes be computed exactly in a moment
POWERS, MORE = 4, 10  # passes over larger sets, and directions that are sought besides those wanted


def nearest_neighbour_accuracy(codes: np.ndarray, labels: np.ndarray, neighbours: int = 5) -> float:
    """Share of points whose nearest others, by majority, have their label: leave-one-out k-NN.

    Args:
        codes: [N, D].
        labels: [N].
    """
    points, known = torch.from_numpy(codes.astype(np.float32)), torch.from_numpy(labels)
    count = min(neighbours, len(points) - 1)
    right = 0
    for begin in range(0, len(points), 1000):
        distance = torch.cdist(points[begin : begin + 1000], points)
        rows = torch.arange(len(distance))
        distance[rows, rows + begin] = torch.inf
        near = known[distance.topk(count, largest=False).indices]  # [b, k], nearest first
        votes = (near[:, :, None] == near[:, None, :]).sum(2)  # a draw goes to the nearest
        winner = near[rows, votes.argmax(1)]
        right += int((winner == known[begin : begin + 1000]).sum())
    return right / len(points)


def principal_components(pictures: np.ndarray, count: int = 2) -> np.ndarray:
    """The first principal components [N, count] of pictures [N, ...]: PCA, beside which codes are shown.

    Of many large pictures they are close to exact (Halko et al. 2011, arXiv:0909.4061), and always the same.
    """
    flat = torch.from_numpy(pictures.reshape(len(pictures), -1).astype(np.float32))
    flat = flat - flat.mean(0)
    found = (flat @ _axes(flat, count)).numpy()
    return np.pad(found, ((0, 0), (0, count - found.shape[1])))  # a line has no more than one


def _axes(flat: Tensor, count: int) -> Tensor:
    """The directions [D, count] in which centred points [N, D] vary most; fewer where there are no more."""
    points, values = flat.shape
    if points <= MOST_POINTS:
        return torch.linalg.svd(flat, full_matrices=False)[2][:count].T
    if values <= MOST_VALUES:  # `eigh` may fail where values never vary or pictures repeat, also in float64
        return torch.linalg.svd(flat.T @ flat)[0][:, :count]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return torch.svd_lowrank(flat, count + MORE, POWERS)[2][:, :count]
