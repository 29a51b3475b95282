"""From a config to a model: which encoder and decoder a table names, and their settings."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from musicvae_lite.errors import ConfigError, shown
from musicvae_lite.models import decoders, encoders, labels
from musicvae_lite.models.stock.decoders import StockDecoderSettings
from musicvae_lite.models.stock.encoders import StockEncoderSettings
from musicvae_lite.music import representations
from musicvae_lite.music.representations.base import Representation
from musicvae_lite.settings import from_table, to_table
from musicvae_lite.vae import VAE

LARGEST = 2**20  # of any size of a model
MOST_LAYERS = 64
ENCODERS = {
    "flat": encoders.FlatEncoderSettings,
    "hierarchical": encoders.HierarchicalEncoderSettings,
    "stock": StockEncoderSettings,
}
DECODERS = {
    "flat": decoders.FlatDecoderSettings,
    "hierarchical": decoders.HierarchicalDecoderSettings,
    "stock": StockDecoderSettings,
}


@dataclass(frozen=True)
class MusicConfig:
    """Everything needed to rebuild a music model.

    Attributes:
        representation: what it reads and writes.
        encoder, decoder: a settings dataclass from `ENCODERS` and one from `DECODERS`.
        z: size of the code.
        labels: names of the labels that condition it, such as styles; none for most models.
    """

    representation: Representation
    encoder: Any
    decoder: Any
    z: int
    labels: tuple[str, ...] = ()

    @classmethod
    def from_table(cls, table: dict[str, Any], where: str) -> MusicConfig:
        """Reads the tables `representation`, `encoder`, `decoder`, the number `z`, and `labels` if any."""
        for name in ("representation", "encoder", "decoder", "z"):
            if name not in table:
                raise ConfigError(f"{where}: '{name}' is missing")
        if type(table["z"]) is not int or not 1 <= table["z"] <= LARGEST:
            raise ConfigError(f"{where}: 'z' must be a whole number above 0, not {shown(table['z'])}")
        return cls(
            _representation(table["representation"], f"{where}, [representation]"),
            _settings(ENCODERS, table["encoder"], f"{where}, [encoder]"),
            _settings(DECODERS, table["decoder"], f"{where}, [decoder]"),
            table["z"],
            labels.check(table.get("labels", ()), where),
        )

    def to_table(self) -> dict[str, Any]:
        return {
            "family": "music",
            "representation": self.representation.to_config(),
            "encoder": {"kind": _kind(ENCODERS, self.encoder), **to_table(self.encoder)},
            "decoder": {"kind": _kind(DECODERS, self.decoder), **to_table(self.decoder)},
            "z": self.z,
            **({"labels": list(self.labels)} if self.labels else {}),
        }

    def build(self) -> VAE:
        """A freshly initialised model: each half is built from what a step is, how many steps there are,
        the size of z, and what a step of control is.

        Raises:
            ConfigError: its sizes contradict each other.
        """
        r = self.representation
        sizes = (r.step, r.steps, self.z, labels.step(r.control, self.labels))
        try:
            return VAE(self.encoder.build(*sizes), self.decoder.build(*sizes))
        except (ValueError, RuntimeError, LookupError, ArithmeticError) as error:  # a size of 0, say
            raise ConfigError(f"the model's sizes make no sense: {str(error)[:200]}") from error


def _representation(table: Any, where: str) -> Representation:
    if not isinstance(table, dict):
        raise ConfigError(f"{where} must be a table of settings, not {shown(table)}")
    try:
        return representations.from_config(table)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    except (TypeError, ValueError, AttributeError, OverflowError) as error:
        raise ConfigError(f"{where}: a setting is of the wrong type ({error})") from error


def _settings(kinds: dict[str, type], table: Any, where: str) -> Any:
    if not isinstance(table, dict):
        raise ConfigError(f"{where} must be a table of settings, not {shown(table)}")
    kind = table.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        raise ConfigError(f"{where}: kind is {shown(kind)}; it can be {', '.join(kinds)}")
    settings = from_table(kinds[kind], {k: v for k, v in table.items() if k != "kind"}, where)
    for field in fields(settings):  # all are sizes, or lists of them, but for words
        value, least = getattr(settings, field.name), 0 if field.default == 0 else 1
        largest = MOST_LAYERS if field.name == "layers" else LARGEST
        if isinstance(value, tuple) and len(value) > MOST_LAYERS:
            raise ConfigError(f"{where}: '{field.name}' has {len(value)} entries; {MOST_LAYERS} are the most")
        for size in value if isinstance(value, tuple) else (value,):
            if type(size) is int and not least <= size <= largest:
                must = f"must be at least {least}, at most {largest}"
                raise ConfigError(f"{where}: '{field.name}' is {shown(size)}; it {must}")
    return settings


def _kind(kinds: dict[str, type], settings: Any) -> str:
    return next(name for name, cls in kinds.items() if isinstance(settings, cls))
