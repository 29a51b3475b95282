"""Where new codes are drawn from: Gaussians fitted to the codes of data. Knows no notes and no pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from musicvae_lite.latent import covariance


@dataclass(frozen=True, eq=False)
class CodePrior:
    """Gaussians fitted to the codes a trained model uses, to draw new ones from.

    No encoder fills N(0, I) evenly; a draw that keeps the mean and covariance of real codes decodes to
    something far more like real data. Several Gaussians leave out what lies between kinds of data.

    Attributes:
        mean: [K, Z], of each Gaussian.
        root: [K, Z, Z], symmetric square roots of their covariances; [1, Z, Z] where they share one.
        shares: [K], how much of the data each stands for; they sum to 1.
    """

    mean: Tensor
    root: Tensor
    shares: Tensor

    @classmethod
    def fit(
        cls, codes: Tensor, labels: Tensor | None = None, shared: bool = False, diagonal: bool = False
    ) -> CodePrior:
        """From codes [N, Z] drawn from the posteriors of data, N of at least a few Z.

        Args:
            labels: [N]; with them each class (or one of `groups`) gets a Gaussian of its own, for which it
                needs a few Z codes.
            shared: the Gaussians share a covariance, and a few codes each are enough.
            diagonal: the numbers of a code vary independently: what is left to say of many numbers with
                few codes.
        """
        labels = torch.zeros(len(codes), device=codes.device) if labels is None else labels
        names, counts = labels.unique(return_counts=True)
        parts = [codes[labels == name] for name in names]
        mean = torch.stack([part.mean(0) for part in parts])
        if shared:
            parts = [torch.cat([part - own for part, own in zip(parts, mean, strict=True)])]
        if diagonal:
            roots = [part.std(0, correction=int(len(part) > 1)).diag() for part in parts]
        else:
            roots = [_root(covariance(part.cpu().double())).to(codes) for part in parts]
        return cls(mean, torch.stack(roots), counts.to(codes) / len(codes))

    def narrowed(self, spread: float) -> CodePrior:
        """The same Gaussians, their codes `spread` times as far from their means.

        Below 1 what is drawn is more like what most data of a kind share, and less of it is odd.
        """
        return replace(self, root=spread * self.root)

    def colour(self, noise: Tensor) -> Tensor:
        """Standard normal noise [B, Z] to codes [B, Z].

        Where there are several Gaussians, the quantile of the noise's first number says which one is drawn
        from, and its place between that one's bounds is the noise that is left.
        """
        if len(self.mean) == 1:
            return self.mean[0] + noise @ self.root[0]
        shares = self.shares.cpu().double()  # Apple's GPUs know no float64
        bounds = shares.cumsum(0)
        quantile = torch.special.ndtr(noise[:, 0].cpu().double())
        part = torch.bucketize(quantile, bounds[:-1], right=True)  # [B]
        within = 1 + (quantile - bounds[part]) / shares[part]
        first = torch.special.ndtri(within.clamp(1e-9, 1 - 1e-9)).to(noise)
        left = torch.cat([first[:, None], noise[:, 1:]], 1)
        if len(self.root) == 1:
            return self.mean[part] + left @ self.root[0]
        return self.mean[part] + torch.einsum("bi,bij->bj", left, self.root[part])

    @cached_property
    def as_one(self) -> CodePrior:
        """The one Gaussian with the mean and covariance of all of them, whose `colour` is linear."""
        if len(self.mean) == 1:
            return self
        share = self.shares[:, None]
        mean = (share * self.mean).sum(0)
        apart = self.mean - mean
        roots = [(1.0, self.root[0])] if len(self.root) == 1 else zip(self.shares, self.root, strict=True)
        within = sum(share * own @ own for share, own in roots)  # one by one: all at once may fill the memory
        root = _root((within + (share * apart).T @ apart).cpu().double()).to(mean)
        return CodePrior(mean[None], root[None], torch.ones_like(self.shares[:1]))


def groups(codes: Tensor, count: int, rounds: int = 25) -> Tensor:
    """The group [N] of each code [N, Z], in any order: those nearest to one of `count` centres, by k-means.

    Posteriors' means are told apart better than draws, which are mostly noise.
    """
    group = torch.zeros(len(codes), dtype=torch.long, device=codes.device)
    if count == 1:
        return group
    centres = codes[:: max(1, len(codes) // count)][:count]
    for _ in range(rounds):
        group = torch.cdist(codes, centres).argmin(1)
        sums = torch.zeros_like(centres).index_add(0, group, codes)
        sizes = group.bincount(minlength=len(centres))
        centres = torch.where(sizes[:, None] > 0, sums / sizes[:, None].clamp_min(1), centres)
    return group


def _root(covariance: Tensor) -> Tensor:
    """The symmetric square root of a matrix [Z, Z]."""
    values, vectors = torch.linalg.eigh(covariance)
    return (vectors * values.clamp_min(0).sqrt()) @ vectors.T
