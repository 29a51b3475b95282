"""Whether a MIDI track is sound, event by event: each has its status and all its data, within the track.

symusic takes this for granted; where it is not so, it writes outside its memory. The walk is made by regular
expressions, which takes about as long as symusic itself, a hundredth of what Python would.
"""

from __future__ import annotations

import re

_DELTA = rb"[\x80-\xff]{0,3}+[\x00-\x7f]"
_PAIR, _SINGLE = rb"[\x00-\x7f]{2}", rb"[\x00-\x7f]"
# Messages of channels, each with as many more of its kind behind it as leave out their status.
_MESSAGES = re.compile(
    rb"(?:" + _DELTA + rb"(?:"
    rb"[\x80-\xbf\xe0-\xef]" + _PAIR + rb"(?:" + _DELTA + _PAIR + rb")*+"
    rb"|[\xc0-\xdf]" + _SINGLE + rb"(?:" + _DELTA + _SINGLE + rb")*+"
    rb"))*+"
)  # fmt: skip
# A meta event (its kind, its length) or an exclusive message (its length); what it says lies behind.
_OTHER = re.compile(_DELTA + rb"(?:\xff([\x00-\x7f])|[\xf0\xf7])([\x80-\xff]{0,3}+[\x00-\x7f])")
END = 0x2F
LEAST = {0x51: 3, 0x54: 5, 0x58: 4, 0x59: 2, END: 0}  # bytes that events of some kinds must have


def is_sound(data: bytes, begin: int, end: int) -> bool:
    """Whether data[begin:end] is a track of whole events, the last of which, and no other, ends it."""
    at = begin
    while True:
        at = _MESSAGES.match(data, at, end).end()  # type: ignore[union-attr]
        found = _OTHER.match(data, at, end)
        if found is None:
            return False
        length = 0
        for byte in found[2]:
            length = length << 7 | byte & 0x7F
        kind = found[1][0] if found[1] else -1
        at = found.end() + length
        if at > end or length < LEAST.get(kind, 0):
            return False
        if kind == END:
            return at == end
