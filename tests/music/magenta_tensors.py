"""Windows as the float tensors Magenta's models read and write, and back.

Magenta spells every step out in zeros and ones; here windows are whole numbers. Which number stands for
what is the same, so that this is all there is between the two.
"""

from __future__ import annotations

import numpy as np

from musicvae_lite.music.representations.base import Example, Representation
from musicvae_lite.music.representations.steps import Binary, Categorical, Groove, Product, Step, bits_of


def inputs(representation: Representation, tokens: np.ndarray) -> np.ndarray:
    """What Magenta's encoder is given: float32 [W, T, D].

    Drums in either form are flags with one more for "none of them".
    """
    step = representation.step
    if isinstance(step, Categorical) and step.bits:
        flags = bits_of(tokens, step.bits)
    elif isinstance(step, Binary):
        flags = np.asarray(tokens)
    else:
        return outputs(representation, tokens)
    return np.concatenate([flags, flags.max(-1, keepdims=True) == 0], axis=-1).astype(np.float32)


def outputs(representation: Representation, tokens: np.ndarray) -> np.ndarray:
    """What Magenta's decoder is to write: float32 [W, T, D]; steps that do not count are all zeros."""
    return spelled(representation.step, tokens) * representation.valid(tokens)[..., None]


def controls(representation: Representation, example: Example) -> np.ndarray:
    """What conditions Magenta's models: float32 [W, T, C]; C is 0 where nothing does."""
    x, _, control = example
    step = representation.control
    if step is None or control is None:
        return np.zeros((*np.shape(x)[:2], 0), dtype=np.float32)
    return spelled(step, control) * representation.valid(x)[..., None]


def spelled(step: Step, tokens: np.ndarray) -> np.ndarray:
    """Windows [W, T, ...] in zeros and ones (grooves as they are), float32 [W, T, D]."""
    match step:
        case Categorical(depth=depth):
            return one_hot(tokens, depth)
        case Product(depths=depths):
            parts = [one_hot(tokens[..., column], depth) for column, depth in enumerate(depths)]
            return np.concatenate(parts, axis=-1)
        case _:
            return np.asarray(tokens, dtype=np.float32)


def one_hot(tokens: np.ndarray, depth: int) -> np.ndarray:
    """float32 [..., depth] with a one at each token."""
    return (np.asarray(tokens)[..., None] == np.arange(depth)).astype(np.float32)


def tokens_of(representation: Representation, samples: np.ndarray) -> np.ndarray:
    """What Magenta's decoder wrote, [W, T, D], as windows [W, T, ...]."""
    match representation.step:
        case Categorical(depth=depth):
            return _checked(samples, depth).argmax(-1).astype(representation.step.dtype)
        case Product(depths=depths):
            parts = np.split(_checked(samples, sum(depths)), np.cumsum(depths)[:-1], axis=-1)
            return np.stack([part.argmax(-1) for part in parts], axis=-1).astype(representation.step.dtype)
        case Binary(size=size):
            return (_checked(samples, size) > 0.5).astype(np.uint8)
        case Groove(classes=classes):
            return _checked(samples, 3 * classes).astype(np.float32)


def _checked(samples: np.ndarray, depth: int) -> np.ndarray:
    samples = np.asarray(samples)
    if samples.shape[-1] != depth:
        raise ValueError(f"{samples.shape[-1]} values a step, and this representation has {depth}")
    return samples
