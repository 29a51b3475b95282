"""A tiny model, untrained, and made-up windows."""

from __future__ import annotations

import numpy as np
import torch

from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.decoders import HierarchicalDecoderSettings
from musicvae_lite.models.encoders import HierarchicalEncoderSettings
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music.representations.melody import MelodyRepresentation

REPRESENTATION = MelodyRepresentation(bars=2)


def tiny_model() -> MusicVAE:
    torch.manual_seed(0)
    encoder = HierarchicalEncoderSettings(segments=(4, 8), width=8, squeeze=4)
    decoder = HierarchicalDecoderSettings(segments=(4, 8), width=8, core_width=8)
    return MusicVAE(MusicConfig(REPRESENTATION, encoder, decoder, 6))


def made_up(count: int, seed: int = 0) -> np.ndarray:
    tokens = REPRESENTATION.random(count, np.random.default_rng(seed))
    return REPRESENTATION.canonical(tokens)
