"""What words of a command line mean, and when they are wrong usage."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

SLASHES = tuple(filter(None, (os.sep, os.altsep)))


@contextmanager
def wrong_usage(option: str) -> Iterator[None]:
    """Within, what the library refuses is wrong usage of an option."""
    from musicvae_lite.errors import ConfigError

    try:
        yield
    except ConfigError as error:
        raise typer.BadParameter(str(error), param_hint=option) from None


def one_of(word: str, known: Collection[str], option: str) -> str:
    """The word, which is one of those known, or wrong usage."""
    if word not in known:
        raise typer.BadParameter(f"'{word}' is none of {', '.join(known)}", param_hint=option)
    return word


def split_of(data: Path, split: str | None, default: str) -> str:
    """The split of a dataset that is asked for, or the usual one; of music, which has none, wrong usage."""
    from musicvae_lite.corpora.recipe import SPLITS
    from musicvae_lite.resources import expand
    from musicvae_lite.training.dataset import is_dataset

    if split is None:
        return default
    one_of(split, SPLITS, "--split")
    if expand(data).exists() and not is_dataset(data):
        raise typer.BadParameter(
            f"{data} is music, and all of it is taken; a dataset of `mvae prepare` has splits",
            param_hint="--split",
        )
    return split


def check_training(changes: Mapping[str, Any]) -> None:
    """Wrong usage where a training setting is out of range; None is one that is not asked for."""
    from musicvae_lite.training.settings import TrainingSettings

    for name, value in changes.items():
        if value is not None:
            with wrong_usage(f"--{name.replace('_', '-')}"):
                TrainingSettings(**{name: value})


def place(output: str, default: str) -> Path:
    """The file that an output means: itself, or one of the default name in a folder.

    A folder is one that is there, and any name that ends in a slash or holds no dot.
    """
    from musicvae_lite.resources import expand

    path = expand(output)
    is_folder = output.endswith(SLASHES) or "." not in path.name or path.is_dir()
    return path / default if is_folder else path
