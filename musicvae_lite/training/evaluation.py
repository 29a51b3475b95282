"""What a model is worth on windows it was not trained on."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from musicvae_lite import runtime
from musicvae_lite.errors import ConfigError, NothingUsableError
from musicvae_lite.latent import NATS_PER_BIT, Posterior, active_units, free_bits
from musicvae_lite.models.decoders import reads_earlier_steps
from musicvae_lite.models.tensors import to_windows
from musicvae_lite.music.representations.base import Representation
from musicvae_lite.music.representations.steps import Groove, Step
from musicvae_lite.prior import CodePrior, groups
from musicvae_lite.training.examples import Examples
from musicvae_lite.training.windows import WindowSplit
from musicvae_lite.vae import VAE, Batch

MOST_PARTS = 1000  # Gaussians of a prior: the more there are, the more samples are like music
MOST_NUMBERS = 3 * 2**17  # of all their means
WINDOWS_A_PART = 13
CODES_A_NUMBER = 16


@dataclass(frozen=True)
class Evaluation:
    """All figures over one set of windows.

    The figures of a decoding are those of the representation's `compare`: at least "steps" (share of
    steps right), "windows" (share without any error) and "note_f1".

    Attributes:
        windows: how many.
        commonest: what always answering the commonest step would score.
        teacher_forced: share of steps right, of those that count, when shown the true steps before, z the
            mean. A step is right when all of it is: all voices of a trio, all flags, all hits of a groove.
            None for a decoder that does not read the steps before (see `reads_earlier_steps`).
        free_mean: running on its own outputs at temperature 1.0, z the mean.
        free_sampled: the same with z drawn from the posterior.
        argmax: the likeliest value at every step, z the mean.
        reconstruction_nats: per window, teacher-forced, z drawn; of grooves less a constant (`GrooveHead`).
        kl_nats, kl_bits: per window.
        elbo_nats: -(reconstruction + KL).
        active_units: units whose mean varies by more than 0.01; None of a single window.
        units: size of z.
        labels: how many windows were told each of the model's labels, and as "" how many were told none;
            those of no window are left out. None for a model without labels.
    """

    windows: int
    commonest: float
    teacher_forced: float | None
    free_mean: dict[str, float]
    free_sampled: dict[str, float]
    argmax: dict[str, float]
    reconstruction_nats: float
    kl_nats: float
    kl_bits: float
    elbo_nats: float
    active_units: int | None
    units: int
    labels: dict[str, int] | None = None

    def to_json(self) -> dict:
        return dataclasses.asdict(self)


@torch.no_grad()
def evaluate(
    vae: VAE,
    representation: Representation,
    windows: WindowSplit,
    seed: int = 0,
    most: int | None = None,
    names: Sequence[str] = (),
) -> Evaluation:
    """Figures over all windows, or over `most` of them drawn by the seed. Puts the model in eval mode.

    Args:
        names: of the labels that condition the model; those of the windows are told.
    """
    vae.eval()
    generator = runtime.generator(seed, vae.device)
    examples = _examples(vae, representation, windows, seed, most, names)
    wanted = examples.wanted
    q = _posterior(vae, examples)
    drawn = q.rsample(generator)
    nats = _nats(vae, drawn, examples)
    kl = float(q.kl().mean())

    def decoded(z: Tensor, temperature: float) -> dict[str, float]:
        figures = representation.compare(_decoded(vae, z, examples, temperature, generator), wanted)
        return {name: value for name, value in figures.items() if name != "commonest"}

    return Evaluation(
        windows=len(wanted),
        commonest=representation.compare(wanted, wanted)["commonest"],
        teacher_forced=_teacher_forced(vae, q.mean, examples),
        free_mean=decoded(q.mean, 1.0),
        free_sampled=decoded(drawn, 1.0),
        argmax=decoded(q.mean, 0.0),
        reconstruction_nats=nats,
        kl_nats=kl,
        kl_bits=kl / NATS_PER_BIT,
        elbo_nats=-(nats + kl),
        active_units=active_units(q.mean),
        units=q.mean.shape[-1],
        labels=_labels(examples),
    )


@torch.no_grad()
def fit_prior(vae: VAE, music: Examples, generator: torch.Generator) -> CodePrior:
    """Gaussians of the codes of windows, drawn from their posteriors: as many as there is music for.

    How the numbers of a code hang together is told from `CODES_A_NUMBER` codes a number or more.
    """
    q = _posterior(vae, music)
    codes = q.rsample(generator)
    most = min(MOST_PARTS, MOST_NUMBERS // codes.shape[1])
    parts = max(1, min(most, len(music) // WINDOWS_A_PART))
    few = len(codes) < CODES_A_NUMBER * codes.shape[1]
    return CodePrior.fit(codes, groups(q.mean, parts), shared=True, diagonal=few)


@torch.no_grad()
def validate(
    vae: VAE,
    representation: Representation,
    windows: WindowSplit,
    beta: float,
    seed: int,
    most: int = 1000,
    names: Sequence[str] = (),
    free: float = 0.0,
) -> dict[str, float]:
    """The few figures a training run watches, over the same windows every time.

    `objective` is the loss with `beta` and the free bits, so that it compares across a beta schedule. Of a
    single window there are no `active_units`.

    Args:
        beta: weight of the KL that the run ends with.
        most: windows that are looked at.
        names: as in `evaluate`.
        free: bits of KL per window that cost nothing.
    """
    vae.eval()
    examples = _examples(vae, representation, windows, seed, most, names)
    generator = torch.Generator(vae.device).manual_seed(seed)
    q = _posterior(vae, examples)
    nats = _nats(vae, q.rsample(generator), examples)
    figures = representation.compare(_decoded(vae, q.mean, examples, 1.0, generator), examples.wanted)
    kl, active = q.kl(), active_units(q.mean)  # [W]
    return {
        "objective": nats + beta * float(free_bits(kl, free).mean()),
        "reconstruction_nats": nats,
        "kl_bits": float(kl.mean()) / NATS_PER_BIT,
        "accuracy_free": figures["steps"],
        "note_f1_free": figures["note_f1"],
        **({} if active is None else {"active_units": active}),
    }


def _examples(
    vae: VAE,
    representation: Representation,
    windows: WindowSplit,
    seed: int,
    most: int | None,
    names: Sequence[str] = (),
) -> Examples:
    """All windows, or `most` of them drawn by the seed."""
    if not len(windows):
        raise NothingUsableError(f"{windows.name} holds no windows to evaluate on")
    if most is not None and most < 1:
        raise ConfigError(f"cannot evaluate on {most} windows; the least is 1")
    rows = np.arange(len(windows))
    if most is not None and most < len(rows):
        rows = np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))
    return Examples(windows, rows, representation, seed, vae.device, names)


def _labels(examples: Examples) -> dict[str, int] | None:
    """How many windows each label is told of, as `Evaluation.labels` has it."""
    told = examples.windows.gather_labels(examples.rows, examples.names)
    if told is None:
        return None
    counts = np.bincount(told, minlength=len(examples.names) + 1).tolist()
    return {name: count for name, count in zip(("", *examples.names), counts, strict=True) if count}


def _posterior(vae: VAE, examples: Examples) -> Posterior:
    parts = [vae.encode(batch.x, batch.control) for batch in examples]
    return Posterior(torch.cat([p.mean for p in parts]), torch.cat([p.scale for p in parts]))


def _decoded(
    vae: VAE, z: Tensor, examples: Examples, temperature: float, generator: torch.Generator
) -> np.ndarray:
    step = examples.representation.step
    parts = [
        to_windows(vae.decode(part, batch.control, temperature, generator), step)
        for part, batch in _with_codes(z, examples)
    ]
    return np.concatenate(parts)


def _nats(vae: VAE, z: Tensor, examples: Examples) -> float:
    """Mean nats a window, teacher-forced."""
    nats = 0.0
    for part, (x, target, control) in _with_codes(z, examples):
        said = vae.decoder.reconstruction(part, x if target is None else target, control)  # type: ignore[operator]
        nats += float(said.nats.sum())
    return nats / len(z)


def _teacher_forced(vae: VAE, z: Tensor, examples: Examples) -> float | None:
    """Share of steps right when each is the likeliest after the true ones before it."""
    decoder: Any = vae.decoder
    if not reads_earlier_steps(decoder):
        return None
    r, right, count = examples.representation, 0, 0
    for part, (x, target, control) in _with_codes(z, examples):
        target = x if target is None else target
        said = decoder.head.sample(decoder.hidden(part, target, control), 0.0)
        same = _same(said, target, r.step).cpu().numpy()
        counts = r.valid(to_windows(target, r.step))
        right, count = right + int((same & counts).sum()), count + int(counts.sum())
    return right / count if count else 0.0


def _same(said: Tensor, target: Tensor, step: Step) -> Tensor:
    """Where steps [B, T, ...] are the same throughout, bool [B, T]; of grooves, where all hits are."""
    if isinstance(step, Groove):
        said, target = said[..., : step.classes], target[..., : step.classes] > 0.5
    same = said == target
    return same if same.dim() == 2 else same.all(-1)


def _with_codes(z: Tensor, examples: Examples) -> Iterator[tuple[Tensor, Batch]]:
    """Each batch with its rows of z [N, Z]."""
    first = 0
    for batch in examples:
        yield z[first : first + len(batch.x)], batch
        first += len(batch.x)
