"""What drums are called, by General MIDI and by names of tracks, and their order, from the kick up."""

from __future__ import annotations

import re
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
# What a track of a single drum is called, and which pitches such a drum has, the usual one first.
_SINGLE = {
    r"(?:kick|bass) ?drums?|kicks?": (36, 35),
    r"snare ?drums?|snares?": (38, 40, 37),
    r"rim ?shots?|rims?|side ?sticks?": (37,),
    r"(?:hand ?)?claps?": (39,),
    r"open (?:hi)?[ -]?hats?|(?:hi)?[ -]?hats? open": (46, 26),
    r"(?:closed )?(?:hi)?[ -]?hats?": (42, 22, 44, 46, 26),
    r"rides?(?: cymbals?)?": (51, 53, 59),
    r"crash(?:es)?(?: cymbals?)?|cymbals?": (49, 57, 52, 55),
    r"(?:floor )?tom(?:[ -]?tom)?s?": (45, 41, 43, 47, 48, 50),
    r"tambourines?": (54,),
    r"cow ?bells?": (56,),
    r"shakers?|maracas": (70, 69),
}
_WHOLE = {re.compile(rf"(?<![^\W\d_])(?:{words})(?![^\W\d_])", re.I): p for words, p in _SINGLE.items()}
_BESIDE = re.compile(
    r"[\W\d_]|(?<![^\W\d_])(?:hi|high|lo|low|mid|left|right|l|r|top|bottom|in|out|track|midi)(?![^\W\d_])",
    re.I,
)  # what else may stand in the name of a track of one drum
PLACE = {pitch: place for place, pitch in enumerate(NAMES)}


def ordered(pitches: Iterable[int]) -> list[int]:
    """Drums, as MIDI pitches, from the lowest lane upwards; those without a name above all others."""
    return sorted(pitches, key=lambda pitch: (PLACE.get(pitch, len(PLACE)), pitch))


def name(pitch: int) -> str:
    """What General MIDI calls a drum, in a word or two; the number where it has no name."""
    return NAMES.get(pitch, str(pitch))


def pitches_of(track_name: str) -> tuple[int, ...]:
    """The pitches of the drum that the name of a track says, the usual one first; none where it says none, or
    several."""
    found, _ = _said(track_name)
    return found[0] if len(found) == 1 else ()


def is_single(track_name: str) -> bool:
    """Whether a track is called one drum and nothing else, such as "Clap 2"; among drums it is one."""
    found, rest = _said(track_name)
    return len(found) == 1 and not _BESIDE.sub("", rest)


def _said(track_name: str) -> tuple[list[tuple[int, ...]], str]:
    """The drums that a name says, and what is left of it."""
    found = []
    for words, pitches in _WHOLE.items():
        track_name, count = words.subn(" ", track_name)
        found += [pitches] * bool(count)
    return found, track_name
