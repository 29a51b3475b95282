"""Paths through z: between two codes, or four."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor


def slerp(a: Tensor, b: Tensor, steps: int) -> Tensor:
    """Points on the great circle from a to b, ends included.

    Lengths are interpolated linearly. Equal (or zero) ends give a straight line; for opposite ends,
    where no great circle is shortest, the path takes a fixed perpendicular direction.

    Args:
        a, b: [..., Z].
        steps: how many points, at least 1; a single point is a.

    Returns:
        [steps, ..., Z].

    Raises:
        ValueError: `steps` is below 1.
    """
    return walk(a, b, steps, CIRCLE)


def toward(a: Tensor, b: Tensor, share: float | Tensor) -> Tensor:
    """The point [..., Z] that lies the share 0..1 of the way from a to b on the great circle of `slerp`.

    Args:
        share: of all points, or of each: [..., 1].

    Raises:
        ValueError: a share lies beyond the ends.
    """
    t = torch.as_tensor(share).to(a)
    if not bool(((t >= 0) & (t <= 1)).all()):
        raise ValueError(f"a share of {share} lies beyond the ends of a path")
    return torch.where(t == 0, a, torch.where(t == 1, b, _arc(a, b, t)))


def _arc(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Points of the great circle at shares t [..., 1 or more], that broadcasts against a and b [..., Z]."""
    length_a, length_b = a.norm(dim=-1, keepdim=True), b.norm(dim=-1, keepdim=True)
    u, v = a / length_a.clamp_min(1e-12), b / length_b.clamp_min(1e-12)
    cosine = (u * v).sum(-1, keepdim=True).clamp(-1, 1)
    angle = torch.acos(cosine)
    away = v - cosine * u  # the part of v at right angles to u, |away| = sin(angle)
    opposite = cosine < -1 + 1e-6
    away = torch.where(opposite, _perpendicular(u), away)
    away = away / away.norm(dim=-1, keepdim=True).clamp_min(1e-12)
    arc = torch.cos(t * angle) * u + torch.sin(t * angle) * away
    curved = arc * (length_a + t * (length_b - length_a))
    straight = a + t * (b - a)
    is_straight = (cosine > 1 - 1e-6) | (length_a < 1e-12) | (length_b < 1e-12)
    return torch.where(is_straight, straight, curved)


@dataclass(frozen=True)
class Course:
    """Which way paths between posterior means take (`walk`), and where their points lie on it.

    Attributes:
        bow: how far out: 0 is the straight line, 1 the great circle (`slerp`).
        turn: the share of the way over which music turns from mostly one end to mostly the other, for which
            points crowd around the middle, so that what is heard changes as much from each to the next; 0 for
            points as far from each other.
    """

    bow: float
    turn: float = 0.0


INNER = Course(0.25)  # between the straight line and a great circle
CIRCLE = Course(1.0)
# Where music enters codes by linear maps: two half as loud as by themselves would both get lost, and a note
# of the one stays until one of the other speaks louder.
OUTER = Course(1.2, turn=0.11)


def walk(a: Tensor, b: Tensor, steps: int, course: Course = INNER) -> Tensor:
    """Points on a path from a to b, ends included.

    Posterior means lie inside the shell that draws from N(0, I) fill. Between two of them a great circle
    keeps too far out, where models write what no music is like, and the straight line leads through
    the dull middle. Codes that add up what music holds get quieter halfway even on the circle: their paths
    go further out (`OUTER`). `benchmarks.interpolation` measures all of them.

    Args:
        a, b: [..., Z].
        steps: how many points, at least 1; a single point is a.

    Returns:
        [steps, ..., Z], finite for all ends, equal and opposite ones too.

    Raises:
        ValueError: `steps` is below 1.
    """
    if steps < 1:
        raise ValueError(f"a path of {steps} steps has no points")
    return points(a, b, torch.linspace(0, 1, steps, dtype=a.dtype, device=a.device), course)


def points(a: Tensor, b: Tensor, shares: Tensor, course: Course = INNER) -> Tensor:
    """Points [P, ..., Z] of the path of `walk` at shares [P] of it, 0..1; the ends are a and b themselves."""
    return _course(a, b, shares.to(a).view(-1, *[1] * a.dim()), course)


def along(a: Tensor, b: Tensor, course: Course = INNER) -> Tensor:
    """From the first of a [N, Z] to the last of b [N, Z]: row n is point n of a `walk` of N steps between
    the rows, [N, Z]."""
    t = torch.linspace(0, 1, len(a), dtype=a.dtype, device=a.device)[:, None]
    return _course(a, b, t, course)


def _course(a: Tensor, b: Tensor, t: Tensor, course: Course) -> Tensor:
    """Points at shares t of the way, which broadcast against a and b [..., Z]; its ends are a and b."""
    way = _crowded(t, course.turn)
    found = course.bow * _arc(a, b, way) + (1 - course.bow) * (a + way * (b - a))
    return torch.where(t == 0, a, torch.where(t == 1, b, found))


def _crowded(t: Tensor, turn: float) -> Tensor:
    """Where a logistic curve over 0..1, as steep as `turn` says, has gone the share t of its height."""
    if not turn:
        return t
    beyond = 1 / math.expm1(0.5 / turn)  # what a logistic curve would still have to go at either end
    return 0.5 + turn * torch.log((t + beyond) / (1 + beyond - t))


def _perpendicular(u: Tensor) -> Tensor:
    """A unit vector at right angles to each unit vector u [..., Z]; the same one every time."""
    axis = torch.zeros_like(u).scatter_(-1, u.abs().argmin(-1, keepdim=True), 1.0)
    return axis - (axis * u).sum(-1, keepdim=True) * u


def blend(corners: Tensor, width: int, height: int) -> Tensor:
    """Bilinear grid between four codes, on the sphere: slerp down both sides, then across.

    Args:
        corners: [4, Z], in the order top left, top right, bottom left, bottom right.

    Returns:
        [height, width, Z].
    """
    left, right = slerp(corners[0], corners[2], height), slerp(corners[1], corners[3], height)
    return slerp(left, right, width).transpose(0, 1)


def blended(corners: Tensor, x: float, y: float) -> Tensor:
    """The one point [Z] of such a grid that lies at x, y, each 0..1 from the top left."""
    left, right = toward(corners[0], corners[2], y), toward(corners[1], corners[3], y)
    return toward(left, right, x)
