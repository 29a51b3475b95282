"""ABC line by line: the tunes of a book, and what the fields of a tune say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from musicvae_lite.music.barring import FINE
from musicvae_lite.music.score import MOST_FIFTHS, Meter, spelt

FIFTHS = {"C": 0, "D": 2, "E": 4, "F": -1, "G": 1, "A": 3, "B": 5}
MODES = {"maj": 0, "ion": 0, "min": -3, "aeo": -3, "mix": -1, "dor": -2, "phr": -4, "lyd": 1, "loc": -5}
MINOR_THIRD = {MODES[name] for name in ("min", "dor", "phr", "loc")}
LINE_END = re.compile(r"\r\n|\r|\n")  # no other sign ends a line of ABC
SETTING = re.compile(r'(?<!\S)[a-z-]{2,20}=(?:"[^"]*"|\S*)')  # beside a key: middle=D, clef=bass
NAMED_KEY = re.compile(r"([A-G])([#b]?)\s*([A-Za-z]*)")
HEAD_FIELDS = "LMQRU"  # that hold for all tunes of a book
LONGEST_HEAD = 100  # lines
ACCIDENTALS = {"^": 1, "^^": 2, "_": -1, "__": -2, "=": 0}


def split(text: str) -> Iterator[list[str]]:
    """The tunes of a book: the lines of each, with the fields of the book's head before them."""
    head: list[str] = []
    current: list[str] | None = None
    in_body = False
    for line in LINE_END.split(text):
        if line[:1] == "X" and line[1:].lstrip()[:1] == ":":
            if current is not None and _has_key(current):
                yield current
            current, in_body = list(head), False
        if current is None:
            if line[:1] in HEAD_FIELDS and line[1:2] == ":" and len(head) < LONGEST_HEAD:
                head.append(line)
            elif line[:1] in "KT" and line[1:2] == ":":  # a lone tune without a number
                current = list(head)
        if current is None:
            continue
        if not line or line.isspace():
            if in_body:
                if _has_key(current):
                    yield current
                current, in_body = None, False
            continue
        in_body = in_body or line.startswith("K:")
        current.append(line)
    if current is not None and _has_key(current):
        yield current


def _has_key(tune: list[str]) -> bool:
    return any(re.match(r"\s*K\s*:", line) for line in tune)


def passes_of(text: str) -> tuple[int, ...]:
    """ "1", "1,3", "1-3" as the passes they name."""
    found: list[int] = []
    for part in re.split(r"[,.]", text):
        ends = [int(number) for number in re.findall(r"\d+", part)[:2]]
        if ends:
            found += range(ends[0], min(ends[-1], ends[0] + 16) + 1)
    return tuple(found)


def meter_of(value: str, before: Meter | None) -> Meter | None:
    value = value.strip()
    if value.startswith("C|"):
        return Meter(2, 2)
    if value[:1] == "C":
        return Meter(4, 4)
    found = re.match(r"\(?(\d{1,2}(?:\s*\+\s*\d{1,2})*)\)?\s*/\s*(1|2|4|8|16|32)(?!\d)", value)
    if found:
        count = sum(int(number) for number in re.findall(r"\d+", found[1]))
        return Meter(count, int(found[2])) if 0 < count < 256 else before
    return None if value.lower().startswith("none") or not value else before


def tempo_of(value: str, plain: int) -> float | None:
    """Quarters a minute of a tempo such as "1/4=120"; None where it says none that can be.

    Args:
        plain: length of a note without a number, fine units, for a tempo such as "120".
    """
    value = re.sub(r'"[^"]*"', "", value).strip()
    found = re.match(r"((?:\d{1,3}/\d{1,3}\s*){1,4})=\s*(\d{1,4})", value)
    if found:
        beats = [fraction.split("/") for fraction in found[1].split()]
        beat = sum(4 * FINE * int(over) / max(int(under), 1) for over, under in beats)
        rate = int(found[2])
    else:
        found = re.match(r"(?:C(\d{0,3})\s*=\s*)?(\d{1,4})", value)
        if not found:
            return None
        beat, rate = plain * int(found[1] or 1), int(found[2])
    qpm = rate * beat / FINE
    return qpm if 5 <= qpm <= 1000 else None


def key_of(value: str, before: dict[str, int]) -> dict[str, int]:
    """Alterations by letter, in semitones, of a key such as "G", "F#m", "A dorian" or "D ^c"."""
    if re.match(r"H[pP]", value):
        return {"F": 1, "C": 1}
    found = NAMED_KEY.match(value)
    key: dict[str, int] = {}
    if found:
        fifths = _fifths(found)
        for i in range(min(abs(fifths), 14)):
            letter = "FCGDAEB"[i % 7] if fifths > 0 else "BEADGCF"[i % 7]
            key[letter] = key.get(letter, 0) + (1 if fifths > 0 else -1)
        if found[3][:3].lower() == "exp":
            key = {}
    elif not re.match(r"(none\b|[\^_=]|$)", value, re.IGNORECASE):
        return before  # a clef, say
    for sign, letter in re.findall(r"(\^\^?|__?|=)([A-Ga-g])(?![a-z])", SETTING.sub("", value)):
        key[letter.upper()] = ACCIDENTALS[sign]
    return key


def shift_of(value: str, before: int) -> int:
    """Semitones from written to sounding that a key field states by transpose and octave, else as before."""
    semitones, octaves = (
        re.search(rf"\b{name}\s*=\s*([+-]?\d{{1,2}})(?!\d)", value) for name in ("transpose", "octave")
    )
    if semitones is None and octaves is None:
        return before
    return int(semitones[1] if semitones else 0) + 12 * int(octaves[1] if octaves else 0)


def signature_of(value: str, shift: int = 0) -> tuple[int, bool] | None:
    """Sharps (flats below 0) of a named key as it sounds `shift` semitones higher than written, and whether
    its third is minor; None without a name."""
    found = NAMED_KEY.match(value)
    if not found or found[3][:3].lower() == "exp":
        return None
    fifths = _fifths(found) + (7 * shift if shift % 12 else 0)
    return fifths if abs(fifths) <= MOST_FIFTHS else spelt(fifths), _mode(found[3]) in MINOR_THIRD


def _fifths(named: re.Match) -> int:
    """Sharps of a key that `NAMED_KEY` matched."""
    return FIFTHS[named[1]] + {"#": 7, "b": -7, "": 0}[named[2]] + _mode(named[3])


def _mode(name: str) -> int:
    """Sharps that a mode has more than major, 0 for what is none."""
    if len(name) > 2:
        return MODES.get(name[:3].lower(), 0)
    return MODES["min"] if name in ("m", "M") else 0
