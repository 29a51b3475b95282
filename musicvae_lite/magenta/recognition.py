"""Which of Magenta's configurations a checkpoint is of: the stock presets, with the sizes read off shapes.

Lengths and tasks leave no trace in the weights. Where several configurations fit, the user says which.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

from musicvae_lite.errors import CheckpointError, ConfigError
from musicvae_lite.magenta.structure import Structure
from musicvae_lite.models.assembly import MusicConfig
from musicvae_lite.models.stock.decoders import StockDecoderSettings, voices_of
from musicvae_lite.models.stock.encoders import StockEncoderSettings
from musicvae_lite.models.stock.reading import reader_for
from musicvae_lite.training.preset_files import presets_dir
from musicvae_lite.training.presets import load_preset

FOLDER = "magenta"  # of the presets


@dataclass(frozen=True)
class Recognised:
    """A configuration with the sizes of a checkpoint.

    Attributes:
        name: the stock configuration's.
        config: the model.
        others: configurations that give the same model at these sizes.
    """

    name: str
    config: MusicConfig
    others: tuple[str, ...] = ()


def stock_names() -> list[str]:
    """Of all stock configurations."""
    return sorted(path.stem for path in (presets_dir() / FOLDER).glob("*.toml"))


def recognise(found: Structure, where: object, name: str | None = None) -> Recognised:
    """The configuration a structure is of.

    Args:
        where: the checkpoint, for messages.
        name: of a stock configuration, or a path to a preset of the user's own, when the user says which.

    Raises:
        ConfigError: no such configuration.
        CheckpointError: none fits (the nearest and the differences are shown), or several do.
    """
    if name is not None:
        return Recognised(*_named(found, where, name))
    stock = {each: _config(each) for each in stock_names()}
    differing = {each: differences(found, config) for each, config in stock.items()}
    fitting = [each for each, faults in differing.items() if not faults]
    if not fitting:
        nearest = min(differing, key=lambda each: (len(differing[each]), _size_gap(found, stock[each])))
        lines = "".join(f"\n  {line}" for line in differing[nearest])
        raise CheckpointError(f"{where}: fits no known configuration. The nearest is {nearest}:{lines}")
    exact = [each for each in fitting if _size_gap(found, stock[each]) == 0]
    names = exact or sorted(fitting, key=lambda each: _size_gap(found, stock[each]))
    sized = {each: with_sizes(stock[each], found) for each in names}
    kinds = {each: json.dumps(config.to_table(), sort_keys=True) for each, config in sized.items()}
    if len(set(kinds.values())) > 1:
        listing = ", ".join(names)
        raise CheckpointError(
            f"{where}: fits several configurations, which differ in what weights do not show (length, task): "
            f"{listing}. Say which with --config"
        )
    return Recognised(names[0], sized[names[0]], tuple(names[1:]))


def stock_name(found: Structure, config: MusicConfig) -> str | None:
    """The stock configuration that is just this model, sizes included; None when there is none."""
    table = config.to_table()
    for name in stock_names():
        stock = _config(name)
        if not differences(found, stock) and with_sizes(stock, found).to_table() == table:
            return name if _size_gap(found, stock) == 0 else None
    return None


def _named(found: Structure, where: object, name: str) -> tuple[str, MusicConfig]:
    plain = name.removesuffix("_tfds")
    if plain not in stock_names() and not name.endswith(".toml"):
        raise ConfigError(f"no configuration '{name}': there are {', '.join(stock_names())}")
    config = _config(plain)
    faults = differences(found, config)
    if faults:
        lines = "".join(f"\n  {line}" for line in faults)
        raise CheckpointError(f"{where}: not of the configuration {name}:{lines}")
    return Path(plain).stem, with_sizes(config, found)


def _config(name: str) -> MusicConfig:
    preset = load_preset(name)
    config = MusicConfig.from_table(preset.model, name)
    if not isinstance(config.encoder, StockEncoderSettings) or not isinstance(
        config.decoder, StockDecoderSettings
    ):
        raise ConfigError(f"{name}: encoder and decoder must be of the kind 'stock'")
    return config


def differences(found: Structure, config: MusicConfig) -> list[str]:
    """What keeps a checkpoint from being of a configuration, whatever its sizes; one line each."""
    r, encoder, decoder = config.representation, config.encoder, config.decoder
    control = reader_for(r.control).size if r.control else 0
    outputs = tuple(reader_for(part).size for part in (voices_of(r.step) if decoder.split else [r.step]))
    pairs = {
        "numbers a step of the encoder's input": (
            found.inputs,
            reader_for(r.step, encoder.roll).size + control,
        ),
        "numbers a step of the output": (found.outputs, outputs),
        "numbers a step of control": (found.control, control),
        "levels of the encoder": (found.encoder_levels, len(encoder.levels)),
        "levels of the conductor": (found.conductor_levels, max(0, len(decoder.levels) - 1)),
        "a core for each voice": (found.is_split, decoder.split),
        "a NADE": (found.nade > 0, decoder.nade > 0),
    }
    return [
        f"{what}: the checkpoint has {_shown(has)}, the configuration {_shown(wants)}"
        for what, (has, wants) in pairs.items()
        if has != wants
    ]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "one" if value else "none"
    return " + ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def with_sizes(config: MusicConfig, found: Structure) -> MusicConfig:
    """The configuration with a checkpoint's own sizes."""
    encoder = replace(
        config.encoder, hidden=found.encoder, residual=found.encoder_residual, has_scale=found.has_scale
    )
    decoder = replace(
        config.decoder,
        hidden=found.decoder,
        conductor=found.conductor,
        nade=found.nade,
        residual=found.decoder_residual,
    )
    return replace(config, encoder=encoder, decoder=decoder, z=found.z)


def _size_gap(found: Structure, config: MusicConfig) -> int:
    """How far a checkpoint's sizes lie from the stock ones; 0 when they are the same."""
    pairs = [
        (found.encoder, config.encoder.hidden),
        (found.decoder, config.decoder.hidden),
        ((found.z,), (config.z,)),
    ]
    return sum(abs(sum(has) - sum(wants)) + 1000 * abs(len(has) - len(wants)) for has, wants in pairs)
