"""What a request says, checked field by field before a model sees it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any

import numpy as np

from musicvae_lite.errors import ConfigError

FORMATS = {"mid": "audio/midi", "wav": "audio/wav", "flac": "audio/flac", "ogg": "audio/ogg"}  # of downloads
MAX_SIZE = 4096  # numbers of a code
MAX_CHORDS = 400  # characters
MOST_OF_ONE = 3.0  # standard deviations of an attribute


@dataclass(frozen=True)
class Ask:
    """One take that the page wants to see and hear.

    Attributes:
        model: a name of the shipped or imported models.
        corners: float32 [1, Z] or [4, Z]: a code, or the pad's corners from top left to bottom right.
        x, y: where the dot stands on the pad, 0..1 from the top left.
        temperature, seed, chords: as `MusicVAE.decode` takes them.
        qpm, program: how it is played.
        attributes: how much of each is added to the code.
    """

    model: str
    corners: np.ndarray
    x: float
    y: float
    temperature: float
    seed: int
    chords: str | None
    qpm: float
    program: int
    attributes: dict[str, float]

    @classmethod
    def parse(cls, table: Any) -> Ask:
        """Reads an ask from JSON. Raises ConfigError that names the field."""
        if not isinstance(table, dict):
            raise ConfigError("a request must be a JSON object")
        corners = table.get("corners")
        if not isinstance(corners, list) or len(corners) not in (1, 4):
            raise ConfigError("'corners' must hold one code or four")
        codes = [unpacked(code) for code in corners]
        if len({len(code) for code in codes}) != 1:
            raise ConfigError("'corners' holds codes of different sizes")
        chords = table.get("chords") or None
        if chords is not None and (not isinstance(chords, str) or len(chords) > MAX_CHORDS):
            raise ConfigError(f"'chords' must be a line of at most {MAX_CHORDS} characters")
        return cls(
            name(table),
            np.stack(codes),
            number(table, "x", 0.0, 0, 1),
            number(table, "y", 0.0, 0, 1),
            number(table, "temperature", 0.0, 0, 4),
            int(number(table, "seed", 0, 0, 2**31)),
            chords,
            number(table, "qpm", 120, 30, 300),
            int(number(table, "program", 0, 0, 127)),
            _attributes(table.get("attributes") or {}),
        )


def name(table: dict[str, Any]) -> str:
    """The model a request names; whether there is one is the band's to say."""
    model = table.get("model")
    if not isinstance(model, str):
        raise ConfigError("'model' must be a name")
    return model[:100]


def number(table: dict[str, Any], field: str, default: float, low: float, high: float) -> float:
    """A number of a request. Raises ConfigError outside low..high."""
    value = table.get(field, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise ConfigError(f"'{field}' must be a number")
    if not low <= value <= high:
        raise ConfigError(f"'{field}' is {str(value)[:20]}; it must be {low:g} to {high:g}")
    return float(value)


def _attributes(table: Any) -> dict[str, float]:
    """Amounts by name, those of 0 left out; whether the model has such vectors is the band's to say."""
    if not isinstance(table, dict) or len(table) > 50:
        raise ConfigError("'attributes' must be a few amounts by name")
    amounts = {name: number(table, name, 0, -MOST_OF_ONE, MOST_OF_ONE) for name in table}
    return {name: amount for name, amount in amounts.items() if amount}


def packed(code: np.ndarray) -> str:
    """A code [Z] as text for an address: float16 in URL-safe base64."""
    return base64.urlsafe_b64encode(np.asarray(code, "<f2").tobytes()).decode().rstrip("=")


def unpacked(text: Any) -> np.ndarray:
    """The code float32 [Z] of `packed`. Raises ConfigError."""
    if not isinstance(text, str) or len(text) > MAX_SIZE * 3:
        raise ConfigError("a code must be text as the studio writes it")
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise ConfigError("a code in this address is damaged: it is not base64") from error
    if not raw or len(raw) % 2:
        raise ConfigError("a code in this address is damaged: a part of it is missing")
    code = np.frombuffer(raw, "<f2").astype(np.float32)
    if not np.isfinite(code).all():
        raise ConfigError("a code in this address holds values that are infinite or no numbers")
    return code
