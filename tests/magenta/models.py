"""Small models of Magenta's architectures, as configs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.training.presets import load_preset


def small(name: str, **changes: dict[str, Any]) -> MusicConfig:
    """A stock configuration at a size that takes no time.

    Args:
        changes: `encoder` and `decoder`, settings that replace theirs.
    """
    config = MusicConfig.from_table(load_preset(name).model, name)
    sizes: dict[str, Any] = {"hidden": tuple(7 + n for n in range(len(config.encoder.hidden)))}
    encoder = replace(config.encoder, **(sizes | changes.get("encoder", {})))
    sizes = {"hidden": (6,) * len(config.decoder.hidden), "nade": 5 if config.decoder.nade else 0}
    decoder = replace(config.decoder, **(sizes | changes.get("decoder", {})))
    return replace(config, encoder=encoder, decoder=decoder, z=4)
