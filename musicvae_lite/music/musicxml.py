"""MusicXML scores (w3.org/2021/06/musicxml40), plain and zipped.

Reads all parts of a partwise score: notes, ties, chord symbols, meters, tempo, repeats and endings,
transposing instruments, programs. Grace and cue notes are left out. Jumps (D.C., D.S.) are not
played; a warning says so.
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from musicvae_lite.errors import ReadError
from musicvae_lite.music.barring import FINE, Bar, Note, play, whole
from musicvae_lite.music.files import Limits
from musicvae_lite.music.score import MOST_FIFTHS, Meter, Score, Track, spelt

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
KINDS = {
    "major": "", "minor": "m", "augmented": "+", "diminished": "dim", "dominant": "7",
    "major-seventh": "maj7", "minor-seventh": "m7", "diminished-seventh": "dim7",
    "augmented-seventh": "+7", "half-diminished": "m7b5", "major-minor": "m(maj7)",
    "major-sixth": "6", "minor-sixth": "m6", "dominant-ninth": "9", "major-ninth": "maj9",
    "minor-ninth": "m9", "dominant-11th": "11", "major-11th": "maj11", "minor-11th": "m11",
    "dominant-13th": "13", "major-13th": "maj13", "minor-13th": "m13", "suspended-second": "sus2",
    "suspended-fourth": "sus4", "power": "5",
}  # fmt: skip
BEATS = {"whole": 4.0, "half": 2.0, "quarter": 1.0, "eighth": 0.5, "16th": 0.25, "32nd": 0.125}
MINOR_THIRD = ("minor", "dorian", "phrygian", "aeolian", "locrian")  # modes that have one
JUMPS = ("dacapo", "dalsegno", "tocoda")
MOST_DEGREES = 8  # of a chord
LONGEST_SYMBOL = 80  # characters
CONTAINER = "META-INF/container.xml"
LONGEST = 100_000  # quarters of one note; what is longer is no music


def read_zip(data: bytes, source: str, limits: Limits) -> bytes:
    """The score inside a zipped file (.mxl). Raises ReadError."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            name = None
            if CONTAINER in names:
                try:
                    container = _parse(_unpack(archive, CONTAINER, source, limits), source)
                    name = next((e.get("full-path") for e in container.iter() if _tag(e) == "rootfile"), None)
                except ReadError:  # a name with an apostrophe breaks it in files of one well-known editor
                    name = None
            if name not in names:
                scores = [n for n in names if n.endswith((".xml", ".musicxml")) and "META-INF" not in n]
                if not scores:
                    raise ReadError(source, "the zip archive holds no score", "damaged")
                name = scores[0]
            return _unpack(archive, name, source, limits)
    except ReadError:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, KeyError) as error:
        raise ReadError(source, f"the zip archive is damaged: {error}", "damaged") from None
    except Exception as error:  # lzma and bz2 raise their own, where Python has them
        raise ReadError(source, f"the zip archive cannot be unpacked: {error}", "damaged") from None


def _unpack(archive: zipfile.ZipFile, name: str, source: str, limits: Limits) -> bytes:
    limits.check("bytes when unpacked", archive.getinfo(name).file_size, limits.max_bytes, source)
    if archive.getinfo(name).compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ReadError(source, "the zip archive is packed in a way that MusicXML does not use", "damaged")
    with archive.open(name) as file:  # never past the size it states, whatever it holds
        return file.read(archive.getinfo(name).file_size)


def _parse(data: bytes, source: str) -> Element:
    if b"<!ENTITY" in data.replace(b"\0", b""):
        raise ReadError(source, "declares XML entities, which no score needs; refused", "entities")
    try:
        return ElementTree.fromstring(data)
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        code = "truncated" if "no element found" in str(error) or "unclosed" in str(error) else "damaged"
        raise ReadError(source, f"is not well-formed XML: {error}", code) from None


def _tag(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def read(data: bytes, source: str, limits: Limits) -> Score:
    """The score of a MusicXML file, zipped or not. Raises ReadError."""
    if data[:2] == b"PK":
        data = read_zip(data, source, limits)
    limits.check("elements", data.count(b"<") // 2, limits.max_events // 4, source)
    root = _parse(data, source)
    if root.tag != "score-partwise":
        kind = "a timewise score; save it partwise" if root.tag == "score-timewise" else f"<{_tag(root)}>"
        raise ReadError(source, f"not a partwise MusicXML score but {kind}", "not-musicxml")
    parts = root.findall("part")
    limits.check("parts", len(parts), limits.max_tracks, source)
    reader = _Reader(source, [])
    for instrument in root.iterfind("part-list/score-part/midi-instrument"):
        pitch = int(_number(instrument.findtext("midi-unpitched"), 0)) - 1
        if 0 <= pitch < 128:
            reader.strokes[instrument.get("id")] = pitch
    for index, part in enumerate(parts):
        reader.part(index, part)
    for bar in reader.bars:
        bar.length = bar.length or (whole(bar.meter) if bar.meter else 0)
    bars = [bar for bar in reader.bars if bar.length]
    warnings = ["jumps (D.C., D.S.) are not played"] if reader.jumps else []
    if reader.unknown:
        warnings.append(f"{reader.unknown} drum strokes name no MIDI pitch and were left out")
    title = (root.findtext("work/work-title") or root.findtext("movement-title") or "").strip()
    return play(bars, _tracks(root, parts), title, source, limits, warnings)


def _tracks(root: Element, parts: list[Element]) -> list[Track]:
    known = {part.get("id"): part for part in root.findall("part-list/score-part")}
    tracks = []
    for part in parts:
        about = known.get(part.get("id"), Element("score-part"))
        program = _number(about.findtext("midi-instrument/midi-program"), 1)
        drums = _number(about.findtext("midi-instrument/midi-channel"), 0) == 10
        name = (about.findtext("part-name") or "").strip()
        tracks.append(Track(name, min(max(int(program) - 1, 0), 127), drums))
    return tracks


def _number(text: str | None, default: float) -> float:
    try:
        value = float(text) if text else default
    except ValueError:
        return default
    return value if math.isfinite(value) else default


@dataclass
class _Reader:
    """Walks through the parts and fills the bars they share."""

    source: str
    bars: list[Bar]
    divisions: float = 1.0
    meter: Meter | None = None
    shift: int = 0  # semitones from written to sounding
    strokes: dict[str | None, int] = field(default_factory=dict)  # drums: instrument to MIDI pitch
    jumps: bool = False
    unknown: int = 0  # strokes of unknown drums
    at: int = 0  # fine units from the start of the bar
    last: int = 0  # where the last note began, for the notes of its chord
    first: bool = True  # part, whose bar lines, chords and tempo count

    def part(self, index: int, part: Element) -> None:
        self.divisions, self.meter, self.shift, self.first = 1.0, Meter(), 0, index == 0
        endings: tuple[int, ...] = ()
        for number, measure in enumerate(part.findall("measure")):
            if number == len(self.bars):
                self.bars.append(Bar(meter=self.meter))
            bar = self.bars[number]
            self.at = self.last = reach = 0
            closing = False
            for element in measure:
                name = element.tag
                if name == "note":
                    self.note(bar, element, index, number)
                elif name == "attributes":
                    self.attributes(bar, element, number)
                elif name in ("backup", "forward"):
                    sign = -1 if name == "backup" else 1
                    self.at = max(self.at + sign * self.duration(element, number), 0)
                elif name == "harmony":
                    offset = _number(element.findtext("offset"), 0) / self.divisions
                    symbol = chord_symbol(element, self.shift)
                    if symbol and abs(offset) <= LONGEST and len(symbol) <= LONGEST_SYMBOL:
                        bar.chords.append((max(self.at + round(offset * FINE), 0), symbol))
                elif name in ("direction", "sound") and self.first:
                    self.tempo(bar, element)
                elif name == "barline" and self.first:
                    endings, closing = self.barline(bar, element, endings, closing)
                reach = max(reach, self.at)
            if self.first:
                bar.endings = endings
                endings = () if closing else endings
            bar.length = max(bar.length, reach)

    def duration(self, element: Element, number: int) -> int:
        quarters = _number(element.findtext("duration"), 0) / self.divisions
        if not 0 <= quarters <= LONGEST:
            raise ReadError(self.source, f"bar {number + 1}: a note of {quarters:g} quarters", "damaged")
        return round(quarters * FINE)

    def attributes(self, bar: Bar, element: Element, number: int) -> None:
        self.divisions = _number(element.findtext("divisions"), self.divisions)
        if self.divisions <= 0:
            raise ReadError(self.source, f"bar {number + 1}: divisions must be above 0", "damaged")
        time = element.find("time")
        if time is not None:
            if time.find("senza-misura") is not None:
                self.meter = None
            else:
                beats = (time.findtext("beats") or "").split("+")
                over = sum(int(_number(beat, 0)) for beat in beats)
                under = int(_number(time.findtext("beat-type"), 0))
                if 0 < over < 256 and under in (1, 2, 4, 8, 16, 32):
                    self.meter = Meter(over, under)
            if self.first:
                bar.meter = self.meter
        transpose = element.find("transpose")
        if transpose is not None:
            chromatic = _number(transpose.findtext("chromatic"), 0)
            octaves = _number(transpose.findtext("octave-change"), 0)
            self.shift = int(chromatic + 12 * octaves)
        key = element.find("key")
        if key is not None and self.first:
            bar.signature = _signature(key, self.shift) or bar.signature

    def note(self, bar: Bar, element: Element, part: int, number: int) -> None:
        if element.find("grace") is not None or element.find("cue") is not None:
            return
        length = self.duration(element, number)
        start = self.at
        if element.find("chord") is not None:
            start = self.last
        else:
            self.last, self.at = start, start + length
        pitch = element.find("pitch")
        if not length or element.find("rest") is not None:
            return
        instrument = element.find("instrument")
        stroke = self.strokes.get(instrument.get("id")) if instrument is not None else None
        if stroke is not None:
            bar.notes.append(Note(start, length, stroke, False, part))
            return
        if pitch is None:
            self.unknown += 1
            return
        step = STEPS.get((pitch.findtext("step") or "").strip())
        if step is None:
            raise ReadError(self.source, f"bar {number + 1}: a note without a name", "damaged")
        alter = round(_number(pitch.findtext("alter"), 0))
        key = 12 * (int(_number(pitch.findtext("octave"), 4)) + 1) + step + alter + self.shift
        tied = any(tie.get("type") == "start" for tie in element.findall("tie"))
        bar.notes.append(Note(start, length, min(max(key, 0), 127), tied, part))

    def tempo(self, bar: Bar, element: Element) -> None:
        sound = element if element.tag == "sound" else element.find("sound")
        qpm = 0.0
        if sound is not None:
            qpm = _number(sound.get("tempo"), 0)
            self.jumps = self.jumps or any(sound.get(jump) for jump in JUMPS)
        metronome = element.find("direction-type/metronome")
        if not qpm and metronome is not None:
            beat = BEATS.get((metronome.findtext("beat-unit") or "").strip(), 0.0)
            dots = len(metronome.findall("beat-unit-dot"))
            qpm = _number(metronome.findtext("per-minute"), 0) * beat * (2 - 0.5**dots)
        if 5 <= qpm <= 1000:
            bar.tempos.append((self.at, qpm))

    def barline(
        self, bar: Bar, element: Element, endings: tuple[int, ...], closing: bool
    ) -> tuple[tuple[int, ...], bool]:
        """Notes the repeats; returns the passes of the ending that is open and whether it closes here."""
        repeat = element.find("repeat")
        if repeat is not None and repeat.get("direction") == "forward":
            bar.repeat_from = True
        elif repeat is not None:
            bar.repeat_to = min(max(int(_number(repeat.get("times"), 2)), 2), 64)
        ending = element.find("ending")
        if ending is not None and ending.get("type") == "start":
            numbers = (ending.get("number") or "").replace(",", " ").split()
            endings = tuple(int(number) for number in numbers if number.isdecimal() and len(number) < 3)
            closing = False
        elif ending is not None:
            closing = True
        return endings, closing


def _signature(key: Element, shift: int) -> tuple[int, bool] | None:
    """Sharps of a key as it sounds, and whether it is minor; None where none can be read."""
    written = _number(key.findtext("fifths"), math.inf)
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
        value = int(_number(degree.findtext("degree-value"), 0))
        alter = int(_number(degree.findtext("degree-alter"), 0))
        how = (degree.findtext("degree-type") or "").strip()
        sign = {1: "#", -1: "b"}.get(alter, "")
        prefix = {"subtract": "no", "add": "" if sign else "add"}.get(how, "")
        symbol += f"{prefix}{'' if how == 'subtract' else sign}{value}" if value else ""
    bass = _chord_note(harmony, "bass", shift)
    return f"{symbol}/{bass}" if bass else symbol


def _chord_note(harmony: Element, name: str, shift: int) -> str:
    step = (harmony.findtext(f"{name}/{name}-step") or "").strip()
    alter = int(_number(harmony.findtext(f"{name}/{name}-alter"), 0))
    if step not in STEPS:
        return ""
    if shift % 12 or abs(alter) > 1:
        return NAMES[(STEPS[step] + alter + shift) % 12]
    return step + {1: "#", -1: "b"}.get(alter, "")
