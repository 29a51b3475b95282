"""From a config to a model: which encoder and decoder a table names, and their settings."""

from __future__ import annotations

from dataclasses import Field, dataclass
from typing import Any

from musicvae_lite.errors import ConfigError, shown
from musicvae_lite.models import decoders, encoders, labels
from musicvae_lite.models.kinds import LARGEST, of_kind, table_of
from musicvae_lite.models.stock.decoders import StockDecoderSettings
from musicvae_lite.models.stock.encoders import StockEncoderSettings
from musicvae_lite.music import representations
from musicvae_lite.music.representations.base import Representation
from musicvae_lite.vae import VAE

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
            raise ConfigError(
                f"{where}: 'z' must be a whole number above 0, at most {LARGEST:,}, not {shown(table['z'])}"
            )
        return cls(
            _representation(table["representation"], f"{where}, [representation]"),
            of_kind(ENCODERS, table["encoder"], f"{where}, [encoder]", _fault),
            of_kind(DECODERS, table["decoder"], f"{where}, [decoder]", _fault),
            table["z"],
            labels.check(table.get("labels", ()), where),
        )

    def to_table(self) -> dict[str, Any]:
        return {
            "family": "music",
            "representation": self.representation.to_config(),
            "encoder": table_of(ENCODERS, self.encoder),
            "decoder": table_of(DECODERS, self.decoder),
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


def _fault(field: Field, value: Any, largest: int, is_list: bool) -> str:
    """Whole numbers are sizes, others are shares and weights; all else is words."""
    least = 0 if type(value) is float or field.default == 0 else 1
    if type(value) not in (int, float) or least <= value <= largest:
        return ""
    return f"is {shown(value)}; it must be at least {least}, at most {largest:,}"
