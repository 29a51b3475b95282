"""MusicXML scores (w3.org/2021/06/musicxml40), plain and zipped.

Reads all parts of a partwise score: notes, ties, chord symbols, meters, tempo, repeats and endings,
transposing instruments, programs. Grace and cue notes are left out. Jumps (D.C., D.S.) are not
played; a warning says so.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from musicvae_lite.errors import ReadError
from musicvae_lite.music.barring import FINE, Bar, Note, play, whole
from musicvae_lite.music.files import Limits
from musicvae_lite.music.musicxml_elements import (
    chord_symbol,
    has_percussion_clefs,
    jumps,
    number_of,
    signature,
    sound_offset,
    stroke,
)
from musicvae_lite.music.pitches import LETTERS
from musicvae_lite.music.score import Meter, Score, Track
from musicvae_lite.music.texts import printable

BEATS = {"whole": 4.0, "half": 2.0, "quarter": 1.0, "eighth": 0.5, "16th": 0.25, "32nd": 0.125}
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
    for about in root.iterfind("part-list/score-part"):
        own = [stroke(instrument) for instrument in about.iterfind("midi-instrument")]
        reader.strokes |= {name: pitch for name, pitch in own if pitch is not None}
        if len(own) == 1 and own[0][1] is not None:
            reader.only[about.get("id")] = own[0][1]
    for index, part in enumerate(parts):
        reader.part(index, part)
    for bar in reader.bars:
        bar.length = bar.length or (whole(bar.meter) if bar.meter else 0)
    bars = [bar for bar in reader.bars if bar.length]
    warnings = ["jumps (D.C., D.S.) are not played"] if reader.jumps else []
    if reader.unknown:
        warnings.append(f"{reader.unknown} drum strokes name no MIDI pitch and were left out")
    title = root.findtext("work/work-title") or root.findtext("movement-title") or ""
    known = {about.get("id"): about for about in root.iterfind("part-list/score-part")}
    nothing = Element("score-part")
    tracks = [
        _track(known.get(part.get("id"), nothing), part, index in reader.struck - reader.sung)
        for index, part in enumerate(parts)
    ]
    return play(bars, tracks, title, source, limits, warnings)


def _track(about: Element, part: Element, is_struck: bool) -> Track:
    """The track of a part: drums on channel 10, where all are strokes, or where all clefs are percussion."""
    program = number_of(about.findtext("midi-instrument/midi-program"), 1)
    channel = number_of(about.findtext("midi-instrument/midi-channel"), 0)
    is_drum = channel == 10 or is_struck or (not channel and has_percussion_clefs(part))
    name = printable(about.findtext("part-name") or "")
    return Track(name, min(max(int(program) - 1, 0), 127), is_drum)


@dataclass
class _Reader:
    """Walks through the parts and fills the bars they share."""

    source: str
    bars: list[Bar]
    divisions: float = 1.0
    meter: Meter | None = None
    shift: int = 0  # semitones from written to sounding
    strokes: dict[str | None, int] = field(default_factory=dict)  # drums: instrument to MIDI pitch
    only: dict[str | None, int] = field(default_factory=dict)  # drums of one instrument: part to MIDI pitch
    stroke: int | None = None  # of the part, where it has one instrument
    singing: int | None = None  # the part that chords are taken from: the first that has any
    jumps: bool = False
    struck: set[int] = field(default_factory=set)  # parts that have strokes of drums
    sung: set[int] = field(default_factory=set)  # parts that have pitched notes
    unknown: int = 0  # strokes of unknown drums
    at: int = 0  # fine units from the start of the bar
    last: int = 0  # where the last note began, for the notes of its chord
    waiting: list[int] = field(default_factory=list)  # chords of the bar that the next note shares out
    first: bool = True  # part, whose bar lines count, and whose tempo does before that of others
    paced: set[tuple[int, int]] = field(default_factory=set)  # bars and places in them that have a tempo

    def part(self, index: int, part: Element) -> None:
        self.divisions, self.meter, self.shift, self.first = 1.0, Meter(), 0, index == 0
        self.stroke = self.only.get(part.get("id"))
        endings: tuple[int, ...] = ()
        for number, measure in enumerate(part.findall("measure")):
            if number == len(self.bars):
                self.bars.append(Bar(meter=self.meter))
            bar = self.bars[number]
            self.at = self.last = reach = 0
            self.waiting.clear()
            closing = False
            for element in measure:
                name = element.tag
                if name == "note":
                    self.note(bar, element, index, number)
                elif name == "attributes":
                    self.attributes(bar, element, number)
                elif name in ("backup", "forward"):
                    sign = -1 if name == "backup" else 1
                    length = self.duration(element, number)
                    self.share(bar, length if sign > 0 else 0)
                    self.at = max(self.at + sign * length, 0)
                elif name == "harmony":
                    self.harmony(bar, element, index)
                elif name in ("direction", "sound"):
                    self.tempo(bar, element, number)
                elif name == "barline" and self.first:
                    endings, closing = self.barline(bar, element, endings, closing)
                reach = max(reach, self.at)
            if self.first:
                bar.endings = endings
                endings = () if closing else endings
            bar.length = max(bar.length, reach)

    def duration(self, element: Element, number: int) -> int:
        quarters = number_of(element.findtext("duration"), 0) / self.divisions
        if not 0 <= quarters <= LONGEST:
            raise ReadError(self.source, f"bar {number + 1}: a note of {quarters:g} quarters", "damaged")
        return round(quarters * FINE)

    def attributes(self, bar: Bar, element: Element, number: int) -> None:
        self.divisions = number_of(element.findtext("divisions"), self.divisions)
        if self.divisions <= 0:
            raise ReadError(self.source, f"bar {number + 1}: divisions must be above 0", "damaged")
        time = element.find("time")
        if time is not None:
            if time.find("senza-misura") is not None:
                self.meter = None
            else:
                beats = (time.findtext("beats") or "").split("+")
                over = sum(int(number_of(beat, 0)) for beat in beats)
                under = int(number_of(time.findtext("beat-type"), 0))
                if 0 < over < 256 and under in (1, 2, 4, 8, 16, 32):
                    self.meter = Meter(over, under)
            if self.first:
                bar.meter = self.meter
        transpose = element.find("transpose")
        if transpose is not None:
            chromatic = number_of(transpose.findtext("chromatic"), 0)
            octaves = number_of(transpose.findtext("octave-change"), 0)
            self.shift = int(chromatic + 12 * octaves)
        key = element.find("key")
        if key is not None and self.first:
            bar.signature = signature(key, self.shift) or bar.signature

    def harmony(self, bar: Bar, element: Element, part: int) -> None:
        offset = number_of(element.findtext("offset"), 0) / self.divisions
        symbol = printable(chord_symbol(element, self.shift))
        if not symbol or abs(offset) > LONGEST or len(symbol) > LONGEST_SYMBOL:
            return
        self.singing = part if self.singing is None else self.singing
        if part != self.singing:
            return
        if not offset:
            self.waiting.append(len(bar.chords))
        bar.chords.append((max(self.at + round(offset * FINE), 0), symbol))

    def share(self, bar: Bar, length: int) -> None:
        """Chords that stand before one note share its length."""
        for place, index in enumerate(self.waiting):
            at, symbol = bar.chords[index]
            bar.chords[index] = (at + length * place // len(self.waiting), symbol)
        self.waiting.clear()

    def note(self, bar: Bar, element: Element, part: int, number: int) -> None:
        if element.find("grace") is not None:
            return
        length = self.duration(element, number)
        start = self.at
        if element.find("chord") is not None:
            start = self.last
        else:
            self.share(bar, length)
            self.last, self.at = start, start + length
        pitch = element.find("pitch")
        if not length or element.find("rest") is not None or element.find("cue") is not None:
            return
        instrument = element.find("instrument")
        stroke = self.stroke if pitch is None else None
        stroke = self.strokes.get(instrument.get("id"), stroke) if instrument is not None else stroke
        if stroke is not None:
            bar.notes.append(Note(start, length, stroke, False, part))
            self.struck.add(part)
            return
        if pitch is None:
            self.unknown += 1
            return
        step = LETTERS.get((pitch.findtext("step") or "").strip())
        if step is None:
            raise ReadError(self.source, f"bar {number + 1}: a note without a name", "damaged")
        alter = round(number_of(pitch.findtext("alter"), 0))
        key = 12 * (int(number_of(pitch.findtext("octave"), 4)) + 1) + step + alter + self.shift
        ties = [tie.get("type") for tie in element.findall("tie")]
        pitched = min(max(key, 0), 127)
        bar.notes.append(Note(start, length, pitched, "start" in ties, part, "stop" in ties))
        self.sung.add(part)

    def tempo(self, bar: Bar, element: Element, number: int) -> None:
        sound = element if element.tag == "sound" else element.find("sound")
        qpm = 0.0 if sound is None else number_of(sound.get("tempo"), 0)
        self.jumps = self.jumps or jumps(element, sound)
        metronome = element.find("direction-type/metronome")
        if not qpm and metronome is not None:
            beat = BEATS.get((metronome.findtext("beat-unit") or "").strip(), 0.0)
            dots = len(metronome.findall("beat-unit-dot"))
            qpm = number_of(metronome.findtext("per-minute"), 0) * beat * (2 - 0.5**dots)
        offset = sound_offset(element, sound) / self.divisions
        if not 5 <= qpm <= 1000 or abs(offset) > LONGEST:
            return
        at = max(self.at + round(offset * FINE), 0)
        if self.first or (number, at) not in self.paced:
            self.paced.add((number, at))
            bar.tempos.append((at, qpm))

    def barline(
        self, bar: Bar, element: Element, endings: tuple[int, ...], closing: bool
    ) -> tuple[tuple[int, ...], bool]:
        """Notes the repeats; returns the passes of the ending that is open and whether it closes here."""
        repeat = element.find("repeat")
        if repeat is not None and repeat.get("direction") == "forward":
            bar.repeat_from = True
        elif repeat is not None:
            bar.repeat_to = min(max(int(number_of(repeat.get("times"), 2)), 2), 64)
        ending = element.find("ending")
        if ending is not None and ending.get("type") == "start":
            numbers = (ending.get("number") or "").replace(",", " ").split()
            endings = tuple(int(number) for number in numbers if number.isdecimal() and len(number) < 3)
            closing = False
        elif ending is not None:
            closing = True
        return endings, closing
