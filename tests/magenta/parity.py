"""The parity material: what Magenta's own code made of small models, one folder a configuration."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from musicvae_lite.magenta.names import Entry, layout
from musicvae_lite.models.stock.decoders import StockDecoderSettings
from musicvae_lite.models.stock.encoders import StockEncoderSettings
from musicvae_lite.music.representations.steps import Binary, Categorical, Groove, Product, Step
from musicvae_lite.vae import VAE
from tests.shared import shared_folder

FOLDER = shared_folder("parity")
NAMES = sorted(path.name for path in FOLDER.iterdir()) if FOLDER else ["none"]
LEVELS = {"hier-multiperf": ((64, 8), (8, 64)), "hierdec": ((), (16, 16)), "hier-": ((16, 16), (16, 16))}
NADE = 10
END = 489
EVENTS = Categorical(490, nothing=END)
LOSSES = {  # beta and free bits of the stock configuration, and whether beta grows as 1 - 0.99999^step
    "cat-mel_2bar_small": (0.2, 0, True),
    "cat-mel_2bar_med_chords": (1.0, 0, False),
    "cat-drums": (0.2, 48, False),
    "nade": (0.2, 48, False),
    "flat-mel": (0.2, 256, False),
    "flat-trio": (1.0, 0, False),
    "hierdec": (0.2, 256, False),
    "hier-mel": (0.2, 256, False),
    "hier-trio": (0.2, 256, False),
    "hier-multiperf": (1.0, 0, False),
    "groovae": (0.2, 48, False),
}


def arrays(name: str, file: str) -> dict[str, np.ndarray]:
    with np.load(Path(FOLDER or ".") / name / file) as stored:
        return {key: stored[key] for key in stored.files}


def step_of(name: str) -> Step:
    if "multiperf" in name:
        return EVENTS
    if "trio" in name:
        return Product((90, 90, 512), (0, 0, 9))
    if "groovae" in name:
        return Groove(9)
    if "nade" in name:
        return Binary(9)
    return Categorical(512, bits=9) if "drums" in name else Categorical(90)


def control_of(name: str) -> Step | None:
    if "chords" in name:
        return Categorical(49)
    return Binary(9) if "hits_control" in name else None


def settings_of(name: str) -> tuple[StockEncoderSettings, StockDecoderSettings, int]:
    """Encoder, decoder, and the size of z, from the sizes in hparams.txt."""
    text = (Path(FOLDER or ".") / name / "hparams.txt").read_text()
    sizes = {}
    for part in text.strip().replace("],", "];").replace(",z", ";z").replace(",nade", ";nade").split(";"):
        key, value = part.split("=")
        sizes[key] = tuple(int(v) for v in value.strip("[]").split(","))
    levels = next((found for prefix, found in LEVELS.items() if name.startswith(prefix)), ((), ()))
    end = END if "multiperf" in name else None
    encoder = StockEncoderSettings(sizes["enc_rnn_size"], levels[0], roll="drums" in name, end=end)
    decoder = StockDecoderSettings(
        sizes["dec_rnn_size"],
        levels[1],
        split="trio" in name and bool(levels[1]),
        nade=NADE if "nade" in name else 0,
        end=end,
    )
    return encoder, decoder, sizes["z_size"][0]


@cache
def model_of(name: str) -> tuple[VAE, list[Entry]]:
    """The model with the folder's weights. Not to be trained: it is shared."""
    return fresh_model_of(name)


def fresh_model_of(name: str) -> tuple[VAE, list[Entry]]:
    encoder, decoder, z = settings_of(name)
    step, control, steps = step_of(name), control_of(name), arrays(name, "dump.npz")["inputs"].shape[1]
    vae = VAE(encoder.build(step, steps, z, control), decoder.build(step, steps, z, control)).eval()
    entries = layout(encoder, decoder, step, z, control)
    stored = arrays(name, "model.ckpt.weights.npz")
    ours: dict[str, Tensor] = {}
    for entry in entries:
        values = entry.to_ours(*(stored[variable] for variable in entry.variables))
        ours |= {key: torch.from_numpy(np.ascontiguousarray(value)) for key, value in values.items()}
    vae.load_state_dict(ours)
    return vae, entries


def spelled(step: Step, dense: np.ndarray, is_roll: bool = False) -> Tensor:
    """Magenta's arrays [B, T, D] in the form our models take; rows of zeros become the step's `blank`."""
    match step:
        case Categorical(bits=bits) if is_roll and bits:
            return torch.from_numpy((dense[..., :bits] * 2 ** np.arange(bits)).sum(-1).astype(np.int64))
        case Categorical(depth=depth):
            return torch.from_numpy(np.where(dense.any(-1), dense.argmax(-1), depth))
        case Product(depths=depths):
            parts = np.split(dense, np.cumsum(depths)[:-1], axis=-1)
            return torch.from_numpy(np.stack([part.argmax(-1) for part in parts], -1))
        case Binary(size=size):
            return torch.from_numpy(dense[..., :size])
        case _:
            return torch.from_numpy(dense)


def controls(name: str, dense: np.ndarray) -> Tensor | None:
    step = control_of(name)
    return None if step is None else spelled(step, dense)


def logits(vae: VAE, name: str, hidden: Tensor) -> Tensor:
    """What the output layers say [B, T, D] of hidden states."""
    head = vae.decoder.head
    if hasattr(head, "parts"):
        slices = hidden.split(head.hidden, -1)  # type: ignore[union-attr, operator]
        return torch.cat([part.logits(h) for part, h in zip(head.parts, slices, strict=True)], -1)  # type: ignore[union-attr]
    return head.logits(hidden)  # type: ignore[union-attr, operator]


def loss_settings(name: str, step: int) -> tuple[float, float]:
    """beta and free bits at a step."""
    beta, free, grows = next(found for prefix, found in LOSSES.items() if name.startswith(prefix))
    return (beta * (1 - 0.99999**step) if grows else beta), free
