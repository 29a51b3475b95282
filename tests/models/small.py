"""Small untrained models: enough to run every command, not to make music."""

from __future__ import annotations

from pathlib import Path

import torch

from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music.representations import MelodyRepresentation
from musicvae_lite.music.score import Meter


def small_model(bars: int = 2, meter: str = "4/4", seed: int = 0, z: int = 8) -> MusicVAE:
    """A flat model with random weights, the same for the same arguments."""
    r = MelodyRepresentation(bars=bars, meter=Meter.parse(meter), lowest=36, highest=95)
    table = {
        "representation": r.to_config(),
        "encoder": {"kind": "flat", "hidden": 12},
        "decoder": {"kind": "flat", "hidden": 12, "layers": 1, "feed": 6},
        "z": z,
    }
    torch.manual_seed(seed)
    return MusicVAE(MusicConfig.from_table(table, "small"))


def small_chord_model() -> MusicVAE:
    """A hierarchical model of two bars with random weights that chords condition."""
    r = MelodyRepresentation(lowest=36, highest=95, chords="triads")
    table = {
        "representation": r.to_config(),
        "encoder": {"kind": "hierarchical", "segments": [4, 8], "width": 16, "squeeze": 4},
        "decoder": {"kind": "hierarchical", "segments": [4, 8], "width": 16, "core_width": 16},
        "z": 8,
    }
    torch.manual_seed(2)
    return MusicVAE(MusicConfig.from_table(table, "small"))


def save_small(folder: Path, bars: int = 2, meter: str = "4/4", seed: int = 0, z: int = 8) -> Path:
    small_model(bars, meter, seed, z).save(folder)
    return folder
