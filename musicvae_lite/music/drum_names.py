"""What the drums of General MIDI are called, and their order, from the kick up to the cymbals."""

from __future__ import annotations

from collections.abc import Iterable

NAMES = {
    35: "kick 2", 36: "kick",
    38: "snare", 40: "snare 2", 37: "side stick", 39: "clap",
    41: "floor tom", 43: "high floor tom", 45: "low tom", 47: "low-mid tom", 48: "high-mid tom",
    50: "high tom",
    42: "closed hat", 22: "closed hat edge", 44: "pedal hat", 46: "open hat", 26: "open hat edge",
    51: "ride", 53: "ride bell", 59: "ride 2",
    49: "crash", 57: "crash 2", 52: "china", 55: "splash",
    54: "tambourine", 56: "cowbell", 58: "vibraslap", 60: "high bongo", 61: "low bongo",
    62: "muted conga", 63: "open conga", 64: "low conga", 65: "high timbale", 66: "low timbale",
    67: "high agogo", 68: "low agogo", 69: "cabasa", 70: "maracas", 71: "short whistle", 72: "long whistle",
    73: "short guiro", 74: "long guiro", 75: "claves", 76: "high block", 77: "low block",
    78: "muted cuica", 79: "open cuica", 80: "muted triangle", 81: "open triangle",
}  # fmt: skip
PLACE = {pitch: place for place, pitch in enumerate(NAMES)}


def ordered(pitches: Iterable[int]) -> list[int]:
    """Drums, as MIDI pitches, from the lowest lane upwards; those without a name above all others."""
    return sorted(pitches, key=lambda pitch: (PLACE.get(pitch, len(PLACE)), pitch))


def name(pitch: int) -> str:
    """What General MIDI calls a drum, in a word or two; the number where it has no name."""
    return NAMES.get(pitch, str(pitch))
