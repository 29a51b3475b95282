"""Every way to put a model together, at a size that learns in seconds."""

from __future__ import annotations

import torch

from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.music.representations.steps import Binary, Categorical, Groove, Product, Step
from musicvae_lite.vae import VAE

FLAT_ENCODER = {"kind": "flat", "hidden": 32}
FLAT_DECODER = {"kind": "flat", "hidden": 48, "layers": 2, "feed": 16}


def hierarchical(segments: list[int], codes: list[int], **more: object) -> tuple[dict, dict]:
    """Tables of an encoder and a decoder over the same levels."""
    common = {"kind": "hierarchical", "segments": segments, "codes": codes, "width": 32}
    return {**common, "squeeze": 16}, {**common, "core_width": 48, **more}


def config(encoder: dict, decoder: dict, bars: int = 2, z: int = 24) -> MusicConfig:
    r = {"name": "melody", "bars": bars, "lowest": 48, "highest": 71}
    return MusicConfig.from_table(
        {"representation": r, "encoder": encoder, "decoder": decoder, "z": z}, "test"
    )


BEATS, BEATS_OUT = hierarchical([4, 8], [])
_, LSTM_OUT = hierarchical([4, 8], [], core="lstm")
DEEP, DEEP_OUT = hierarchical([4, 4, 2], [24], deep=32)
STOCK, STOCK_OUT = {"kind": "stock", "hidden": [32]}, {"kind": "stock", "hidden": [48, 32]}
STOCK_BEATS = {"kind": "stock", "hidden": [24, 32], "levels": [4, 8], "residual": True}
STOCK_BEATS_OUT = {"kind": "stock", "hidden": [40, 48], "levels": [8, 4], "residual": True}

CONFIGS = {
    "flat": config(FLAT_ENCODER, FLAT_DECODER),
    "flat encoder of two layers": config({**FLAT_ENCODER, "layers": 2}, {**FLAT_DECODER, "layers": 1}),
    "beats": config(BEATS, BEATS_OUT),
    "beats with LSTM cores": config(BEATS, LSTM_OUT),
    "beats and phrases": config({**DEEP, "deep": 32}, DEEP_OUT),
    "flat to beats": config(FLAT_ENCODER, BEATS_OUT),
    "beats to flat": config(BEATS, FLAT_DECODER),
    "stock": config(STOCK, STOCK_OUT),
    "stock, hierarchical and residual": config(STOCK_BEATS, STOCK_BEATS_OUT),
    "stock, three levels": config(STOCK, {**STOCK_OUT, "levels": [2, 4, 4], "conductor": [20]}),
    "stock, segments apart": config(STOCK, {**STOCK_OUT, "levels": [4, 8], "apart": True}),
    "phrases to beats": config({**DEEP, "deep": 32}, LSTM_OUT),
}


def build(name: str, seed: int = 0) -> VAE:
    torch.manual_seed(seed)
    return CONFIGS[name].build()


def tokens(count: int, steps: int = 32, depth: int = 26, seed: int = 0) -> torch.Tensor:
    """Made-up windows [count, steps]: mostly holds, some notes, a few offs."""
    generator = torch.Generator().manual_seed(seed)
    shape = (count, steps)
    pitches = torch.randint(2, depth, shape, generator=generator)
    kind = torch.rand(shape, generator=generator)
    return torch.where(kind < 0.35, pitches, torch.where(kind < 0.42, torch.ones_like(pitches), 0))


def made_up(step: Step, count: int, steps: int, seed: int = 0) -> torch.Tensor:
    """Windows [count, steps, *shape], about half of whose steps are silent."""
    chance = torch.Generator().manual_seed(seed)
    silent = torch.rand((count, steps), generator=chance) < 0.5
    match step:
        case Categorical(depth=depth):
            x = torch.randint(0, depth, (count, steps), generator=chance)
        case Product(depths=depths):
            x = torch.stack([torch.randint(0, d, (count, steps), generator=chance) for d in depths], -1)
        case Binary(size=size):
            x = (torch.rand((count, steps, size), generator=chance) < 0.3).float()
        case Groove(classes=classes):
            hits = (torch.rand((count, steps, classes), generator=chance) < 0.3).float()
            rest = torch.rand((count, steps, 2 * classes), generator=chance)
            x = torch.cat([hits, hits.repeat(1, 1, 2) * rest], -1)
    return x.masked_fill(silent if x.dim() == 2 else silent[..., None], 0)
