"""Whether a MIDI track is sound, event by event: each has its status and all its data, within the track.

symusic takes this for granted; where it is not so, it writes outside its memory. The walk is made by regular
expressions, which takes about as long as symusic itself, a hundredth of what Python would.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

_DELTA = rb"[\x80-\xff]{0,3}+[\x00-\x7f]"
_PAIR, _SINGLE = rb"[\x00-\x7f]{2}", rb"[\x00-\x7f]"
# Every repetition has an end, as it takes memory for each turn; none of a group is possessive, which Pythons
# up to 3.11.4 get wrong.
_MORE_PAIRS, _MORE_SINGLES = (rb"(?:" + _DELTA + data + rb"){0,256}" for data in (_PAIR, _SINGLE))
FEW = 64  # bytes of plain messages; where there are no more, messages of all kinds are looked for


@cache
def _messages(strikes_of: int | None = None) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Messages of channels but for program changes: the plain ones alone, with a status and two more bytes,
    as most have, for they match four times as fast; and those of all kinds, each with as many more of its
    kind behind it as leave out their status.

    Args:
        strikes_of: the channel whose note-ons are left out too.
    """
    status = rb"[\x80-\xbf\xe0-\xef]"
    if strikes_of is not None:
        status = rb"(?!" + bytes([0x90 | strikes_of]) + rb")" + status
    plain = rb"(?:" + _DELTA + status + _PAIR + rb"){0,256}"
    of_all_kinds = (
        rb"(?:" + _DELTA + rb"(?:"
        rb"(" + status + rb")" + _PAIR + _MORE_PAIRS + rb"|([\xd0-\xdf])" + _SINGLE + _MORE_SINGLES
        + rb")){0,64}"
    )  # fmt: skip
    return re.compile(plain), re.compile(of_all_kinds)


_MORE = {1: re.compile(_MORE_PAIRS), 2: re.compile(_MORE_SINGLES)}  # by the group of the last status
_PROGRAM = re.compile(_DELTA + rb"([\xc0-\xcf])" + _SINGLE + _MORE_SINGLES)
# A meta event (its kind, its length) or an exclusive message (its length); what it says lies behind. The rest
# of an exclusive message, F7, is none of these: symusic takes its length for the next event.
_OTHER = re.compile(_DELTA + rb"(?:\xff([\x00-\x7f])|\xf0)([\x80-\xff]{0,3}+[\x00-\x7f])")
END = 0x2F
LEAST = {0x51: 3, 0x54: 5, 0x58: 4, 0x59: 2, END: 0}  # bytes that events of some kinds must have


def is_sound(
    data: bytes, begin: int, end: int, programs: dict[int, list[tuple[int, int]]] | None = None
) -> bool:
    """Whether data[begin:end] is a track of whole events, the last of which, and no other, ends it.

    Args:
        programs: takes by channel the places at which programs are set, in order, and the programs; of
            several behind one status the last.
    """
    at = begin
    while True:
        at = _behind_messages(data, at, end)
        if change := _PROGRAM.match(data, at, end):
            at = _behind_all(_MORE[2], data, change.end(), end)
            if programs is not None:
                programs.setdefault(change[1][0] & 15, []).append((change.start(1), data[at - 1]))
            continue
        kind, at = _behind_other(data, at, end)
        if kind is None:
            return False
        if kind == END:
            return at == end


def first_strike(data: bytes, begin: int, end: int, channel: int) -> int:
    """Where the first note-on of a channel stands in data[begin:end], which is sound or the start of a sound
    track; -1 where there is none.
    """
    status = bytes([0x90 | channel])
    if data.find(status, begin, end) < 0:
        return -1
    strike, at = re.compile(_DELTA + status), begin
    while True:
        at = _behind_messages(data, at, end, channel)
        if found := strike.match(data, at, end):
            return found.end() - 1
        if change := _PROGRAM.match(data, at, end):
            at = _behind_all(_MORE[2], data, change.end(), end)
            continue
        kind, at = _behind_other(data, at, end)
        if kind is None:
            return -1


def _behind_other(data: bytes, at: int, end: int) -> tuple[int | None, int]:
    """The kind of a meta event at `at` (-1 for an exclusive message), None where there is no whole one, and
    where it ends.
    """
    found = _OTHER.match(data, at, end)
    if found is None:
        return None, at
    length = 0
    for byte in found[2]:
        length = length << 7 | byte & 0x7F
    kind = found[1][0] if found[1] else -1
    at = found.end() + length
    return (None if at > end or length < LEAST.get(kind, 0) else kind), at


def _behind_messages(data: bytes, at: int, end: int, strikes_of: int | None = None) -> int:
    """Where the messages of channels that begin at `at` end, or one strikes a note of a channel."""
    plain, of_all_kinds = _messages(strikes_of)
    found: Any
    while True:
        found, kind = plain.match(data, at, end), 1
        if found.end() - at < FEW:
            found = of_all_kinds.match(data, at, end)
            if found.end() == at:
                return at
            kind = found.lastindex
        at = _behind_all(_MORE[kind], data, found.end(), end)


def _behind_all(more: re.Pattern[bytes], data: bytes, at: int, end: int) -> int:
    """Where the messages that leave out their status end."""
    before = -1
    while at > before:
        before, at = at, more.match(data, at, end).end()  # type: ignore[union-attr]
    return at
