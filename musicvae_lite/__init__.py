"""musicvae_lite: variational autoencoders for music sequences.

    from musicvae_lite import MusicVAE
    MusicVAE.load("melody-2bar").interpolate("a.mid", "b.mid", steps=9)

The names below are loaded when first used, so importing the package is fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from musicvae_lite.errors import (
        CheckpointError,
        ConfigError,
        DatasetError,
        MusicVAEError,
        NothingUsableError,
        ReadError,
    )
    from musicvae_lite.models.image_vae import ImageVAE
    from musicvae_lite.models.music_vae import MusicVAE
    from musicvae_lite.music.reading import read_song
    from musicvae_lite.music.score import Meter, Score

__version__ = "0.1.0"

_HOME = {
    "MusicVAE": "models.music_vae",
    "ImageVAE": "models.image_vae",
    "Score": "music.score",
    "Meter": "music.score",
    "read_song": "music.reading",
    "MusicVAEError": "errors",
    "ReadError": "errors",
    "NothingUsableError": "errors",
    "DatasetError": "errors",
    "CheckpointError": "errors",
    "ConfigError": "errors",
}

__all__ = [
    "MusicVAE",
    "ImageVAE",
    "Score",
    "Meter",
    "read_song",
    "MusicVAEError",
    "ReadError",
    "NothingUsableError",
    "DatasetError",
    "CheckpointError",
    "ConfigError",
    "__version__",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'musicvae_lite' has no attribute '{name}'")
    value = getattr(import_module(f"musicvae_lite.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
