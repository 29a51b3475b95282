"""What a groove model is to make of what: the inputs of GrooVAE's tasks, from the grooves they should give.

Gillick et al. 2019, "Learning to Groove with Inverse Sequence Transformations" (1905.06118). Grooves are
floats [..., T, 3 * C]: hits, velocities, offsets (see `steps.Groove`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

TASKS = ("play", "humanize", "tap", "add-hihat", "hits-control")
KEEPING = ("humanize", "add-hihat", "hits-control")  # the hits that are given
TAP, ADDED = "open-hihat", "closed-hihat"  # the drum that stands for taps, and the one that is added
OPEN = -1  # of a hit: a model decides


class Known(NamedTuple):
    """What is known of the hits of grooves before a model writes them.

    Attributes:
        hits: int8 [..., T, C], 1 where a drum is struck, 0 where it is not, `OPEN` where that is not known.
        struck: bool [..., T], steps at which one drum at least is struck.
    """

    hits: np.ndarray
    struck: np.ndarray

    def holds(self, groove: np.ndarray) -> np.ndarray:
        """Whether all of that is so in grooves [..., T, 3 * C], bool [...]."""
        hits = hits_of(groove)
        right = (self.hits == OPEN) | (self.hits == hits)
        return right.all((-2, -1)) & (hits.any(-1) | ~self.struck).all(-1)


def known(groove: np.ndarray, task: str, drum: int) -> Known | None:
    """What a task says beforehand of the hits to be made of grooves [..., T, 3 * C], if anything.

    Args:
        drum: number of the drum that "add-hihat" adds.
    """
    hits = hits_of(groove).astype(np.int8)
    match task:
        case "humanize" | "hits-control":
            return Known(hits, np.zeros(hits.shape[:-1], bool))
        case "add-hihat":
            hits[..., drum] = OPEN
            return Known(hits, np.zeros(hits.shape[:-1], bool))
        case "tap":
            return Known(np.full_like(hits, OPEN), hits.max(-1) > 0)
    return None


def quantised(groove: np.ndarray) -> np.ndarray:
    """The same hits without dynamics or timing: what `humanize` starts from."""
    result = np.array(groove, dtype=np.float32)
    result[..., groove.shape[-1] // 3 :] = 0
    return result


def tapped(groove: np.ndarray, drum: int) -> np.ndarray:
    """Only when something is struck: the loudest hit of each step as a hit of one drum, without dynamics.

    Args:
        drum: number of the drum that stands for taps.
    """
    hits, velocity, offset = parts(groove)
    loudest = np.where(hits > 0, velocity + 1, 0).argmax(-1)[..., None]
    result = np.zeros_like(groove, dtype=np.float32)
    to, _, early = parts(result)
    to[..., drum] = np.take_along_axis(hits, loudest, -1)[..., 0]
    early[..., drum] = np.take_along_axis(offset, loudest, -1)[..., 0]
    return result


def without(groove: np.ndarray, drum: int) -> np.ndarray:
    """The same groove without one drum."""
    result = np.array(groove, dtype=np.float32)
    for part in parts(result):
        part[..., drum] = 0
    return result


def hits_of(groove: np.ndarray) -> np.ndarray:
    """Which drums are struck, uint8 [..., T, C]: the condition of `hits-control`."""
    return (parts(groove)[0] > 0.5).astype(np.uint8)


def dropped(groove: np.ndarray, most: float, generator: np.random.Generator) -> np.ndarray:
    """The same grooves [W, T, 3 * C] with some hits left out, soft ones more often.

    Args:
        most: each window draws its chance of losing a hit from 0 to this.
    """
    _, velocity, _ = parts(groove)
    chance = generator.uniform(0, most, (len(groove), 1, 1)) * np.maximum(0.2, 1 - velocity)
    keep = generator.random(velocity.shape) >= chance
    return (groove * np.tile(keep, 3)).astype(np.float32)


def parts(groove: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Views of hits, velocities and offsets [..., C] each."""
    size = groove.shape[-1] // 3
    return groove[..., :size], groove[..., size : 2 * size], groove[..., 2 * size :]
