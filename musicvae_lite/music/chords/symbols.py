"""Chord symbols as musicians write them: Bb7, F#m7b5, G+, Co7, Cø7, C^7, C7(#9), C6/9, C/E, N.C.

A symbol is read from left to right: a root, then words and numbers that change the chord so far, then a
bass. There is no standard; where one sign has several uses, its place decides:

- `-` before a number other than 5 is minor (C-7), else it flattens that number (C7-9, C-5).
- `+` alone or before 7 is augmented (C+, C+7), else it sharpens the number (C7+9).
- `M`, `maj`, `^`, `Δ` before a number, or `^` and `Δ` alone, raise the seventh; `M` and `maj` alone do not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from musicvae_lite.errors import ConfigError
from musicvae_lite.music.pitches import LETTERS

SIGNS = {"#": 1, "♯": 1, "b": -1, "♭": -1, "x": 2, "𝄪": 2, "𝄫": -2, "♮": 0}
LONGEST = 40  # characters

_SILENT = re.compile(r"n\.?\s?c\.?|n|none|no\s?chord|tacet|x", re.I)
_NOTE = r"([A-Ga-g])((?:[#b♯♭𝄪𝄫♮]|x(?!\w)){0,2})"
_ROOT = re.compile(_NOTE.replace("A-Ga-g", "A-G"))
_BASS = re.compile(rf"/\s*{_NOTE}\s*$")
_DEGREES = {2: 14, 3: 4, 4: 17, 5: 7, 6: 9, 7: 10, 9: 14, 10: 16, 11: 17, 12: 19, 13: 21}
_NUMBER = r"(?P<number>13|12|11|10|[2-7]|9)"
_TOKEN = re.compile(
    rf"""(?P<six_nine>6\s?/?\s?9|69)
    | (?P<alt>alt(?:ered)?)
    | (?:add|\(add)\s?(?P<add>[b♭\#♯]?(?:13|11|10|9|[2-7]))
    | (?:no|omit)\s?(?P<no>13|11|9|7|5|3|1)(?:rd|th)?
    | (?P<sus>sus(?:pended)?\s?(?P<sus_by>2\s?/?\s?4|4\s?/?\s?2|24|42|2|4)?)
    | (?P<half>ø7?|Ø7?|half-?dim(?:inished)?7?|h(?=7|$))
    | (?P<dim>dim(?:inished)?\.?|o(?!m)|°|º)
    | (?P<aug>aug(?:mented)?\.?)
    | (?P<sharp>\#|♯|\+(?=(?:5|9|11|13)(?!\d))) (?P<sharpened>13|11|9|6|5|4|2)
    | (?P<plus>\+)
    | (?P<triangle>\^|Δ|∆|△)
    | (?P<major>maj(?:or)?\.?|Maj(?:or)?\.?|MAJ|ma(?!r)|Ma|MA|M|j(?=7|9|11|13|$))
    | (?P<minor>min(?:or)?\.?|Min(?:or)?\.?|MIN|mi|Mi|m)
    | (?P<flat>b|♭) (?P<flattened>13|11|10|9|7|6|5|4|3|2)
    | (?P<dash>-)
    | (?P<dom>dom\.?)
    | {_NUMBER}
    | (?P<skip>[\s(),\[\]:.]|/(?=\s?[\dMm\#b+-]))
    """,
    re.X,
)


@dataclass(frozen=True)
class ChordSymbol:
    """What a symbol says.

    Attributes:
        root: pitch class 0 (C) to 11; -1 for no chord.
        intervals: pitch classes above the root, ascending, the root among them; () for no chord.
        bass: pitch class of the lowest note; the root's unless the symbol names another; -1 for no chord.
        triad: "major", "minor", "augmented" or "diminished": what the symbol is closest to; "" for no chord.
    """

    root: int
    intervals: tuple[int, ...]
    bass: int
    triad: str

    @property
    def pitch_classes(self) -> tuple[int, ...]:
        """Ascending from C, the bass among them."""
        if self.root < 0:
            return ()
        return tuple(sorted({(self.root + i) % 12 for i in self.intervals} | {self.bass}))


SILENCE = ChordSymbol(-1, (), -1, "")


@lru_cache(maxsize=4096)
def parse(symbol: str) -> ChordSymbol:
    """Reads a chord symbol.

    Raises:
        ConfigError: it is none, saying from which character on.
    """
    text = symbol.strip()
    if not text or _SILENT.fullmatch(text):
        return SILENCE
    root = _ROOT.match(text)
    if len(text) > LONGEST or not root:
        raise ConfigError(f"'{symbol}' is no chord symbol: it begins with a note name A to G, or is N.C.")
    body = text[root.end() :]
    base = _pitch_class(root[1], root[2])
    bass = base
    slash = _BASS.search(body)
    if slash:
        bass, body = _pitch_class(slash[1], slash[2]), body[: slash.start()]
    chord = _Chord()
    at = 0
    while at < len(body):
        token = _TOKEN.match(body, at)
        if not token or not chord.take(token):
            raise ConfigError(f"'{symbol}' is no chord symbol: '{body[at:]}' is not understood")
        at = token.end()
    return ChordSymbol(base, chord.intervals(), bass, chord.triad())


def is_symbol(text: str) -> bool:
    """Whether `parse` can read it."""
    try:
        parse(text)
    except ConfigError:
        return False
    return True


def _pitch_class(letter: str, signs: str) -> int:
    return (LETTERS[letter.upper()] + sum(SIGNS[sign] for sign in signs)) % 12


class _Chord:
    """A chord while its symbol is read."""

    def __init__(self) -> None:
        self.third: int | None = 4
        self.fifth: int | None = 7
        self.seventh: int | None = None
        self.more: dict[int, int] = {}  # degree -> interval
        self.major_seventh = False  # a seventh yet to come is a major one
        self.altered = False
        self.numbered = False
        self.diminished = False
        self.flat_next = False  # a "-" before a number

    def take(self, token: re.Match[str]) -> bool:
        """Applies one token; False when it makes no sense here."""
        kind = token.lastgroup
        groups = token.groupdict()
        if groups["number"]:
            return self._number(int(groups["number"]))
        if kind == "six_nine":
            self.more |= {6: 9, 9: 14}
        elif kind == "alt":
            self.seventh, self.fifth, self.altered = 10, 8, True
            self.more |= {-9: 13, 9: 15}
        elif groups["add"]:
            self._alter(groups["add"])
        elif groups["no"]:
            self._leave_out(int(groups["no"]))
        elif groups["sus"]:
            by = groups["sus_by"] or "4"
            self.third = None
            self.more |= ({2: 2} if "2" in by else {}) | ({4: 5} if "4" in by else {})
        elif groups["half"]:
            self.third, self.fifth, self.seventh = 3, 6, 10
        elif groups["dim"]:
            self.third, self.fifth, self.diminished = 3, 6, True
        elif groups["aug"] or groups["plus"]:
            self.fifth = 8
        elif groups["sharpened"]:
            self._alter("#" + groups["sharpened"])
        elif groups["flattened"]:
            self._alter("b" + groups["flattened"])
        elif groups["triangle"]:
            self.seventh, self.major_seventh = 11, True
        elif groups["major"]:
            self.major_seventh = True
        elif groups["minor"]:
            self.third = 3
        elif groups["dash"]:
            following = re.match(r"5|9|11|13|10", token.string[token.end() :])
            if following and (self.numbered or following[0] == "5"):
                self.numbered = True
                self.flat_next = True
            else:
                self.third = 3
        return True

    def _number(self, number: int) -> bool:
        if self.flat_next:
            self.flat_next = False
            self._alter(f"b{number}")
            return True
        self.numbered = True
        seventh = 11 if self.major_seventh else 9 if self.diminished else 10
        if number == 5:
            self.third = None
        elif number == 6:
            self.more[6] = 9
        elif number == 2:
            self.more[9] = 14
        elif number == 4:
            self.third = None
            self.more[4] = 5
        elif number in (7, 9, 11, 13):
            self.seventh = seventh
            if number >= 9:
                self.more.setdefault(9, 14)
            if number == 11:
                self.more[11] = 17
            if number == 13:
                self.more[13] = 21
        else:
            return False
        return True

    def _alter(self, degree: str) -> None:
        """A degree with or without a sign: "b9", "#5", "13"."""
        sign = {"b": -1, "♭": -1, "#": 1, "♯": 1}.get(degree[0], 0)
        number = int(degree.lstrip("b#♭♯"))
        interval = _DEGREES[number] + sign
        if number == 5 and sign:
            self.fifth = interval
        elif number == 3:
            self.third = interval
        elif number == 7:
            self.seventh = 10 if sign == 0 and not self.major_seventh else 11 + sign
        else:
            if sign:
                self.more.pop(number, None)  # of the ninth that a 13 brings, say
            self.more[number if sign >= 0 else -number] = interval

    def _leave_out(self, number: int) -> None:
        if number == 3:
            self.third = None
        elif number == 5:
            self.fifth = None
        elif number == 7:
            self.seventh = None
        self.more.pop(number, None)

    def intervals(self) -> tuple[int, ...]:
        degrees = [0, self.third, self.fifth, self.seventh, *self.more.values()]
        return tuple(sorted({degree % 12 for degree in degrees if degree is not None}))

    def triad(self) -> str:
        if self.third == 3:
            return "diminished" if self.fifth == 6 else "minor"
        return "augmented" if self.third == 4 and self.fifth == 8 and not self.altered else "major"
