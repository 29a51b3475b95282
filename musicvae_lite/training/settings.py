"""The settings of a training run: what every family shares, and what music adds."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Literal

from musicvae_lite.errors import ConfigError, shown
from musicvae_lite.latent import BetaSchedule, ramp
from musicvae_lite.runtime import LARGEST_SEED

LARGEST_BETA = 1e6  # weight of the KL: far above any use, and its gradient stays finite
MOST_SHIFT = 127  # semitones that windows are moved by: all that MIDI has


@dataclass(frozen=True)
class TrainingSettings:
    """How any model is trained.

    Attributes:
        steps: updates of the whole run; every schedule is laid out over it.
        batch: examples an update. Small batches learn more a second than MusicVAE's 512.
        learning_rate: of Adam, after a warm-up of `warmup` updates and until the share
            `hold` of the run; from there a cosine down to nothing.
        decay: when below 1, the rate falls as Magenta's does instead: by this factor an update, from
            `learning_rate` down to `learning_rate_last`; `warmup` and `hold` then count for nothing.
        optimizer: "adam", or "tensorflow-adam" for TensorFlow's form of it.
        clip: largest global norm of the gradient.
        beta: final weight of the KL. `beta_begin` and `beta_end` are shares of the run: the weight is
            `beta_first` before, small so that what matters most is learnt first, and grows linearly
            between them.
        beta_rate: when given, the weight grows as Magenta's does instead: beta * (1 - beta_rate ** step).
            A short run ends far below `beta`.
        free_bits: bits of KL per example that cost nothing.
        init_from: a model whose fitting weights start this one, by its name or its path from where the run
            is started.
        validate_every, save_every: in updates.
        seed: of the initial weights, the order of the data, and all noise.
    """

    steps: int = 36000
    batch: int = 32
    learning_rate: float = 2e-3
    warmup: int = 100
    hold: float = 0.3
    decay: float = 1.0
    learning_rate_last: float = 1e-5
    optimizer: Literal["adam", "tensorflow-adam"] = "adam"
    clip: float = 1.0
    beta: float = 0.33
    beta_first: float = 0.02
    beta_begin: float = 0.3
    beta_end: float = 0.8
    beta_rate: float | None = None
    free_bits: float = 0.0
    init_from: str | None = None
    validate_every: int = 2000
    save_every: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            if isinstance(value, float) and not math.isfinite(value):
                raise ConfigError(f"training setting '{name}' is {value}; it must be a finite number")
        for name in ("steps", "batch", "validate_every", "save_every"):
            if getattr(self, name) < 1:
                raise ConfigError(
                    f"training setting '{name}' is {getattr(self, name)}; it must be at least 1"
                )
        for name in ("learning_rate", "clip"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"training setting '{name}' is {getattr(self, name)}; it must be above 0")
        for name in ("beta", "beta_first", "free_bits", "warmup", "learning_rate_last"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"training setting '{name}' is {getattr(self, name)}; it must be 0 or more")
        for name in ("beta", "beta_first"):
            if (weight := getattr(self, name)) > LARGEST_BETA:
                raise ConfigError(
                    f"training setting '{name}' is {weight:g}; it can be at most {LARGEST_BETA:,.0f}"
                )
        if not 0 <= self.seed <= LARGEST_SEED:
            raise ConfigError(f"training setting 'seed' is {self.seed}; it must be 0 to {LARGEST_SEED}")
        self._check_shares("hold", "beta_begin", "beta_end", "decay")
        if self.beta_begin > self.beta_end:
            raise ConfigError(
                f"training setting 'beta_begin' is {self.beta_begin}, after 'beta_end', {self.beta_end}: set "
                f"both, beta_end to {self.beta_begin} or more"
            )
        if self.beta_rate is not None and not 0 <= self.beta_rate < 1:
            raise ConfigError(
                f"training setting 'beta_rate' is {self.beta_rate}; it must be 0 or more and below 1, where "
                "the weight of the KL would never grow"
            )

    def _check_shares(self, *names: str) -> None:
        for name in names:
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(
                    f"training setting '{name}' is {getattr(self, name)}; it is a share, 0 to 1"
                )

    def beta_at(self, step: int) -> float:
        """Weight of the KL after so many updates; that of `steps` is what the run ends with."""
        if self.beta_rate is not None:
            return BetaSchedule("exponential", final=self.beta, rate=self.beta_rate)(step, self.steps)
        return BetaSchedule("ramp", self.beta_first, self.beta, self.beta_begin, self.beta_end)(
            step, self.steps
        )

    def learning_rate_at(self, step: int) -> float:
        if self.decay < 1:
            last = self.learning_rate_last
            return (self.learning_rate - last) * self.decay**step + last
        done = step / self.steps
        fall = min(1.0, max(0.0, (done - self.hold) / max(1 - self.hold, 1e-9)))
        return (
            self.learning_rate
            * min(1.0, (step + 1) / max(1, self.warmup))
            * 0.5
            * (1 + math.cos(math.pi * fall))
        )


@dataclass(frozen=True)
class MusicTraining(TrainingSettings):
    """How a music model is trained. The defaults learn 2-bar melodies on one CPU core within the hour.

    Attributes:
        blank: share of earlier tokens hidden from the decoder.
        own_share: final share of scheduled sampling, reached along with beta.
        own_share_rate: when above 0, the share grows as Magenta's does instead: an inverse sigmoid of the
            updates, 1 - k / (k + exp(step / k)) of `own_share` for a rate of k.
        floor: share of uncommon steps right below which a run that has had its time, and in which it does
            not grow either, starts anew with other weights (but for those of `init_from`); 0 never does.
        transpose_down, transpose_up: largest shift in semitones, drawn for each window.
        synthetic: share of random melodies in each batch, until the share `hold` of the run; from there
            it falls in a straight line to `synthetic_last`. They teach pitch and rhythm of every kind
            first; the last updates belong to music, so that samples sound like it.
        crossed, crossed_last: share of windows that take some of their voices (drums, or parts of a trio)
            from other windows of the batch told the same label, or (piano-rolls) sound together with one,
            under chords with themselves. It falls as the share of synthetic ones does. Keeps a model of
            few songs from learning them by heart.
        unlabelled: share of windows whose label is not said, of models that labels condition.
        unsaid: share of windows whose chords are not said, of models that chords condition.
    """

    blank: float = 0.1
    own_share: float = 0.0
    own_share_rate: float = 0.0
    floor: float = 0.15
    transpose_down: int = 5
    transpose_up: int = 6
    synthetic: float = 0.4
    synthetic_last: float = 0.1
    crossed: float = 0.0
    crossed_last: float = 0.0
    unlabelled: float = 0.1
    unsaid: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        shares = ("synthetic", "synthetic_last", "crossed", "crossed_last", "unlabelled", "unsaid")
        self._check_shares("blank", "own_share", "floor", *shares)
        if self.own_share_rate < 0:
            raise ConfigError(f"training setting 'own_share_rate' is {self.own_share_rate}; it is 0 or more")
        if not all(0 <= shift <= MOST_SHIFT for shift in (self.transpose_down, self.transpose_up)):
            raise ConfigError(
                f"transpose_down and transpose_up are numbers of semitones, 0 to {MOST_SHIFT}, not "
                f"{shown(self.transpose_down)} and {shown(self.transpose_up)}"
            )

    def own_share_at(self, step: int) -> float:
        if self.own_share_rate:
            k = self.own_share_rate
            return self.own_share * (1 - k / (k + math.exp(min(step / k, 700.0))))
        return ramp(0.0, self.own_share, self.beta_begin, self.beta_end, step / self.steps)

    def synthetic_at(self, step: int) -> float:
        return ramp(self.synthetic, self.synthetic_last, self.hold, 1.0, step / self.steps)

    def crossed_at(self, step: int) -> float:
        return ramp(self.crossed, self.crossed_last, self.hold, 1.0, step / self.steps)


@dataclass(frozen=True)
class ImageTraining(TrainingSettings):
    """How an image model is trained. The defaults learn MNIST on one CPU core in a few minutes.

    The loss is in nats summed over all pixels, so its gradients are large: `clip` only catches spikes.
    """

    steps: int = 6000
    batch: int = 128
    learning_rate: float = 1.5e-3
    hold: float = 0.2
    clip: float = 100.0
    beta: float = 1.0
    beta_first: float = 0.01
    beta_begin: float = 0.0
    beta_end: float = 0.1
    validate_every: int = 1000
    save_every: int = 1000
