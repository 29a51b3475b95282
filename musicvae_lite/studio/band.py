"""The models of the studio, and what they play: each answer is a call or two of the library."""

from __future__ import annotations

import base64
import io
import math
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np
import torch

from musicvae_lite import latent
from musicvae_lite.errors import ConfigError, MusicVAEError, NothingUsableError
from musicvae_lite.models.image_vae import ImageVAE
from musicvae_lite.models.music_vae import MusicVAE
from musicvae_lite.music import midi_writing
from musicvae_lite.music.chords.encodings import line_of
from musicvae_lite.music.score import Score
from musicvae_lite.music.takes import Style
from musicvae_lite.render import audio_bytes, synthesize, to_mono
from musicvae_lite.studio.asking import FORMATS, MAX_CHORDS, Ask, packed, unpacked
from musicvae_lite.studio.listing import Listing
from musicvae_lite.studio.reader import SongReader
from musicvae_lite.studio.settings import StudioSettings
from musicvae_lite.studio.songs import Offer, Window, read

PAD = 65  # places of the dot along each side of the pad


class Take(NamedTuple):
    """What the models made of an ask: its notes, the code [Z] they were made of, and how long it is."""

    score: Score
    code: np.ndarray
    bars: int
    beats: float
    seconds: float


class Band:
    """Loads models when they are asked for, keeps a few, and plays one thing at a time.

    Every method may be called from many threads; errors are MusicVAEErrors with a message for the page.
    """

    def __init__(self, settings: StudioSettings, listing: Listing, reader: SongReader):
        self.settings, self.listing, self.reader = settings, listing, reader
        self._models: OrderedDict[str, Any] = OrderedDict()
        self._shelves: dict[str, list[str]] = {}
        self._lock = threading.RLock()

    def model(self, name: str, family: type = MusicVAE) -> Any:
        """A model of the listing, by name. No other name reaches the disk."""
        if name not in self.listing.names("music" if family is MusicVAE else "images"):
            raise ConfigError(f"there is no model '{name[:40]}' here")
        with self._lock:
            if name not in self._models:
                self._models[name] = family.load(name)
                while len(self._models) > self.settings.models_kept:
                    self._models.popitem(last=False)
            self._models.move_to_end(name)
            return self._models[name]

    def windows(self, model: str, data: bytes | None, name: str) -> dict[str, Any]:
        """Windows of an uploaded file, or of an example where `data` is None, each with its code."""
        if data is None and name not in self.listing.examples:
            raise ConfigError(f"'{name[:40]}' is empty, and there is no example of that name on the shelf")
        m = self.model(model)
        config = m.representation.to_config()
        offer = self._example(name, config) if data is None else self.reader.windows(data, name, config)
        found = offer.windows
        with self._lock:
            codes = m.posterior_of_tokens(np.stack([w.tokens for w in found]), _controls(found)).mean
        rows = [_row(m, window, code) for window, code in zip(found, codes.cpu().numpy(), strict=True)]
        return {"name": Path(name).stem, "windows": rows, "share": offer.share}

    def shelf(self, model: str) -> dict[str, Any]:
        """The examples that a model takes: at least one window of each."""
        if model not in self._shelves:
            config = self.model(model).representation.to_config()
            self._shelves[model] = [name for name in self.listing.examples if self._is_taken(name, config)]
        return {"examples": self._shelves[model]}

    def draw(self, model: str, count: int, seed: int) -> dict[str, Any]:
        """New codes from the model's prior."""
        m = self.model(model)
        with self._lock:
            return {"codes": [packed(z) for z in m.vae.draw(count, m.generator(seed)).cpu().numpy()]}

    def warm(self) -> None:
        """Loads what the page asks for first, so that nobody waits: the first model, and the sounds."""
        try:
            first = self.listing.names("music")[0]
            drawn = [unpacked(code) for code in self.draw(first, 1, 0)["codes"]]
            self.play(Ask(first, np.stack(drawn), 0, 0, 0.0, 0, None, 120, 0, {}))
        except (MusicVAEError, IndexError):
            return  # whoever asks for it is told

    def code(self, ask: Ask) -> np.ndarray:
        """The code [Z] under the dot, with its attributes."""
        if len(ask.corners) == 1:
            code = ask.corners[0]
        else:
            code = latent.blended(torch.from_numpy(ask.corners), _on_pad(ask.x), _on_pad(ask.y)).numpy()
        if not ask.attributes:
            return code
        m = self.model(ask.model)
        if len(code) != m.config.z:
            raise ConfigError(f"a code has {len(code)} numbers, {ask.model} takes {m.config.z}")
        return m.attributes.choose().move(torch.from_numpy(code)[None], ask.attributes)[0].numpy()

    def play(self, ask: Ask, is_silent: bool = False) -> dict[str, Any]:
        """Notes and sound of one take: seconds throughout.

        A take is as many windows of the model as its chords fill, one without chords. The sound is 16-bit
        PCM of one channel, little end first, in base64: a loop as long as the take, what rings beyond its end
        laid over its beginning. It is empty where nothing sounds.
        """
        take = self._take(ask)
        score = take.score
        sound = ""
        if len(score) and not is_silent:
            audio = to_mono(synthesize(score, self.settings.rate))
            heard = looped(audio, round(take.seconds * self.settings.rate))
            sound = base64.b64encode(np.rint(heard * 32767).astype("<i2").tobytes()).decode()
        return {
            "notes": notes(score), "length": take.seconds, "bars": take.bars, "beats": take.beats,
            "code": packed(take.code), "sound": sound, "rate": self.settings.rate,
        }  # fmt: skip

    def file(self, ask: Ask, form: str) -> bytes:
        """One take as a file: mid, wav, flac or ogg."""
        if form not in FORMATS:
            raise ConfigError(f"no format is called '{form[:20]}': {', '.join(FORMATS)}")
        score = self._take(ask).score
        if form == "mid":
            return midi_writing.to_bytes(score)
        if not len(score):
            raise NothingUsableError("this take is silent: there is nothing to hear")
        return audio_bytes(synthesize(score), form)

    def session(self, asks: Sequence[Ask], address: str, out: IO[bytes], check: Callable[[], None]) -> None:
        """Writes all takes as MIDI and FLAC, and the page's address, as one zip.

        All are written as notes before the first is sounded, so that what cannot be written is told soon.

        Args:
            out: where the zip goes.
            check: called between the takes; what it raises ends the work.

        Raises:
            ConfigError: a take, or all of them together, last longer than the settings allow.
        """
        takes: list[tuple[str, Score]] = []
        seconds = 0.0
        for index, ask in enumerate(asks, 1):
            check()
            take = self._take(ask)
            seconds += take.seconds
            if seconds > self.settings.max_download:
                raise ConfigError(
                    f"these takes last more than {self.settings.max_download / 60:g} minutes together, the "
                    "most that a download holds: throw some away, or download them one by one"
                )
            takes.append((f"take-{index:02}-{ask.model}", take.score))
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
            for name, score in takes:
                check()
                file.writestr(f"{name}.mid", midi_writing.to_bytes(score))
                if len(score):  # FLAC is compressed already
                    data = audio_bytes(synthesize(score), "flac")
                    file.writestr(f"{name}.flac", data, zipfile.ZIP_STORED)
            file.writestr("session.txt", f"Open this in the studio to go on:\n{address}\n")

    def picture(self, model: str, x: float, y: float, label: int, seed: int) -> str:
        """The picture under a dot, a PNG in base64: on the plane of a 2-D code, else between four draws."""
        from PIL import Image

        m = self.model(model, ImageVAE)
        with self._lock:
            if m.config.z == 2:
                code = m.plane(PAD).reshape(PAD, PAD, 2)[round(y * (PAD - 1)), round(x * (PAD - 1))]
            else:
                corners = m.draw(4, seed)
                code = latent.blended(corners, _on_pad(x), _on_pad(y)).cpu().numpy()
            pixels = m.decode(code[None], [label] if m.config.conditional else None)[0]  # [C, H, W]
        grey = np.rint(pixels.clip(0, 1) * 255).astype(np.uint8)
        data = io.BytesIO()
        Image.fromarray(grey[0] if len(grey) == 1 else grey.transpose(1, 2, 0)).save(data, "PNG")
        return base64.b64encode(data.getvalue()).decode()

    def _example(self, name: str, representation: dict[str, Any]) -> Offer:
        path, settings = self.listing.examples[name], self.settings
        return read(path.read_bytes(), path.name, representation, settings.songs, settings.max_windows)

    def _is_taken(self, example: str, representation: dict[str, Any]) -> bool:
        try:
            return bool(self._example(example, representation).windows)
        except MusicVAEError:
            return False

    def _take(self, ask: Ask) -> Take:
        """One take. Raises ConfigError where it lasts too long."""
        m, code = self.model(ask.model), self.code(ask)
        r = m.representation
        bars = r.bars * (1 if ask.chords is None else len(r.chords_of(ask.chords)))
        beats = bars * r.meter.quarters
        seconds, most = beats * 60 / ask.qpm, self.settings.max_take
        if seconds > most:
            raise ConfigError(
                f"this take would last {math.ceil(seconds)} seconds, and {most:g} are the most: "
                "choose fewer bars of chords, or a faster tempo"
            )
        with self._lock:
            takes = m.decode(code[None], ask.temperature, ask.seed, Style(ask.qpm, ask.program), ask.chords)
        return Take(takes[0], code, bars, beats, seconds)


def _on_pad(share: float) -> float:
    """The place of the dot that is nearest to a share 0..1 of the pad."""
    return round(share * (PAD - 1)) / (PAD - 1)


def looped(audio: np.ndarray, frames: int) -> np.ndarray:
    """Audio [N] folded into so many frames, within -1 and 1."""
    laps = -(-len(audio) // frames)
    folded = np.pad(audio, (0, laps * frames - len(audio))).reshape(laps, frames).sum(0)
    return folded / max(float(np.abs(folded).max(initial=0)), 1.0)


def notes(score: Score) -> list[list[float]]:
    """[begin, end, pitch, velocity, is drum, track] of every note, in seconds."""
    begin, end = score.seconds(score.start), score.seconds(score.end)
    drum = [score.tracks[t].is_drum for t in score.track]
    return [
        [round(float(b), 4), round(float(e), 4), int(p), int(v), int(d), int(t)]
        for b, e, p, v, d, t in zip(begin, end, score.pitch, score.velocity, drum, score.track, strict=True)
    ]


def _row(m: MusicVAE, window: Window, code: np.ndarray) -> dict[str, Any]:
    score = m.representation.to_score(window.tokens[None], window.style.qpm, window.style.program, 80)
    style = {"qpm": min(max(window.style.qpm, 30), 300), "program": window.style.program}
    place = {"tune": window.tune, "bars": list(window.bars), "chords": _chords(m, score, window.control)}
    return {**place, "code": packed(code), "notes": notes(score), **style}


def _chords(m: MusicVAE, score: Score, control: np.ndarray | None) -> str:
    """The line of chords that a window's control says; empty where it says none, or none that has a name."""
    r = m.representation
    if control is None:
        return ""
    told = r.with_chords(score, control[None]).chords
    if all(chord.symbol == "N.C." for chord in told):
        return ""
    ticks = np.arange(r.grid_steps) * (score.ticks_per_quarter / r.steps_per_quarter)
    which = np.searchsorted([chord.tick for chord in told], ticks, side="right") - 1
    line = line_of([told[i].symbol for i in which], r.bars)
    return line if len(line) <= MAX_CHORDS else ""


def _controls(windows: Sequence[Window]) -> np.ndarray | None:
    told = [w.control for w in windows if w.control is not None]
    return np.stack(told) if len(told) == len(windows) else None
