"""How much a config may ask for: no more than the weights beside it can fill.

A config is a small file that can name any sizes. While a model is built within a `Budget`, every tensor is
counted before it is made.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from musicvae_lite.errors import ConfigError

FREE = 2**20  # numbers that any model may take: buffers, and what initialising makes for a moment
TIMES = 4  # of what the weights hold
_SIZED = {torch.empty, torch.zeros, torch.ones, torch.rand, torch.randn}


class Budget(TorchFunctionMode):
    """A context in which no more than `FREE` + `TIMES` x `numbers` numbers can be asked for.

    Args:
        numbers: how many the weights hold.

    Raises:
        ConfigError: within it, when a model asks for more.
    """

    def __init__(self, numbers: int):
        super().__init__()
        self.numbers, self.left = numbers, FREE + TIMES * numbers

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.left -= _numbers(func, args, kwargs or {})
        if self.left < 0:
            raise ConfigError(
                f"the config asks for far more numbers than the {self.numbers:,} that the weights hold: "
                "they are of different models"
            )
        return func(*args, **(kwargs or {}))


def _numbers(func: Any, args: tuple, kwargs: dict[str, Any]) -> int:
    """How many numbers a function that makes a tensor of a size is asked for; 0 for all others."""
    if func is torch.full:
        return math.prod(kwargs.get("size", args[0] if args else ()))
    if func is torch.eye:
        return math.prod((args + args)[:2])
    if func is torch.arange:
        return int(args[-1]) if args else 0
    if func not in _SIZED:
        return 0
    size = kwargs.get("size", args)
    return math.prod(size[0] if len(size) == 1 and isinstance(size[0], (tuple, list)) else size)
