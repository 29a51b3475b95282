"""Scores to sound: a General MIDI soundfont through symusic's synthesiser, WAV, FLAC or OGG out.

The synthesiser gives the plain sample of a note: it knows no velocity and stops within a millisecond
of the note's end. So each sound is fetched once, at its longest, and laid into the song here, as loud
as its velocity says and with a short fade; drums ring on, whatever their note-off says.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from musicvae_lite.errors import ConfigError, NothingUsableError, ReadError
from musicvae_lite.music.soundness import checked
from musicvae_lite.resources import expand
from musicvae_lite.writing import write_file

if TYPE_CHECKING:
    from musicvae_lite.music.score import Score

PEAK = 10 ** (-1 / 20)  # -1 dBFS
RING = 2.0  # seconds a drum may sound
FADE = 0.24  # seconds a note takes to die away
CHOKE = 0.02  # seconds a drum takes to, when it is stopped
SUFFIXES = (".wav", ".flac", ".ogg")
CLOSED_HATS, OPEN_HAT = (42, 44), 46
MAX_MINUTES = 60  # stereo floats of an hour are 1.3 GB


def default_soundfont() -> Path:
    """TimGM6mb, the General MIDI soundfont that pretty_midi brings along."""
    from importlib.util import find_spec

    found = find_spec("pretty_midi")  # found without importing it: that takes half a second
    folder = Path(found.origin).parent if found and found.origin else Path()
    path = folder / "TimGM6mb.sf2"
    if not path.is_file():
        raise ConfigError(f"the soundfont {path} is missing: reinstall pretty_midi, or name one yourself")
    return path


def synthesize(score: Score, rate: int = 44100, soundfont: str | Path | None = None) -> np.ndarray:
    """Plays a score: its instruments and drums, velocities and tempo changes.

    Args:
        score: what to play.
        rate: frames a second, 8000 to 192000.
        soundfont: an SF2 or SF3 file; TimGM6mb when None.

    Returns:
        float32 [frames, 2], the loudest sample at -1 dBFS, with the last note's tail.

    Raises:
        NothingUsableError: the score has no notes, or not one that the soundfont can sound.
        ConfigError: a rate out of range, a missing soundfont, music of more than an hour, a score that is
            none.
        ReadError: the soundfont cannot be read.
    """
    from symusic import Synthesizer

    _check_rate(rate)
    checked(score)
    where = score.source or "the score"
    if not len(score):
        raise NothingUsableError(f"{where}: there are no notes to play")
    begin, end = score.seconds(score.start), score.seconds(score.end)
    if end.max() > MAX_MINUTES * 60:
        raise ConfigError(
            f"{where}: {end.max() / 60:.0f} minutes of music, the longest that is rendered is {MAX_MINUTES}"
        )
    font = expand(soundfont) if soundfont else default_soundfont()
    if not font.is_file():
        raise ConfigError(f"{font}: there is no such soundfont; name an .sf2 or .sf3 file, or none at all")
    try:
        play = Synthesizer(str(font), rate)
    except RuntimeError as error:
        raise ReadError(font, f"is not a soundfont that can be read ({error})", "soundfont") from error

    audio = _mix(score, play, begin, end, rate)
    peak = float(np.abs(audio).max(initial=0.0))
    if peak == 0.0:
        raise NothingUsableError(f"{where}: {font.name} has no sound for any of its notes")
    return audio * np.float32(PEAK / peak)


def to_mono(audio: np.ndarray) -> np.ndarray:
    """One channel from two [frames, 2], as loud as they were: float32 [frames]."""
    mixed = audio.mean(axis=1, dtype=np.float32)
    peak = float(np.abs(mixed).max(initial=0.0))
    return mixed * np.float32(np.abs(audio).max() / peak) if peak else mixed


def save_audio(path: str | Path, audio: np.ndarray, rate: int = 44100) -> Path:
    """Writes audio in the format of the path's suffix, whole or not at all.

    Args:
        path: ends in .wav (16 bit), .flac (16 bit) or .ogg (Vorbis).
        audio: float [frames] or [frames, channels] within -1 and 1.
        rate: frames a second.

    Returns:
        The path written.

    Raises:
        ConfigError: another suffix, or a rate that the format cannot hold.
        MusicVAEError: the file could not be written.
    """
    path = expand(path)
    check_suffix(path)
    write_file(path, audio_bytes(audio, path.suffix[1:].lower(), rate))
    return path


def audio_bytes(audio: np.ndarray, form: str, rate: int = 44100) -> bytes:
    """Audio as the bytes of a file.

    Args:
        audio: float [frames] or [frames, channels] within -1 and 1.
        form: wav, flac or ogg.
        rate: frames a second.

    Raises:
        ConfigError: a rate that the format cannot hold.
    """
    import soundfile

    data = io.BytesIO()
    channels = audio.shape[1] if audio.ndim > 1 else 1
    try:
        with soundfile.SoundFile(data, "w", samplerate=rate, channels=channels, format=form.upper()) as out:
            for first in range(0, len(audio), rate):  # libsndfile's Vorbis encoder overflows on long blocks
                out.write(audio[first : first + rate])
    except soundfile.LibsndfileError as error:
        raise ConfigError(
            f"{form.upper()} cannot hold {rate} frames a second: take 44100 or 48000, or write a WAV"
        ) from error
    return data.getvalue()


def check_format(path: str | Path, rate: int) -> None:
    """Raises ConfigError unless audio of that many frames a second can be written under that name."""
    check_suffix(path)
    _check_rate(rate)
    audio_bytes(np.zeros((1, 2), np.float32), Path(path).suffix[1:].lower(), rate)


def check_suffix(path: str | Path) -> None:
    """Raises ConfigError unless the path's suffix names a format that can be written."""
    if Path(path).suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{path}: the name must end in one of {', '.join(SUFFIXES)}")


def _check_rate(rate: int) -> None:
    if not 8000 <= rate <= 192_000:
        raise ConfigError(f"a rate of {rate} frames a second is out of range: 8000 to 192000, mostly 44100")


def _mix(score: Score, play: Any, begin: np.ndarray, end: np.ndarray, rate: int) -> np.ndarray:
    """All notes laid over each other: float32 [frames, 2], not yet normalised."""
    is_drum = np.array([track.is_drum for track in score.tracks], dtype=bool)[score.track]
    stop = np.where(is_drum, _let_ring(begin, end, score.pitch, is_drum), end)
    fade = np.where(is_drum, CHOKE, FADE)
    gain = ((score.velocity / 127.0) ** 2).astype(np.float32)  # the curve of the SoundFont standard
    first = np.rint(begin * rate).astype(np.int64)
    frames = np.maximum(np.rint((stop + fade - begin) * rate).astype(np.int64), 1)

    audio = np.zeros((int((first + frames).max()), 2), dtype=np.float32)
    last = 0
    sounds = np.stack([is_drum, score.programs, score.pitch], axis=1)
    kinds, sound_of_note = np.unique(sounds, axis=0, return_inverse=True)
    for kind, (drum, instrument, pitch) in enumerate(kinds):
        notes = np.flatnonzero(sound_of_note.reshape(-1) == kind)
        seconds = float(frames[notes].max()) / rate
        sample = play.render(_one_note(int(instrument), bool(drum), int(pitch), seconds), True).T
        sample = sample[: np.flatnonzero(sample.any(axis=1)).max(initial=-1) + 1]  # no silence behind it
        ramp = np.linspace(1, 0, round((CHOKE if drum else FADE) * rate), dtype=np.float32)[:, None] ** 2
        for note in notes:
            sound = sample[: frames[note]] * gain[note]
            faded = max(len(sound) - (frames[note] - len(ramp)), 0)
            sound[len(sound) - faded :] *= ramp[:faded]
            audio[first[note] : first[note] + len(sound)] += sound
            last = max(last, int(first[note]) + len(sound))
    return audio[:last]


def _let_ring(begin: np.ndarray, end: np.ndarray, pitch: np.ndarray, is_drum: np.ndarray) -> np.ndarray:
    """End times [N] in seconds, of drums as long as they ring; closing the hi-hat chokes an open one."""
    stop = np.maximum(end, begin + RING)
    closings = np.sort(begin[is_drum & np.isin(pitch, CLOSED_HATS)])
    if len(closings):
        following = np.searchsorted(closings, begin, side="right")
        choked = (pitch == OPEN_HAT) & (following < len(closings))
        stop[choked] = np.minimum(stop[choked], closings[following[choked]])
    return stop


def _one_note(program: int, is_drum: bool, pitch: int, seconds: float) -> Any:
    import symusic  # its type stubs do not tell ticks from seconds, hence Any

    score: Any = symusic.Score(480, ttype="second")
    track: Any = symusic.Track(program=program, is_drum=is_drum, ttype="second")
    track.notes.append(symusic.Note(0.0, seconds, pitch, 127, ttype="second"))
    score.tracks.append(track)
    return score
