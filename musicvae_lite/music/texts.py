"""Names and titles as files of music hold them: bytes of some alphabet, and what of them can be shown."""

from __future__ import annotations

import codecs
import re

LONGEST = 1000  # bytes
_BREAKS = re.compile(r"[\t\n\v\f\r]+")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_NO_LETTERS = re.compile(rb"[\x80-\x9f]")  # in Latin-1; in Shift-JIS nearly all letters begin with one
# A kana, or two kanji that do not stand in a word of Latin letters, as one beside an apostrophe seems to.
_JAPANESE = re.compile(r"[ぁ-んァ-ヶ]|(?<![A-Za-z])[一-龠]{2}(?![A-Za-z])")


def read(raw: bytes) -> str:
    """Text of a file that does not say in which alphabet: UTF-8 where it can be that, else as files of old.

    These are in Shift-JIS where that gives Japanese letters, else in Windows-1252 or Latin-1. A very long
    text is cut; control characters are left out.
    """
    part, is_whole = raw[:LONGEST], len(raw) <= LONGEST
    text = _decoded(part, "utf-8", is_whole)
    if text is None and _NO_LETTERS.search(part):
        text = _decoded(part, "cp932", is_whole)
        text = text if text and _JAPANESE.search(text) else _decoded(part, "cp1252", is_whole)
    return printable(part.decode("latin-1") if text is None else text)


def printable(text: str) -> str:
    """A text in one line, without control characters and without blanks at its ends."""
    return _CONTROLS.sub("", _BREAKS.sub(" ", text)).strip()


def _decoded(raw: bytes, alphabet: str, is_whole: bool) -> str | None:
    """None for what is not of that alphabet; a letter that a cut has parted is left out."""
    try:
        return codecs.getincrementaldecoder(alphabet)().decode(raw, final=is_whole)
    except UnicodeDecodeError:
        return None
