"""What single MusicXML elements say: numbers, keys, chords, jumps, strokes of drums."""

from __future__ import annotations

import math
from xml.etree.ElementTree import Element

from musicvae_lite.music.abc_tokens import JUMP
from musicvae_lite.music.pitches import LETTERS, ROOTS
from musicvae_lite.music.score import MOST_FIFTHS, spelt

KINDS = {
    "major": "", "minor": "m", "augmented": "+", "diminished": "dim", "dominant": "7",
    "major-seventh": "maj7", "minor-seventh": "m7", "diminished-seventh": "dim7",
    "augmented-seventh": "+7", "half-diminished": "m7b5", "major-minor": "m(maj7)",
    "major-sixth": "6", "minor-sixth": "m6", "dominant-ninth": "9", "major-ninth": "maj9",
    "minor-ninth": "m9", "dominant-11th": "11", "major-11th": "maj11", "minor-11th": "m11",
    "dominant-13th": "13", "major-13th": "maj13", "minor-13th": "m13", "suspended-second": "sus2",
    "suspended-fourth": "sus4", "power": "5",
}  # fmt: skip
MINOR_THIRD = ("minor", "dorian", "phrygian", "aeolian", "locrian")  # modes that have one
MOST_DEGREES = 8  # of a chord
JUMPS = ("dacapo", "dalsegno", "tocoda")


def number_of(text: str | None, default: float) -> float:
    try:
        value = float(text) if text else default
    except ValueError:
        return default
    return value if math.isfinite(value) else default


def stroke(instrument: Element) -> tuple[str | None, int | None]:
    """The name of a MIDI instrument, and the MIDI pitch of its strokes where it states one."""
    pitch = int(number_of(instrument.findtext("midi-unpitched"), 0)) - 1
    return instrument.get("id"), pitch if 0 <= pitch < 128 else None


def has_percussion_clefs(part: Element) -> bool:
    """Whether a part has clefs, all of which are those of percussion."""
    return {(clef.findtext("sign") or "").strip() for clef in part.iter("clef")} == {"percussion"}


def jumps(direction: Element, sound: Element | None) -> bool:
    """Whether a direction leads elsewhere: by its sound, or in words such as D.S. al Coda."""
    if sound is not None and any(sound.get(jump) for jump in JUMPS):
        return True
    return any(JUMP.search(words.text or "") for words in direction.iterfind("direction-type/words"))


def sound_offset(direction: Element, sound: Element | None) -> float:
    """Divisions by which what a direction says takes effect behind its place; one of print alone is none."""
    own = None if sound is None else sound.find("offset")
    printed = direction.find("offset") if own is None else None
    if printed is not None and printed.get("sound") == "yes":
        own = printed
    return 0.0 if own is None else number_of(own.text, 0)


def signature(key: Element, shift: int) -> tuple[int, bool] | None:
    """Sharps of a key as it sounds, and whether it is minor; None where none can be read."""
    written = number_of(key.findtext("fifths"), math.inf)
    if abs(written) > MOST_FIFTHS:
        return None
    fifths = int(written)
    return spelt(fifths + 7 * shift) if shift % 12 else fifths, (
        key.findtext("mode") or ""
    ).strip() in MINOR_THIRD


def chord_symbol(harmony: Element, shift: int = 0) -> str:
    """A harmony element as musicians write it: Bb7, F#m7b5, C/E, N.C."""
    kind = (harmony.findtext("kind") or "").strip()
    if kind == "none":
        return "N.C."
    root = _chord_note(harmony, "root", shift)
    if not root:
        return ""
    element = harmony.find("kind")
    written = (element.get("text") or "").strip() if element is not None else ""
    symbol = root + KINDS.get(kind, written if kind == "other" else "")
    for degree in harmony.findall("degree")[:MOST_DEGREES]:
        if kind.startswith("suspended") and degree.findtext("degree-value") == "7":
            symbol = root + "7" + KINDS[kind]
            continue
        value = int(number_of(degree.findtext("degree-value"), 0))
        alter = int(number_of(degree.findtext("degree-alter"), 0))
        how = (degree.findtext("degree-type") or "").strip()
        sign = {1: "#", -1: "b"}.get(alter, "")
        prefix = {"subtract": "no", "add": "" if sign else "add"}.get(how, "")
        symbol += f"{prefix}{'' if how == 'subtract' else sign}{value}" if value else ""
    bass = _chord_note(harmony, "bass", shift)
    return f"{symbol}/{bass}" if bass else symbol


def _chord_note(harmony: Element, name: str, shift: int) -> str:
    step = (harmony.findtext(f"{name}/{name}-step") or "").strip()
    alter = int(number_of(harmony.findtext(f"{name}/{name}-alter"), 0))
    if step not in LETTERS:
        return ""
    if shift % 12 or abs(alter) > 1:
        return ROOTS[(LETTERS[step] + alter + shift) % 12]
    return step + {1: "#", -1: "b"}.get(alter, "")
