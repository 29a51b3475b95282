"""The signs of a line of ABC music: notes, bar lines, chords and what stands between them."""

from __future__ import annotations

import re

PASSES = r"[1-9](?:[,.\-]\s?[1-9])*(?!\d)"  # the numbers of an ending
LENGTH = r"(\d{0,4})(/*)(\d{0,4})"
# Every stretch between brackets is bounded, so that no line takes more than time in its length.
TOKEN = re.compile(
    rf"""
    (?P<space>[\s`\\$]+)
  | "(?P<quote>[^"]*)"?
  | \{{(?P<grace>[^}}]*)\}}?
  | !(?P<mark>[^!|\[\]]{{0,80}})!
  | \+(?P<oldmark>[a-zA-Z.<>()]{{1,40}})\+
  | \[(?P<field>[A-Za-z]):(?P<value>[^\]]{{0,400}})\]
  | \[(?P<ending>{PASSES})
  | (?P<bar>(?::*\[?\|+\]?:*|::+|\|?\]:*|:+(?=\s*$)|\[\|))(?:\s?(?P<pass>{PASSES}))?
  | \[(?P<chord>[^\]|:]{{0,200}})\]{LENGTH}(?P<chordtie>-?)
  | \((?P<tuplet>\d)(?::(?P<into>\d?))?(?::(?P<over>\d{{0,3}}))?
  | (?P<accidental>\^\^?|__?|=)?(?P<note>[A-Ga-g])(?P<octave>[,']*){LENGTH}(?P<tie>-?)
  | (?P<rest>[zx]){LENGTH}
  | (?P<bars>[ZX])(\d{{0,3}})
  | (?P<loose>{PASSES})
  | (?P<colon>:)
  | (?P<broken>>+|<+)
  | (?P<latetie>-)
  | (?P<overlay>&+)
  | (?P<skip>[()~.*;,'H-Wh-wy@\#?]\d?)
  | (?P<odd>.)
    """,
    re.VERBOSE,
)
GROUP = TOKEN.groupindex
CHORD_NOTE = re.compile(rf"(\^\^?|__?|=)?([A-Ga-g])([,']*){LENGTH}(-?)")
BESIDE = re.compile(  # what may stand among the notes of a chord
    r'"(?P<quote>[^"]*)"|![^!]*!|\+[a-zA-Z.<>()]+\+|\{[^}]*\}'
)
JUMP = re.compile(
    r"\bd\.\s?[cs]\b|\bd[cs] al\b|\bda\s?(?:capo|coda)\b|\bdal\s?segno\b|\bto\s?coda\b", re.IGNORECASE
)
