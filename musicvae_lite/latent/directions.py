"""Directions in z along which attributes grow."""

from __future__ import annotations

import torch
from torch import Tensor


def attribute_vector(means: Tensor, values: Tensor) -> Tensor:
    """Direction [Z] along which an attribute grows: mean code of the top quartile less the bottom's.

    Args:
        means: [N, Z], codes of examples.
        values: [N], the attribute measured on each.
    """
    order = values.argsort(stable=True)
    quarter = max(1, len(values) // 4)
    return means[order[-quarter:]].mean(0) - means[order[:quarter]].mean(0)


REACH = 4.5  # standard deviations of the codes that a vector of `lone_vectors` may span


def lone_vectors(codes: Tensor, values: Tensor, reach: float = REACH) -> Tensor:
    """Vectors [A, Z] of which each raises one attribute by a standard deviation and leaves the rest alone.

    With W [Z, A] what each attribute gains along the codes (least squares) and S their covariance, the
    shortest move, measured by S, that raises attribute k alone is v = S W (W' S W)^-1 e_k. Where
    attributes are much alike it gets so long that it leads away from all music. So each vector is that of
    (W' S W + c I)^-1, with the least c that keeps it within reach: the least leak that can be had there.

    Args:
        codes: [N, Z], of examples.
        values: [N, A], attributes measured on each; a column that never changes gets a vector of zeros.
        reach: how long a vector may be, in standard deviations of the codes along it.
    """
    x, y = codes.cpu().double(), values.cpu().double()  # Apple's GPUs know no float64
    x, y = x - x.mean(0), y - y.mean(0)
    spread = y.std(0)
    y = y / torch.where(spread > 0, spread, 1)
    moved = x.T @ y / len(x)  # S W, [Z, A]
    covariance = x.T @ x / len(x)
    ridge = 1e-4 * covariance.diagonal().mean() * torch.eye(x.shape[1]).to(x)
    gram = moved.T @ torch.linalg.solve(covariance + ridge, moved)  # W' S W
    vectors = torch.zeros(values.shape[1], codes.shape[1]).to(x)
    for k in range(values.shape[1]):
        for c in torch.logspace(-6, 3, 91).tolist():
            mix = torch.linalg.solve(gram + c * torch.eye(len(gram)).to(x), torch.eye(len(gram)).to(x)[k])
            own = float(gram[k] @ mix)
            if own <= 1e-9:
                break
            mix = mix / own
            vectors[k] = moved @ mix
            if float(mix @ gram @ mix) <= reach**2:
                break
    return vectors.to(codes)
