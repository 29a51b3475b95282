"""ABC tunes (abcnotation.com, standard 2.1, and the older habits of large tune books).

Reads the first voice: notes, keys and modes, accidentals, broken rhythm, tuplets, ties, repeats
with endings, parts in their order, overlays of a bar, chord symbols, fields within the tune. Grace
notes, decorations, lyrics and layout are left out. Jumps (D.C., D.S.) are not played; a warning says so.
"""

from __future__ import annotations

import re

from musicvae_lite.music.abc_fields import (
    ACCIDENTALS,
    key_of,
    meter_of,
    passes_of,
    shift_of,
    signature_of,
    tempo_of,
)
from musicvae_lite.music.abc_parts import Parts
from musicvae_lite.music.abc_symbols import symbol_of
from musicvae_lite.music.abc_tokens import BESIDE, CHORD_NOTE, GROUP, JUMP, TOKEN
from musicvae_lite.music.barring import FINE, Bar, Note, play
from musicvae_lite.music.files import Limits
from musicvae_lite.music.pitches import LETTERS
from musicvae_lite.music.score import Meter, Score, Track

WHOLE = 4 * FINE
BODY_FIELDS = "IKLMNPQRSTUVWXZmrsw"  # none of them names a note, so a line tells fields from music


def read_tune(lines: list[str], source: str, limits: Limits) -> Score:
    """The score of one tune. Raises ReadError where it exceeds the limits."""
    limits.check("characters", sum(map(len, lines)), limits.max_events, source)
    reader = _Tune(source, limits)
    for line in lines:
        reader.line(line)
    reader.close()
    track = Track("", reader.program)
    arranged = reader.parts.arranged(len(reader.bars), source, limits)
    return play(reader.bars, [track], reader.title, source, limits, reader.warnings(), arranged)


class _Tune:
    """Walks through a tune, line by line, and fills bars."""

    def __init__(self, source: str, limits: Limits) -> None:
        self.source, self.limits, self.count = source, limits, 0
        self.title, self.program = "", 0
        self.meter: Meter | None = Meter()
        self.unit: int | None = None  # length of a plain note, fine units; None: that of the head's meter
        self.tempo: float | None = None
        self.key: dict[str, int] = {}
        self.signature: tuple[int, bool] | None = None
        self.in_body = self.in_text = False
        self.shift = 0  # semitones from written to sounding, as the key says
        self.named: str | None = None  # a tempo that waits for the length of a plain note
        self.first_voice: str | None = None
        self.voice: str | None = None
        self.other_voices: set[str] = set()
        self.odd = 0  # characters not understood
        self.parts = Parts()
        self.jumps = self.long_overlays = False
        self.bars: list[Bar] = []
        self.bar = Bar()
        self.reach = 0  # length of the longest voice of the bar before the one that is being read
        self.held: dict[tuple[str, int], int] = {}  # the ties at the end of the bar's first voice
        self.accidentals: dict[str, int] = {}
        self.ties: dict[tuple[str, int], int] = {}  # (letter, octave): pitch held over to the next sound
        self.tying: dict[tuple[str, int], int] = {}  # the same of the sound that is being read
        self.last: tuple[int, int, int] | None = None  # first note in bar, place, length of the last sound
        self.factor = (1, 1)  # what broken rhythm leaves to the next note
        self.tuplet = (1, 1, 0)  # times, over, notes left
        self.endings: tuple[int, ...] = ()

    def warnings(self) -> list[str]:
        found = []
        if self.other_voices:
            found.append(f"the first of {len(self.other_voices) + 1} voices was taken")
        if self.odd:
            found.append(f"{self.odd} characters are no ABC and were left out")
        if self.jumps:
            found.append("jumps (D.C., D.S.) are not played")
        if self.long_overlays:
            found.append("overlays (&&) of several bars are read as if they were of one")
        if self.parts.order and not self.parts.can_be_ordered:
            order = self.parts.order[:40]
            found.append(
                f"parts are played as written, not as {order}: the tune does not mark each of them once"
            )
        return found

    @property
    def is_elsewhere(self) -> bool:
        """Whether what is read belongs to another voice than the first."""
        return self.voice != self.first_voice

    def line(self, line: str) -> None:
        if line.startswith("%%"):
            self.in_text = line[2:].split()[:1] in (["begintext"], ["beginps"])
            found = re.match(r"%%\s*MIDI\s+program\s+(?:\d+\s+)?(\d{1,3})\s*$", line)
            if found and not self.is_elsewhere:
                self.program = min(int(found[1]), 127)
            return
        if self.in_text:
            return
        line = re.sub(r"(?<!\\)%.*", "", line)
        found = re.match(r"\s*([A-Za-z+])\s*:(?![|:])(.*)", line)
        if found and (not self.in_body or found[1] in BODY_FIELDS):
            self.field(found[1], found[2].strip())
        elif self.in_body:
            self.music(line)

    def field(self, name: str, value: str) -> None:
        if self.in_body and self.is_elsewhere and name != "V":
            return
        if name == "T":
            self.title = self.title or value
        elif name == "M":
            self.meter = meter_of(value, self.meter)
        elif name == "L":
            found = re.match(r"(\d{1,3})(?:/(\d{1,3}))?", value)
            if found and int(found[1]) and int(found[2] or 1):
                self.unit = WHOLE * int(found[1]) // int(found[2] or 1)
        elif name == "Q" and self.in_body:
            self.tempo = tempo_of(value, self.plain()) or self.tempo
        elif name == "Q":
            self.named = value
        elif name == "K":
            self.key = key_of(value, self.key)
            self.shift = shift_of(value, self.shift)
            self.signature = signature_of(value, self.shift) or self.signature
            if not self.in_body:
                self.voice, self.in_body = self.first_voice, True
                self.unit = self.plain()
                self.tempo = tempo_of(self.named or "", self.unit)
        elif name == "P" and not self.in_body:
            self.parts.order = value
        elif name == "P" and self.parts.order:
            self.start_part(value)
        elif name == "V":
            self.voice = value.split()[0] if value else None
            if self.first_voice is None:
                self.first_voice = self.voice
            if self.in_body and self.voice != self.first_voice and self.voice:
                self.other_voices.add(self.voice)

    def plain(self) -> int:
        """Length of a note without a number."""
        if self.unit:
            return self.unit
        short = self.meter is not None and self.meter.quarters < 3
        return WHOLE // 16 if short else WHOLE // 8

    def music(self, line: str) -> None:
        for token in TOKEN.finditer(line):
            if token["field"]:
                self.field(token["field"], token["value"].strip())
            elif self.is_elsewhere:
                continue
            elif token["note"]:
                self.note(token)
            elif token["bar"]:
                self.line_end(token["bar"], token["pass"])
            elif token["broken"]:
                self.break_rhythm(token["broken"])
            elif token["rest"]:
                first = GROUP["rest"] + 1
                self.sound([], self.length(*token.group(first, first + 1, first + 2)))
            elif token["chord"]:
                self.chord(token)
            elif token["tuplet"]:
                self.start_tuplet(token)
            elif token["quote"]:
                self.symbol(token["quote"])
            elif token["mark"] or token["oldmark"]:
                self.jumps = self.jumps or bool(JUMP.search(token["mark"] or token["oldmark"]))
            elif token["overlay"]:
                self.overlay(token["overlay"])
            elif token["ending"]:
                self.start_ending(token["ending"])
            elif token["loose"] and not self.is_begun:  # "|" at a line's end, "1" on the next
                self.start_ending(token["loose"])
            elif token["colon"] and not self.is_begun:
                self.bar.repeat_from = True
            elif token["latetie"] and self.last and self.bar.notes:
                first = self.last[0]
                self.bar.notes[first:] = [note._replace(tied=True) for note in self.bar.notes[first:]]
            elif token["bars"]:
                count = int(token.group(GROUP["bars"] + 1) or 1)
                for _ in range(count):
                    self.sound(
                        [], WHOLE * self.meter.numerator // self.meter.denominator if self.meter else WHOLE
                    )
                    self.line_end("|", None)
            elif token["odd"] or token["loose"] or token["colon"]:
                self.odd += 1

    def symbol(self, text: str) -> None:
        symbol = symbol_of(text, self.shift)
        if symbol:
            self.bar.chords.append((self.bar.length, symbol))
        else:
            self.jumps = self.jumps or bool(JUMP.search(text))

    def length(self, times: str, slashes: str, over: str) -> int:
        """Fine units of a note with this length behind it: "3", "/", "//", "3/2", "/4"."""
        under = (int(over) if over else 2 ** min(len(slashes), 9)) if slashes else 1
        return self.plain() * int(times or 1) // max(under, 1)

    def pitch(self, accidental: str | None, letter: str, marks: str, tie: bool) -> int:
        octave = (5 if letter.islower() else 4) + marks.count("'") - marks.count(",")
        name = letter.upper()
        if accidental:
            self.accidentals[name] = ACCIDENTALS[accidental]
        held = self.ties.pop((name, octave), None)
        if held is not None and not accidental:
            pitch = held
        else:
            shift = self.accidentals.get(name, self.key.get(name, 0))
            pitch = 12 * (octave + 1) + LETTERS[name] + shift
            pitch += self.shift
        pitch = min(max(pitch, 0), 127)
        if tie:
            self.tying[name, octave] = pitch
        return pitch

    def note(self, token: re.Match) -> None:
        first = GROUP["octave"] + 1
        tie = bool(token["tie"])
        pitch = self.pitch(token["accidental"], token["note"], token["octave"], tie)
        self.sound([(pitch, tie)], self.length(*token.group(first, first + 1, first + 2)))

    def chord(self, token: re.Match) -> None:
        for beside in BESIDE.finditer(token["chord"]):
            self.symbol(beside["quote"] or "")
        inner = CHORD_NOTE.findall(BESIDE.sub(" ", token["chord"]))
        if not inner:
            return
        first = GROUP["chord"] + 1
        times, slashes, over = token.group(first, first + 1, first + 2)
        length = self.length(*inner[0][3:6])
        scale = self.length(times, slashes, over)
        tie = bool(token["chordtie"])
        notes = [(self.pitch(n[0], n[1], n[2], tie or bool(n[6])), tie or bool(n[6])) for n in inner]
        self.sound(notes, length * scale // self.plain())

    def sound(self, notes: list[tuple[int, bool]], length: int) -> None:
        """Adds a note, chord or rest (no notes) to the bar."""
        self.ties, self.tying = self.tying, {}
        times, under = self.factor
        self.factor = (1, 1)
        length = length * times // under
        over, into, left = self.tuplet
        if left:
            length = length * over // into
            self.tuplet = (over, into, left - 1)
        bar = self.bar
        if not bar.length:
            bar.meter, bar.signature = self.meter, self.signature
        if self.tempo:
            bar.tempos.append((bar.length, self.tempo))
            self.tempo = None
        self.count += len(notes)
        if self.count > self.limits.max_notes:
            self.limits.check("notes", self.count, self.limits.max_notes, self.source)
        self.last = (len(bar.notes), bar.length, length)
        bar.notes += [Note(bar.length, length, pitch, tied) for pitch, tied in notes]
        bar.length += length

    def overlay(self, signs: str) -> None:
        """A further voice, from the start of the bar."""
        if not self.reach:
            self.held = self.ties
        self.ties = {}
        self.reach, self.bar.length = max(self.reach, self.bar.length), 0
        self.start_voice()
        self.long_overlays = self.long_overlays or len(signs) > 1

    def break_rhythm(self, signs: str) -> None:
        """ "a>b" makes a half as long again and halves b; ">>" and ">>>" go further."""
        if not self.last:
            return
        count = min(len(signs), 3)
        short, long, under = 1, 2 ** (count + 1) - 1, 2**count
        mine, other = (long, short) if signs[0] == ">" else (short, long)
        first, at, length = self.last
        new = length * mine // under
        self.bar.notes[first:] = [note._replace(length=new) for note in self.bar.notes[first:]]
        self.bar.length = at + new
        self.last = None
        self.factor = (other, under)

    def start_tuplet(self, token: re.Match) -> None:
        count = int(token["tuplet"])
        if count < 2:
            return
        compound = self.meter is not None and self.meter.is_compound
        usual = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(count, 3 if compound else 2)
        self.tuplet = (int(token["into"] or 0) or usual, count, int(token["over"] or 0) or count)

    def start_part(self, value: str) -> None:
        """A part, which the order of the parts may name; it begins with a bar."""
        found = re.match(r"[A-Z](?!\w)", value)
        if not found:
            return
        self.close()
        self.endings = self.bar.endings = ()
        self.bar.section = True
        self.parts.begun.append((found[0], len(self.bars)))

    def start_ending(self, text: str) -> None:
        self.close()
        self.endings = passes_of(text)
        self.bar.endings = self.endings

    @property
    def is_begun(self) -> bool:
        """Whether the bar holds anything yet."""
        return self.bar.length > 0 or self.reach > 0

    def close(self) -> None:
        """Ends the bar, if it holds anything."""
        if self.is_begun:
            self.next_bar()

    def next_bar(self) -> None:
        self.bar.length = max(self.bar.length, self.reach)
        self.bars.append(self.bar)
        if len(self.bars) > self.limits.max_quarters:
            self.limits.check("written bars", len(self.bars), self.limits.max_quarters, self.source)
        self.bar = Bar(meter=self.meter, endings=self.endings)
        self.ties = self.held or self.ties
        self.held, self.reach = {}, 0
        self.start_voice()

    def start_voice(self) -> None:
        """Begins a bar, or a voice of it: nothing in it depends on what was before but by a tie."""
        self.accidentals = {}
        self.last = None
        self.factor = (1, 1)
        self.tuplet = (1, 1, 0)

    def line_end(self, sign: str, passes: str | None) -> None:
        """A bar line, with what it says of repeats and with the number of an ending behind it."""
        ends = sign.startswith(":")
        begins = sign.endswith(":") and (sign != ":" * len(sign) or len(sign) > 1)
        heavy = ends or begins or "||" in sign or "]" in sign or "[" in sign
        self.close()
        if heavy:
            self.endings = self.bar.endings = ()
            self.bar.section = True
        if ends and self.bars:
            times = len(sign) - len(sign.lstrip(":")) if "|" in sign else 1
            self.bars[-1].repeat_to = max(times + 1, 2)
        if begins:
            self.bar.repeat_from = True
        if passes:
            self.start_ending(passes)
