"""POP909 (Wang et al. 2020, arXiv:2008.07142) as scores whose bars are the annotated ones.

    python -m benchmarks.pop909 FOLDER OUT    # writes them as MIDI, all three tracks

The MIDI files hold notes in seconds and a nominal meter; the beats are in `beat_midi.txt` beside them,
one a line: time in seconds, 1 on every other beat, 1 on the first beat of a bar. The chords are in
`chord_midi.txt`: from and to in seconds, and a chord as Harte et al. 2005 write it ("B:min7", "N").
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from musicvae_lite.errors import NothingUsableError, ReadError
from musicvae_lite.music import midi
from musicvae_lite.music.representations.melody import MelodyRepresentation
from musicvae_lite.music.score import Chord, Meter, MeterChange, Score
from musicvae_lite.training.windows import Song, WindowSplit

TICKS = 480  # a beat
STEP = TICKS // 4
SUFFIXES = {
    "maj": "", "min": "m", "dim": "dim", "aug": "+", "maj6": "6", "min6": "m6", "7": "7", "maj7": "maj7",
    "min7": "m7", "minmaj7": "m(maj7)", "dim7": "dim7", "hdim7": "m7b5", "sus2": "sus2", "sus4": "sus4",
    "sus4(b7)": "7sus4", "9": "9", "maj9": "maj9", "min9": "m9", "11": "11", "13": "13",
}  # fmt: skip


def read_beats(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Times in seconds [B] of a song's beats, and which of them begin a bar, bool [B].

    Raises:
        ReadError: the file is missing, or holds something else than three columns of numbers.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        rows = [[float(cell) for cell in line.split()] for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        raise ReadError(path, f"no beats can be read ({error})") from error
    if len(rows) < 2 or any(len(row) != 3 for row in rows):
        raise ReadError(path, "beats are lines of three numbers, two lines at least")
    time, _, downbeat = np.array(rows).T
    return time, downbeat == 1


def meters(downbeat: np.ndarray) -> tuple[MeterChange, ...]:
    """The meter map of beats [B]: a bar from each downbeat to the next, a pickup before the first."""
    at = np.flatnonzero(downbeat)
    starts = at if len(at) and at[0] == 0 else np.concatenate([[0], at])
    lengths = np.diff(starts)
    changes: list[MeterChange] = []
    for start, beats in zip(starts, np.append(lengths, lengths[-1:] if len(lengths) else 4), strict=False):
        meter = Meter(int(beats), 4)
        if not changes or changes[-1].meter != meter:
            changes.append(MeterChange(int(start) * TICKS, meter))
    return tuple(changes)


def beats_a_bar(downbeat: np.ndarray) -> int:
    """How many beats most bars have; 0 when there are no two downbeats."""
    lengths = np.diff(np.flatnonzero(downbeat))
    return int(np.bincount(lengths).argmax()) if len(lengths) else 0


def melody(folder: Path) -> Score:
    """The track MELODY of `song`. Raises ReadError where there is none."""
    return melody_of(song(folder))


def melody_of(score: Score) -> Score:
    """The track MELODY of a song. Raises ReadError where there is none."""
    names = [track.name for track in score.tracks]
    if "MELODY" not in names:
        raise ReadError(
            Path(score.source), f"there is no track MELODY; its tracks are: {', '.join(names) or 'none'}"
        )
    return score.select(score.track == names.index("MELODY"))


def song(folder: Path) -> Score:
    """One song's folder: onsets and ends on the 16ths between the beats.

    Notes before the first beat are left out; past the last one beats go on as they were.

    Raises:
        ReadError: the MIDI file or the beats cannot be read.
    """
    path = folder / f"{folder.name}.mid"
    part = midi.read(path)
    time, downbeat = read_beats(folder / "beat_midi.txt")
    begin, end = (_beats_at(part.seconds(ticks), time) for ticks in (part.start, part.end))
    kept = begin >= 0
    start = np.floor(begin[kept] * 4 + 0.5).astype(np.int32) * STEP
    stop = np.floor(end[kept] * 4 + 0.5).astype(np.int32) * STEP
    order = np.lexsort((part.pitch[kept], start))
    return Score(
        ticks_per_quarter=TICKS,
        start=start[order],
        end=np.maximum(stop, start + STEP)[order],
        pitch=part.pitch[kept][order],
        velocity=part.velocity[kept][order],
        track=part.track[kept][order],
        tracks=part.tracks,
        meters=meters(downbeat),
        title=folder.name,
        source=str(path),
    )


def _beats_at(seconds: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Where times lie, counted in beats that are at `time` [B] and go on as they end; -1 before the first."""
    long = np.append(time, time[-1] + (time[-1] - time[-2]) * np.arange(1, 257))
    return np.interp(seconds, long, np.arange(len(long)), left=-1)


def symbol(harte: str) -> str:
    """A chord as a musician writes it: "B:min7/b7" is "Bm7"; N.C. for what is none, or not known."""
    root, _, kind = harte.partition("/")[0].partition(":")
    return root + SUFFIXES[kind] if kind in SUFFIXES else "N.C."


def chorded(folder: Path) -> Score:
    """The song of a folder, under the chords annotated for it.

    Raises:
        ReadError: the MIDI file, the beats or the chords cannot be read.
    """
    score, path = song(folder), folder / "chord_midi.txt"
    time, _ = read_beats(folder / "beat_midi.txt")
    try:
        rows = [line.split() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        begin = _beats_at(np.array([float(row[0]) for row in rows]), time)
        symbols = [symbol(row[2]) for row in rows]
    except (OSError, ValueError, IndexError) as error:
        raise ReadError(path, f"no chords can be read ({error})") from error
    ticks = np.rint(np.maximum(begin, 0) * TICKS).astype(int).tolist()
    return replace(score, chords=tuple(Chord(*mark) for mark in zip(ticks, symbols, strict=True)))


def song_folders(folder: Path) -> list[Path]:
    """The folders of songs in that of the whole set, in order."""
    return sorted(p for p in folder.iterdir() if (p / "beat_midi.txt").is_file())


def windows(folder: Path, representation: MelodyRepresentation) -> WindowSplit:
    """The different windows, from every bar, of all songs of POP909 whose bars mostly fill the meter.

    Raises:
        NothingUsableError: the folder holds no song that gives one.
    """
    tokens, origins, songs = [], [], []
    wanted = representation.meter.quarters
    for place in song_folders(folder):
        _, downbeat = read_beats(place / "beat_midi.txt")
        if beats_a_bar(downbeat) != wanted:
            continue
        found = representation.windows(melody(place))
        number = np.full(len(found), len(songs))
        origins.append(np.stack([number, found.bar, found.step], axis=1).astype(np.int32))
        tokens.append(found.tokens)
        songs.append(Song(len(songs), place.name, 1, place.name, "", len(found), "POP909"))
    every = np.concatenate(tokens) if tokens else np.zeros((0, representation.steps), np.uint8)
    if not len(every):
        raise NothingUsableError(f"{folder}: no song of POP909 in {representation.meter} gives a window")
    _, first = np.unique(representation.fingerprint(every), return_index=True)
    first.sort()
    return WindowSplit([every[first]], [np.concatenate(origins)[first]], str(folder), lambda: songs)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    places = song_folders(given.folder)
    for place in places:
        song(place).save(str(given.out / f"{place.name}.mid"))
    print(f"{len(places)} songs in {given.out}")


if __name__ == "__main__":
    main()
