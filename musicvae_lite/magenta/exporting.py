"""Writing models as magenta-js checkpoints, which its demos load."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from musicvae_lite import finding
from musicvae_lite.errors import ConfigError
from musicvae_lite.magenta.converters import TYPE
from musicvae_lite.magenta.names import layout
from musicvae_lite.magenta.specs import spec_of, task_lost
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.attributes.kept import DECORRELATED
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.models.stock.decoders import StockDecoderSettings
from musicvae_lite.models.stock.encoders import StockEncoderSettings
from musicvae_lite.writing import replacing, write_json

SHARD = 1 << 22  # bytes a file, as TensorFlow.js's own converter cuts them
ATTRIBUTES = "attribute_vectors.json"
LEVELS = {"uint8": 255, "uint16": 65535}


def export_javascript(model: MusicVAE, folder: Path, quantise: str | None = None) -> list[Path]:
    """Writes config.json, weights_manifest.json and shards.

    Args:
        quantise: None for float32, or "float16", "uint16", "uint8": smaller and less exact.

    Raises:
        ConfigError: magenta-js has no code for this architecture or representation, the message says what;
            or a model of another kind lies in the folder.
    """
    if quantise not in (None, "float16", *LEVELS):
        raise ConfigError(f"weights can be quantised to float16, uint16 or uint8, not {quantise!r}")
    spec = spec_of(model.config)
    check_architecture(model.config)
    finding.check_free(folder, lambda config: config.get("type") == TYPE)
    ours = {name: tensor.float().cpu().numpy() for name, tensor in model.vae.state_dict().items()}
    c, r = model.config, model.representation
    entries = layout(c.encoder, c.decoder, r.step, c.z, r.control)
    theirs = {name: value for entry in entries for name, value in entry.to_theirs(ours).items()}
    weights, data = [], bytearray()
    for name, values in sorted(theirs.items()):
        stored, how = _stored(np.ascontiguousarray(values, dtype="<f4"), quantise)
        weights.append({"name": name, "shape": list(values.shape), "dtype": "float32", **how})
        data += stored.tobytes()
    folder.mkdir(parents=True, exist_ok=True)
    count = max(1, math.ceil(len(data) / SHARD))
    paths = [f"group1-shard{number}of{count}" for number in range(1, count + 1)]
    for number, path in enumerate(paths):
        with replacing(folder / path) as temporary:
            temporary.write_bytes(data[number * SHARD : (number + 1) * SHARD])
    write_json(folder / "weights_manifest.json", [{"paths": paths, "weights": weights}])
    write_json(folder / "config.json", spec)
    written = [folder / name for name in ("config.json", "weights_manifest.json", *paths)]
    return [*written, *_attributes(model, folder)]


def lost(model: MusicVAE) -> list[str]:
    """What magenta-js is not told of a model, one sentence each."""
    notes = task_lost(model.config)
    if model.vae.prior is not None:
        notes.append(
            "magenta-js's sample() draws from N(0, I), and this model from what it has learnt: draw codes "
            "with that (`mvae models export --to onnx` writes it), and have them decoded"
        )
    return notes


def check_architecture(config: MusicConfig) -> None:
    """Raises ConfigError when magenta-js has no code for it."""
    faults = list(_faults(config))
    if faults:
        raise ConfigError(
            f"magenta-js cannot run this model: {'; '.join(faults)}. ONNX takes every music model (--to onnx)"
        )


def _faults(config: MusicConfig) -> Iterator[str]:
    encoder, decoder = config.encoder, config.decoder
    if not isinstance(encoder, StockEncoderSettings) or not isinstance(decoder, StockDecoderSettings):
        yield "its architecture is not one of Magenta's"
        return
    if len(encoder.hidden) > 1:
        yield f"its encoder has {len(encoder.hidden)} layers, magenta-js reads one"
    if bool(encoder.levels) != bool(decoder.levels):
        yield "encoder and decoder must both be hierarchical, or neither"
    if len(encoder.levels) > 2 or len(decoder.levels) > 2:
        yield "magenta-js knows one level above the steps"
    if encoder.levels and decoder.levels and encoder.levels[-1] != decoder.levels[0]:
        yield "encoder and decoder are cut into different segments"
    if encoder.residual or decoder.residual:
        yield "its layers are residual"
    if any(len(set(sizes)) > 1 for sizes in (decoder.hidden, decoder.conductor)):
        yield "its decoder's layers differ in size"


def _stored(values: np.ndarray, quantise: str | None) -> tuple[np.ndarray, dict[str, Any]]:
    if quantise is None:
        return values, {}
    if quantise == "float16":
        return values.astype("<f2"), {"quantization": {"dtype": "float16", "original_dtype": "float32"}}
    least, most = float(values.min()), float(values.max())
    scale = (most - least) / LEVELS[quantise] or 1.0
    stored = np.rint((values.astype(np.float64) - least) / scale).astype(
        "u1" if quantise == "uint8" else "<u2"
    )
    return stored, {
        "quantization": {"min": least, "scale": scale, "dtype": quantise, "original_dtype": "float32"}
    }


def _attributes(model: MusicVAE, folder: Path) -> list[Path]:
    """The model's attribute vectors, if it has any; those of another model are not left there."""
    held = model.attributes
    table = {name: vector.tolist() for name, vector in held.plain.vectors.items()}
    table |= {DECORRELATED + name: vector.tolist() for name, vector in held.decorrelated.vectors.items()}
    if not table:
        (folder / ATTRIBUTES).unlink(missing_ok=True)
        return []
    with replacing(folder / ATTRIBUTES) as temporary:
        temporary.write_text(json.dumps(table) + "\n", "utf-8")
    return [folder / ATTRIBUTES]
