"""What decides the windows of a dataset: the same recipe and files give the same bytes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from musicvae_lite.errors import ConfigError, shown
from musicvae_lite.music.files import DEFAULT_LIMITS, Limits
from musicvae_lite.music.representations.base import Representation

MOST_HOP = 1_000_000  # steps: longer than any song within the limits
SPLITS = ("train", "validation", "test")
DrumsBy = Literal["onsets", "line"]


@dataclass(frozen=True)
class Recipe:
    """Settings of `build_dataset`; it crosses processes, so everything in it can be pickled.

    Attributes:
        representation: what turns scores into windows.
        hop: grid steps between the starts of neighbouring windows.
        tracks: "chosen" takes the track the representation picks, "all" takes each in turn.
        split: shares of songs for train, validation and test; they sum to 1.
        seed: of the split.
        limits: on the files read.
        drums_by: what tells one song of drums from another: its onsets, or its upper "line", as in datasets
            whose manifest does not say.
    """

    representation: Representation
    hop: int
    tracks: str = "chosen"
    split: tuple[float, float, float] = (0.9, 0.05, 0.05)
    seed: int = 0
    limits: Limits = DEFAULT_LIMITS
    drums_by: DrumsBy = "onsets"

    def __post_init__(self) -> None:
        if not 1 <= self.hop <= MOST_HOP:
            raise ConfigError(
                f"hop is {shown(self.hop)} steps; it must be at least 1 and at most {MOST_HOP:,}"
            )
        if self.tracks not in ("chosen", "all"):
            raise ConfigError(f"tracks is {self.tracks!r}; it can be 'chosen' or 'all'")
        if self.drums_by not in get_args(DrumsBy):
            raise ConfigError(f"drums_by is {shown(self.drums_by)}; it can be 'onsets' or 'line'")
        if len(self.split) != 3 or not min(self.split) >= 0 or not abs(sum(self.split) - 1) <= 1e-6:
            raise ConfigError(
                f"split is {self.split}; it needs three shares, for train, validation and test, that sum to 1"
            )

    def to_config(self) -> dict[str, Any]:
        """Plain values, as the manifest records them and a resumed run compares them."""
        return {
            "representation": representation_config(self.representation),
            "hop": self.hop,
            "tracks": self.tracks,
            "split": list(self.split),
            "seed": self.seed,
            "limits": asdict(self.limits),
            **({"drums_by": self.drums_by} if self.drums_by != "line" else {}),
        }


def representation_config(representation: Representation) -> dict[str, Any]:
    """A representation's config with its name in front."""
    return {"name": representation.name, **representation.to_config()}


def hop_steps(representation: Representation, hop: str | int) -> int:
    """Steps of a hop of one "beat" (dotted in 6/8), one "bar", or that many steps.

    Raises:
        ConfigError: the word is unknown, or a beat is no whole number of steps.
    """
    if isinstance(hop, int):
        return hop
    if isinstance(hop, str) and hop.isdecimal() and len(hop) <= len(str(MOST_HOP)):
        return int(hop)
    quarters = {"beat": representation.meter.beat_quarters, "bar": representation.meter.quarters}
    if not isinstance(hop, str) or hop not in quarters:
        raise ConfigError(
            f"hop is {shown(hop)}; it can be 'beat', 'bar' or a number of steps, at most {MOST_HOP:,}"
        )
    steps = quarters[hop] * representation.steps_per_quarter
    if steps != int(steps):
        raise ConfigError(
            f"one {hop} of {representation.meter} is {steps:g} steps, no whole number: "
            f"give the hop in steps, or more steps per quarter than {representation.steps_per_quarter}"
        )
    return int(steps)
